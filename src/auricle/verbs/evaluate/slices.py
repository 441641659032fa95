"""The same error rate by parts of the data: which speakers, accents, lengths and noises fail.

Columns of few values are sliced by value; duration, signal-to-noise and speaking rate by fixed
bands, so that slices of two runs are the same slices.

Knows rows and counts. Refuses to know how they are shown.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auricle.errors import OptionError, nearest
from auricle.metrics import ErrorRate
from auricle.metrics.confidence import Interval, interval
from auricle.verbs.evaluate.run import Scored
from auricle.verbs.evaluate.scoring import Counts

MOST = 30  # values a column may have to be sliced without being asked for
FEWEST = 30  # reference words below which a slice's rate says nothing
NONE = "(not stated)"
SECONDS = (2.0, 5.0, 10.0, 20.0, 30.0)
DECIBELS = (10.0, 20.0, 30.0, 40.0, 50.0)
WORDS_A_SECOND = (1.5, 2.0, 2.5, 3.0, 3.5)
_NEVER = frozenset(("id", "audio", "source", "license", "path", "sample_rate", "channels"))


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of the data. ``apart`` where the rate of all lies outside its interval.

    One slice in twenty is apart by chance: it is a place to look, no proof.
    """

    column: str
    value: str
    utterances: int
    seconds: float
    errors: ErrorRate
    interval: Interval | None
    apart: bool


def slices(
    rows: Sequence[Scored], counts: Sequence[Counts], columns: Sequence[str] = (), *, seed: int = 0
) -> list[Slice]:
    """Every slice of every column, column by column, the worst value first.

    ``columns`` names those wanted; without it, all that have few values. Slices of fewer than 30
    reference words come last. Raises OptionError for a column that is not there.
    """
    values = _values(rows, counts)
    for name in columns:
        if name not in values:
            raise OptionError(f"there is no column {name!r} to slice by. {nearest(name, values)}")
    total = sum((item.normalized for item in counts), ErrorRate()).rate
    chosen = columns or [name for name, items in values.items() if _worth(name, items)]
    found: list[Slice] = []
    for name in chosen:
        found += _by(name, values[name], rows, counts, total, seed)
    return found


def _by(
    name: str,
    values: Sequence[str],
    rows: Sequence[Scored],
    counts: Sequence[Counts],
    total: float | None,
    seed: int,
) -> list[Slice]:
    groups: dict[str, list[int]] = defaultdict(list)
    for at, value in enumerate(values):
        groups[value].append(at)
    made = [_slice(name, value, places, rows, counts, total, seed) for value, places in groups.items()]
    return sorted(
        made, key=lambda item: (item.errors.reference < FEWEST, -(item.errors.rate or 0.0), item.value)
    )


def _slice(
    name: str,
    value: str,
    places: Sequence[int],
    rows: Sequence[Scored],
    counts: Sequence[Counts],
    total: float | None,
    seed: int,
) -> Slice:
    each = [counts[at].normalized for at in places]
    errors = sum(each, ErrorRate())
    enough = errors.reference >= FEWEST
    found = interval(each, [rows[at].speaker for at in places], seed=seed) if enough else None
    apart = found is not None and total is not None and not found.low <= total <= found.high
    return Slice(name, value, len(places), sum(rows[at].duration for at in places), errors, found, apart)


def _values(rows: Sequence[Scored], counts: Sequence[Counts]) -> dict[str, list[str]]:
    """For each column that can be sliced by: the value of every row."""
    rates = [_words_a_second(row, found.normalized) for row, found in zip(rows, counts, strict=True)]
    values = {
        "duration": [_band(row.duration, SECONDS, "s") for row in rows],
        "snr": [_band(row.snr, DECIBELS, "dB") for row in rows],
        "speaking_rate": [_band(rate, WORDS_A_SECOND, "words/s") for rate in rates],
        "language": [row.language or NONE for row in rows],
        "speaker": [row.speaker or NONE for row in rows],
    }
    names = dict.fromkeys(name for row in rows for name in row.columns if name not in values)
    for name in names:
        column = [row.columns.get(name) for row in rows]
        if all(value is None or isinstance(value, str | int | float) for value in column):
            values[name] = [_text(value) for value in column]
    return values


def _worth(name: str, values: Sequence[str]) -> bool:
    """Whether a column parts the data into few enough groups to be looked at unasked."""
    return name not in _NEVER and 1 < len(set(values)) <= MOST


def _words_a_second(row: Scored, found: ErrorRate) -> float | None:
    """Reference words in a second of detected speech, of the whole where none was looked for."""
    seconds = row.speech or row.duration
    return found.reference / seconds if seconds and found.reference else None


def _band(value: float | None, edges: Sequence[float], unit: str) -> str:
    """Which band a number is in: "2 to 5 s"."""
    if value is None:
        return NONE
    if value < edges[0]:
        return f"under {edges[0]:g} {unit}"
    for low, high in itertools.pairwise(edges):
        if low <= value < high:
            return f"{low:g} to {high:g} {unit}"
    return f"{edges[-1]:g} {unit} and more"


def _text(value: Any) -> str:
    if value is None or value == "":
        return NONE
    return f"{value:g}" if isinstance(value, float) else str(value)
