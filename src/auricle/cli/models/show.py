"""auricle models show"""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from auricle.cli.console import emit
from auricle.cli.models.records import as_record
from auricle.cli.tables import parameters, percent, size
from auricle.models.catalogue import ModelInfo, lookup
from auricle.models.codes import NAMES
from auricle.models.downloads import downloaded
from auricle.verbs.models.selection import on_disk

_WIDTH = 13  # columns of the names
_FEW = 8  # languages that are written out

Line = tuple[str, str, str | None]  # name, text, source


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="everything that is known, for programs")
def command(name: str, as_json: bool) -> None:
    """Show what is known of a model, and who says so.

    A fact that nobody has published is "unknown".
    """
    info = lookup(name)
    if as_json:
        emit(f"{json.dumps(as_record(info), indent=1, ensure_ascii=False)}\n".encode())
        return
    sources: dict[str, int] = {}
    lines = [f"{head:<{_WIDTH}}{text}{_mark(source, sources)}" for head, text, source in _lines(info)]
    lines += ["", *(f"[{number}] {source}" for source, number in sources.items())]
    emit(("\n".join(lines) + "\n").encode())


def _mark(source: str | None, sources: dict[str, int]) -> str:
    """The number of a source, a new one where it has none yet."""
    return f" [{sources.setdefault(source, len(sources) + 1)}]" if source else ""


def _lines(info: ModelInfo) -> Iterator[Line]:
    said = info.sources.get
    yield "name", ", ".join((info.name, *info.aliases)), None
    yield "family", f"{info.family}, {_KINDS[info.kind]}", None
    yield "engines", ", ".join(info.engines) or "none runs it yet", None
    yield "repository", info.hub_id, said("hub_id")
    yield "parameters", parameters(info.parameters), said("parameters")
    yield "languages", _languages(info), said("languages") or said("language_count")
    yield "tasks", ", ".join(info.tasks), said("tasks")
    yield "text", _text(info), said("cased")
    yield "licence", info.license or "unknown", said("license")
    yield "download", size(info.size) if info.size else "unknown", said("size")
    yield "weights", _weights(info), None
    for number, rate in enumerate(info.wer):
        head = "" if number else "published"
        yield head, f"{rate.measure.upper()} {percent(rate.rate)} on {rate.set}", rate.source
    yield "here", _here(info), None


_KINDS = {"seq2seq": "sequence to sequence", "ctc": "CTC"}


def _weights(info: ModelInfo) -> str:
    if info.parameters is None:
        return "unknown"
    parts = (f"{name} {size(info.weights(name))}" for name in info.precisions)
    return f"{', '.join(parts)} (parameters × bytes of one)"


def _languages(info: ModelInfo) -> str:
    if not info.languages:
        return f"{info.language_count}; which is not listed here" if info.language_count else "unknown"
    names = [f"{NAMES[code]} ({code})" for code in info.languages[:_FEW]]
    more = (info.language_count or 0) - len(names)
    return f"{', '.join(names)}{f' and {more} more (--json lists them)' if more > 0 else ''}"


def _text(info: ModelInfo) -> str:
    words = {True: "with {}", False: "without {}", None: "{} unknown"}
    case = words[info.cased].format("capital letters")
    return f"{case}, {words[info.punctuated].format('punctuation')}"


def _here(info: ModelInfo) -> str:
    if found := downloaded(info.hub_id):
        return f"{size(found.size)} in {found.path}"
    if on_disk(info):
        return "yes, installed with Auricle"
    return f"no. Type: auricle models pull {info.name}" if info.engines else "no"
