"""The figures of a run's page: both scores, slices with intervals, error rate against a quantity."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from auricle.metrics import ErrorRate, Hallucination, Throughput
from auricle.metrics.confidence import interval
from auricle.pages import Markup, details, paragraph, tag
from auricle.pages.plots import Estimate, curve, figures, percent, spread, whiskers
from auricle.verbs.evaluate.slices import FEWEST
from auricle.verbs.report.rows import Line

SHOWN = 15  # slices of one column, the worst first
CURVES = {"duration": "seconds", "snr": "signal-to-noise in dB, estimated", "speaking_rate": "words a second"}

Where = Mapping[str, Any]  # the part "where" of a run's findings


def short(dataset: str) -> str:
    """A dataset by its own name: the folder's where its manifest was named."""
    path = Path(dataset)
    return path.parent.name if path.stem in ("manifest", "metadata") and path.parent.name else path.name


def total(lines: Iterable[Line]) -> ErrorRate:
    """The corpus figure: counts, added."""
    return sum((line.counts for line in lines), ErrorRate())


def estimate(label: str, lines: Sequence[Line], at: float = 0.0, *, written: bool = False) -> Estimate:
    """The error rate of some utterances with its 95 % interval, clustered by speaker where known."""
    counts = [line.written if written else line.counts for line in lines]
    whole = sum(counts, ErrorRate())
    low, high = bounds(counts, [line.row.speaker for line in lines])
    note = f"{len(lines):,} utterances, {whole.reference:,} words"
    return Estimate(label, whole.rate, low, high, note, at)


def bounds(counts: Sequence[ErrorRate], speakers: Sequence[str | None]) -> tuple[float | None, float | None]:
    """The 95 % interval of the sum of ``counts``, speakers drawn whole; nothing where it cannot be told."""
    found = interval(counts, speakers)
    return (found.low, found.high) if found else (None, None)


def scores(lines: Sequence[Line], normalizer: str) -> Markup:
    """The figures at the top."""
    normalised, written = estimate("", lines), estimate("", lines, written=True)
    measure = total(lines).measure
    cells = [
        _score(f"{measure}, normalised by {normalizer}", percent(normalised.rate), _range(normalised)),
        _score(f"{measure}, as written", percent(written.rate), _range(written)),
        _score("Errors", f"{total(lines).errors:,}", _kinds(total(lines))),
        _score("Reference words", f"{total(lines).reference:,}", f"in {len(lines):,} utterances"),
    ]
    if (invented := _invented(lines)) is not None:
        cells.append(invented)
    speed = sum((Throughput(line.row.duration, line.row.elapsed) for line in lines), Throughput())
    if speed.rtfx:
        hours = f"{speed.audio / 3600:.2f} h of audio in {speed.elapsed / 60:.1f} min"
        cells.append(_score("RTFx (times faster than real time)", f"{speed.rtfx:.1f}", hours))
    return tag("dl", *cells, class_="scores")


def _score(name: str, figure: str, note: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", figure, class_="figure"), tag("dd", note, class_="soft"))


def _range(item: Estimate) -> str:
    return f"95 % interval {spread(item)}" if item.low is not None else "too little for an interval"


def _kinds(found: ErrorRate) -> str:
    kinds = {
        "substitutions": found.substitutions,
        "deletions": found.deletions,
        "insertions": found.insertions,
    }
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())


def _invented(lines: Sequence[Line]) -> Markup | None:
    """Text where nothing was said; None where something is said in every utterance."""
    found = sum((Hallucination.of(line.counts, line.row.duration) for line in lines), Hallucination())
    if not found.clips:
        return None
    rate = "–" if found.per_hour is None else f"{found.per_hour:.1f} an hour"
    return _score("Text on silence", rate, f"{found.clips_with_text} of {found.clips} clips without speech")


def slices(where: Where, columns: Collection[str], whole: float | None) -> list[Markup]:
    """A table to unfold for each column: the rates of its values, the worst first."""
    groups = {name: some for name, some in _by_column(where).items() if name not in CURVES}
    return [
        details(
            f"{name}: {_worst(some)}",
            _slice(name, some, whole, filters=name in columns),
            open=number == 0,
        )
        for number, (name, some) in enumerate(groups.items())
    ]


def _by_column(where: Where) -> dict[str, list[Where]]:
    """The slices that have words enough for a rate to say something, by column."""
    found: dict[str, list[Where]] = {}
    for item in where["slices"]:
        if item["interval"] is not None or _words(item) >= FEWEST:
            found.setdefault(item["column"], []).append(item)
    return found


def _words(item: Where) -> int:
    counts = item["errors"]
    return int(counts["hits"] + counts["substitutions"] + counts["deletions"])


def _worst(some: Sequence[Where]) -> str:
    worst = max(some, key=lambda item: item["rate"] or 0.0)
    apart = sum(item["apart"] for item in some)
    return f"{worst['value']} {percent(worst['rate'])}" + (
        f" ({apart} stand apart from the whole)" if apart else ""
    )


def _slice(name: str, some: Sequence[Where], whole: float | None, *, filters: bool) -> Markup:
    rows = [
        (_of_slice(item), _pick(name, item["value"]) if filters else item["value"]) for item in some[:SHOWN]
    ]
    left = f"; {len(some) - SHOWN} better ones are not shown" if len(some) > SHOWN else ""
    caption = f"Error rate by {name}, the worst first{left}. The dashed line is the whole set."
    return whiskers(rows, caption=caption, heads=(name, "rate", "95 % interval", "from"), whole=whole)


def _of_slice(item: Where, label: str = "", at: float = 0.0) -> Estimate:
    sure = item["interval"]
    low, high = (sure["low"], sure["high"]) if sure else (None, None)
    note = f"{item['utterances']:,} utterances, {_words(item):,} words"
    return Estimate(label or item["value"], item["rate"], low, high, note, at)


def _pick(column: str, value: str) -> Markup:
    """A name that shows its utterances in the table when it is pressed."""
    return tag("button", value, type="button", class_="pick", data_column=column, data_value=value)


def curves(where: Where, whole: float | None) -> Markup:
    """Error rate against duration, noise and speaking rate, where they were measured."""
    groups = _by_column(where)
    drawn = []
    for name, across in CURVES.items():
        known = [item for item in groups.get(name, ()) if re.search(r"\d", item["value"])]
        known.sort(key=lambda item: _begins(item["value"]))
        points = [_of_slice(item, _band(item["value"]), at) for at, item in enumerate(known)]
        if len(points) > 1:
            title = f"Against {name.replace('_', ' ').replace('snr', 'noise')}"
            drawn.append(curve(points, title=title, across=across, up="error rate in %", whole=whole))
    return figures(*drawn) if drawn else paragraph("There is too little here to draw a curve.", class_="soft")


def _begins(band: str) -> tuple[float, bool]:
    """Where a band of ``slices`` begins: "under 2 s" before "2 to 5 s"."""
    first = re.search(r"-?[\d.]+", band)
    return float(first[0]) if first else 0.0, not band.startswith("under")


def _band(band: str) -> str:
    """ "under 2 s" → "< 2", "2 to 5 s" → "2–5", "5 s and more" → "≥ 5"."""
    numbers = re.findall(r"-?[\d.]+", band)
    if len(numbers) > 1:
        return "–".join(numbers[:2])
    return f"{'<' if band.startswith('under') else '≥'} {numbers[0]}"
