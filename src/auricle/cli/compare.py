"""auricle compare"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import click

from auricle.cli.console import emit
from auricle.cli.figures import between, count, percent, rate_dict, table
from auricle.cli.flags import Command, flags, typed
from auricle.verbs.compare import CompareOptions, Comparison, Pairing, compare

_EPILOG = """\b
Examples:
  auricle compare runs/tiny.en-talks runs/small.en-talks
  auricle compare runs/*-talks --json
"""

_SHOWN = 5  # ways in which two runs were made differently


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("runs", metavar="RUN_A RUN_B", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="print everything as JSON, rates as fractions")
@flags(CompareOptions)
def command(runs: tuple[str, ...], as_json: bool, **values: Any) -> None:
    """Say whether runs of `auricle evaluate` on the same data really differ."""
    found = compare(*runs, **typed(values, CompareOptions))
    text = json.dumps(as_dict(found), ensure_ascii=False, indent=2) if as_json else "\n".join(_page(found))
    emit(text.encode() + b"\n")


def as_dict(found: Comparison) -> dict[str, Any]:
    """A comparison for JSON: fractions, and counts beside every rate."""
    values = dataclasses.asdict(found)
    for item, contender in zip(values["contenders"], found.contenders, strict=True):
        item["normalized"] = rate_dict(contender.normalized)
        item["orthographic"] = rate_dict(contender.orthographic)
    for item, pair in zip(values["pairs"], found.pairs, strict=True):
        item["p"] = {"bootstrap": pair.p[0], "matched_pairs": pair.p[1]}
    return values


def _page(found: Comparison) -> Iterator[str]:
    if found.mark:
        yield found.mark
    speakers = f" of {count(found.speakers, 'speaker')}" if found.speakers else ""
    words = count(found.contenders[0].normalized.reference, "word")
    yield f"{count(found.utterances, 'utterance')}{speakers}, {words}"
    yield f"normaliser {found.normalizer} {found.normalizer_version}; tested: the {found.tested} score"
    yield ""
    yield from _contenders(found)
    for pair in found.pairs:
        yield ""
        yield from _pair(pair, found)


def _contenders(found: Comparison) -> Iterator[str]:
    measure = found.contenders[0].normalized.measure
    rows = [["", measure, "orthographic", f"95 % interval ({found.tested})"]]
    for one in found.contenders:
        rates = (percent(one.normalized.rate), percent(one.orthographic.rate))
        rows.append([one.name, *rates, between(one.interval)])
    yield from table(rows)
    if aloud := found.contenders[0].normalized.aloud:
        yield aloud


def _pair(pair: Pairing, found: Comparison) -> Iterator[str]:
    yield f"{pair.second} against {pair.first}: {pair.verdict}"
    yield f"  {_size(pair)}"
    yield f"  {_tests(pair)}{_holm(found)}"
    if pair.matched.note:
        yield f"  {pair.matched.note}"
    yield (
        f"  fewer errors in {count(pair.fewer, 'utterance')}, more in {pair.more:,}, as many in {pair.same:,}"
    )
    if pair.unlike:
        rest = f"; and {len(pair.unlike) - _SHOWN} more" if len(pair.unlike) > _SHOWN else ""
        yield f"  made differently: {'; '.join(pair.unlike[:_SHOWN])}{rest}"


def _size(pair: Pairing) -> str:
    """How large the difference is: in points of the rate, and as a share of the errors."""
    value, interval = pair.difference.value, pair.difference.interval
    ends = f"95 % interval {between(interval, signed=True)}" if interval else "no interval"
    shown = "–" if value is None else f"{value * 100:+.2f} points"
    if not pair.relative:
        return f"{shown} ({ends})"
    kind = "fewer" if pair.relative < 0 else "more"
    return f"{shown} ({ends}): {abs(pair.relative) * 100:.1f} % {kind} errors"


def _tests(pair: Pairing) -> str:
    interval = pair.difference.interval
    by = f" by {interval.by}" if interval else ""
    pieces = count(pair.matched.segments, "piece")
    return f"paired bootstrap{by} p = {_p(pair.p[0])}, matched pairs p = {_p(pair.p[1])} ({pieces})"


def _holm(found: Comparison) -> str:
    return f"; corrected for {len(found.pairs)} comparisons" if len(found.pairs) > 1 else ""


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if value >= 0.001 else "under 0.001"
