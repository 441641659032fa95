"""Write the parts of the documentation that are made from the code.

    python docs/generate.py            # write them
    python docs/generate.py --check    # say which are not current, and exit with 1

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``; what stands around it is
written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from auricle.cli import cli, tables
from auricle.cli.groups import Group
from auricle.formats import FORMATS
from auricle.models.catalogue import PRECISIONS, ModelInfo, PublishedRate, catalogue
from auricle.models.codes import NAMES

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/cli.md", "docs/formats.md", "docs/models.md")
_WIDTH = 90  # columns of the help pages
_SHOWN = 2  # losses in the short table
_PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def formats_short() -> str:
    """A row a format, with the first of what it loses."""
    rows = [
        (f"`{name}`", _yes(row.parse), "; ".join(row.loses[:_SHOWN]) + ("; …" * (len(row.loses) > _SHOWN)))
        for name, row in FORMATS.items()
    ]
    return _table(("format", "reads back", "loses"), [(*row[:2], row[2] or "nothing") for row in rows])


def formats_table() -> str:
    """A row a format: what can be done with it."""
    rows = [
        (f"`{name}`", f"`{row.suffix}`", _yes(row.parse), _yes(row.read)) for name, row in FORMATS.items()
    ]
    return _table(("format", "ending", "can be read", "holds captions"), rows)


def formats_losses() -> str:
    """A section a format: what does not come back from it."""
    parts: list[str] = []
    for name, row in FORMATS.items():
        losses = [f"- {loss}" for loss in row.loses] or ["- nothing"]
        parts += [f"### {name}", "", *losses, ""]
    return "\n".join(parts)


def models_table() -> str:
    """A table a family: a row a model of the catalogue."""
    parts: list[str] = []
    for family, infos in groupby(catalogue().values(), key=lambda info: info.family):
        parts += [f"### {family}", "", _table(_MODEL_HEADS, map(_model_row, infos))]
    return "\n".join(parts)


def _model_row(info: ModelInfo) -> tuple[str, ...]:
    return (
        ", ".join(f"`{name}`" for name in (info.name, *info.aliases)),
        tables.parameters(info.parameters),
        _model_languages(info),
        ", ".join(info.tasks),
        {(True, True): "yes", (False, False): "no"}.get((info.cased, info.punctuated), "unknown"),
        " / ".join(tables.size(info.weights(name)) for name in PRECISIONS if name in info.precisions),
        tables.size(info.size) if info.size else "unknown",
        "; ".join(f"{_measure(rate)}{tables.percent(rate.rate)} {rate.set}" for rate in info.wer) or "none",
        info.license or "unknown",
        f"`{info.hub_id}`",
    )


_MODEL_HEADS = (
    *(
        "name",
        "parameters",
        "languages",
        "tasks",
        "case and punctuation",
        "weights in float32 / float16 / int8",
    ),
    *("download", "published", "licence", "repository on the Hub"),
)


def _model_languages(info: ModelInfo) -> str:
    if info.languages and not info.multilingual:
        return NAMES[info.languages[0]]
    return f"{info.language_count:,}" if info.language_count else "unknown"


def _measure(rate: PublishedRate) -> str:
    return "" if rate.measure == "wer" else f"{rate.measure.upper()} "


def commands() -> str:
    """The help of the command line, of each command, and of the commands of a group."""
    return "\n".join(_pages(cli, click.Context(cli, info_name="auricle", **_settings())))


def _pages(command: click.Command, context: click.Context) -> Iterator[str]:
    yield from (f"## {context.command_path}", "", *_help(command, context))
    for name in command.list_commands(context) if isinstance(command, Group) else ():
        part = command.get_command(context, name)
        if part is not None:
            yield from _pages(part, click.Context(part, info_name=name, parent=context, **_settings()))


def _settings() -> dict[str, Any]:
    return {**cli.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}


def _help(command: click.Command, context: click.Context) -> list[str]:
    lines = [line.rstrip() for line in command.get_help(context).splitlines()]
    return ["```text", *lines, "```", ""]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _yes(value: object) -> str:
    return "yes" if value else "no"


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "formats": formats_table,
    "formats-short": formats_short,
    "losses": formats_losses,
    "models": models_table,
}


def fresh(page: str) -> str:
    """The text of a page with its parts made anew."""
    return _PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]().strip()}\n\n{part[3]}", page)


def main(arguments: Sequence[str]) -> int:
    """Write or check all pages."""
    stale = [name for name in PAGES if (ROOT / name).read_text("utf-8") != fresh_page(name)]
    for name in stale:
        if "--check" in arguments:
            sys.stderr.write(f"{name} is not current. Type: make docs\n")
        else:
            (ROOT / name).write_text(fresh_page(name), "utf-8")
            sys.stdout.write(f"wrote {name}\n")
    return 1 if stale and "--check" in arguments else 0


def fresh_page(name: str) -> str:
    """What the page of this name should be."""
    return fresh((ROOT / name).read_text("utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
