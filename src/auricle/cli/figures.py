"""Figures as a person reads them: percentages, intervals, counts, and tables in plain text."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from auricle.cli.console import printable

if TYPE_CHECKING:
    from auricle.metrics import ErrorRate
    from auricle.metrics.confidence import Interval


def percent(rate: float | None) -> str:
    """0.1555 → "15.55 %"; a dash where there is no rate."""
    return "–" if rate is None else f"{rate * 100:.2f} %"


def between(interval: Interval | None, signed: bool = False) -> str:
    """ "14.21 to 17.03 %", or "-1.20 to +0.31" (points); a dash where there is no interval."""
    if interval is None:
        return "–"
    if signed:
        return f"{interval.low * 100:+.2f} to {interval.high * 100:+.2f}"
    return f"{interval.low * 100:.2f} to {interval.high * 100:.2f} %"


def count(number: int, one: str, many: str = "") -> str:
    """ "1 word", "12,345 words"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def rate_dict(rate: ErrorRate) -> dict[str, Any]:
    """An error rate for JSON."""
    head = {"measure": rate.measure, "rate": rate.rate, "errors": rate.errors, "reference": rate.reference}
    more = {"wacc": rate.wacc, "match_error_rate": rate.match_error_rate}
    return head | dataclasses.asdict(rate) | more


def table(rows: Sequence[Sequence[str]], *, left: int = 1, indent: int = 0) -> list[str]:
    """Lines of columns two spaces apart, the first ``left`` of them aligned to the left."""
    if not rows:
        return []
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*clean, strict=True)]
    lines = []
    for row in clean:
        cells = [
            _padded(cell, width, right=at >= left)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((" " * indent + "  ".join(cells)).rstrip())
    return lines


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    """Columns of a terminal: two for Chinese and its like, none for combining marks."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
