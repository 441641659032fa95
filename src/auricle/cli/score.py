"""auricle score"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from auricle.cli import speakers
from auricle.cli.console import emit, say
from auricle.cli.figures import between, count, percent, rate_dict, table
from auricle.cli.flags import Command, Value, flags, typed
from auricle.errors import OptionError
from auricle.metrics import Confusions, ErrorRate
from auricle.options import Option
from auricle.verbs.score import (
    ReadOptions,
    Score,
    Side,
    TextOptions,
    TurnOptions,
    score,
    score_speakers,
    score_times,
)

_EPILOG = """\b
Examples:
  auricle score refs.txt hyps.txt --language en
  auricle score refs.stm hyps.ctm --normalizer none --json
  auricle score manifest.jsonl found.jsonl --text-column sentence
  auricle score refs.stm hyps.stm --measure speakers
"""


_MEASURE = Option(
    "measure",
    str,
    "text",
    "text: error rates; speakers: cpWER and diarization error rate; times: where words begin",
    choices=("text", "speakers", "times"),
    metavar="",
    many=False,
    optional=False,
    hidden=False,
)


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("references", metavar="REFS")
@click.argument("hypotheses", metavar="HYPS")
@click.option("--measure", type=Value(_MEASURE), default="text", help=f"{_MEASURE.help}  [default: text]")
@click.option("--json", "as_json", is_flag=True, help="print everything as JSON, rates as fractions")
@flags(ReadOptions)
@flags(TextOptions)
@flags(TurnOptions)
def command(references: str, hypotheses: str, measure: str, as_json: bool, **values: Any) -> None:
    """Score texts, speakers or word times against references.

    Files are txt, kaldi, trn, stm, ctm, rttm or JSON lines.
    """
    options = _meant(measure, values)
    if measure == "text":
        found = score(references, hypotheses, **options)
        _notes(found.notes, found.warnings)
        _show(as_dict(found) if as_json else None, _page(found))
    elif measure == "speakers":
        spoken = score_speakers(references, hypotheses, **options)
        _notes(spoken.notes)
        _show(speakers.as_dict(spoken) if as_json else None, speakers.page(spoken))
    else:
        timed = score_times(references, hypotheses, **options)
        _show(dataclasses.asdict(timed) if as_json else None, speakers.times(timed))


def _meant(measure: str, values: dict[str, Any]) -> dict[str, Any]:
    """The options that were typed. Raises OptionError for those that say nothing of this measure."""
    for kind, cls in (("text", TextOptions), ("speakers", TurnOptions)):
        for name in typed(values, cls) if kind != measure else ():
            raise OptionError(f"{name} has no meaning for --measure {measure}, only for {kind}.")
    return typed(values, ReadOptions, TextOptions, TurnOptions)


def _notes(notes: Iterable[str], warnings: Iterable[str] = ()) -> None:
    for line in notes:
        say(f"note: {line}")
    for line in warnings:
        say(f"warning: {line}")


def _show(values: dict[str, Any] | None, page: Iterator[str]) -> None:
    text = "\n".join(page) if values is None else json.dumps(values, ensure_ascii=False, indent=2)
    emit(text.encode() + b"\n")


def as_dict(found: Score) -> dict[str, Any]:
    """A score for JSON: fractions, and counts beside every rate."""
    values = dataclasses.asdict(found)
    for name in ("normalized", "orthographic"):
        side: Side = getattr(found, name)
        values[name]["words"] = rate_dict(side.words)
        values[name]["characters"] = rate_dict(side.characters)
    silence = found.hallucination
    values["hallucination"] |= {"rate": silence.rate, "per_hour": silence.per_hour}
    values["sensitivity"] = [
        {"forgiven": rung.forgiven, **rate_dict(rung.rate)} for rung in found.sensitivity.rungs
    ]
    return values


def _page(found: Score) -> Iterator[str]:
    people = f" of {count(found.speakers, 'speaker')}" if found.speakers else ""
    yield f"{count(found.utterances, 'utterance')}{people}"
    yield speakers.rule(found)
    yield ""
    yield from _rates(found)
    interval = found.normalized.interval
    if interval is not None and interval.note:
        yield f"intervals {interval.note}"
    elif interval is None and found.normalized.words.rate is not None:
        yield "no interval: fewer than 5 utterances, or the same rate in all"
    if found.normalized.words.aloud:
        yield found.normalized.words.aloud
    yield from _silence(found)
    yield ""
    yield from _ladder(found)
    yield from _changes(found)
    yield from confusion_lines(found.confusions)


def _rates(found: Score) -> Iterator[str]:
    rows = [["", "rate", "95 % interval", "errors", "sub", "del", "ins", "of"]]
    for name, side in (("normalised", found.normalized), ("orthographic", found.orthographic)):
        rows.append(_row(f"{side.words.measure} {name}", side.words, between(side.interval)))
        if side.words.measure != "CER":
            rows.append(_row(f"CER {name}", side.characters, ""))
    yield from table(rows)


def _row(label: str, rate: ErrorRate, interval: str) -> list[str]:
    counts = (rate.errors, rate.substitutions, rate.deletions, rate.insertions, rate.reference)
    return [label, percent(rate.rate), interval, *(f"{one:,}" for one in counts)]


def _silence(found: Score) -> Iterator[str]:
    silence = found.hallucination
    if not silence.clips:
        return
    hour = f", {silence.per_hour:.1f} an hour" if silence.per_hour is not None else ""
    empty = count(silence.clips, "reference is", "references are")
    written = count(silence.tokens, "word")
    yield f"{empty} empty: {silence.clips_with_text} got text, {written} in all{hour}"
    if found.normalized.words.rate is None:
        yield "no rate: there is no word in the references to divide by"


def _ladder(found: Score) -> Iterator[str]:
    yield "what counts as no error"
    rows = [
        [rung.forgiven, percent(rung.rate.rate), f"{rung.rate.errors:,}", f"of {rung.rate.reference:,}"]
        for rung in found.sensitivity.rungs
    ]
    yield from table(rows, indent=2)


def _changes(found: Score) -> Iterator[str]:
    made = found.changes
    yield ""
    yield f"what {found.normalizer} did to {count(made.words, 'word')} of both files"
    kinds = ("same", "case", "punctuation", "removed", "rewritten", "together")
    yield "  " + ", ".join(f"{kind} {getattr(made, kind):,}" for kind in kinds)
    if made.examples:
        rows = [[before, "→", after or "(nothing)", str(times)] for before, after, times in made.examples]
        yield from table(rows, left=3, indent=2)


def confusion_lines(found: Confusions) -> Iterator[str]:
    """The most frequent errors, kind by kind."""
    kinds = (
        ("taken for another", [[one, "→", other, str(times)] for one, other, times in found.substitutions]),
        ("left out", [[word, str(times)] for word, times in found.deletions]),
        ("put in", [[word, str(times)] for word, times in found.insertions]),
    )
    for title, rows in kinds:
        if rows:
            yield ""
            yield title
            yield from table(rows, left=len(rows[0]) - 1, indent=2)
