"""Tables and sizes as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Columns two spaces apart, as wide as they need to be; those numbered in ``right`` stand right."""
    lines = [list(heads), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    sides = set(right)
    return "".join(f"{'  '.join(_cells(line, widths, sides)).rstrip()}\n" for line in lines)


def _cells(line: Sequence[str], widths: Sequence[int], right: set[int]) -> Iterable[str]:
    for number, (text, width) in enumerate(zip(line, widths, strict=True)):
        yield text.rjust(width) if number in right else text.ljust(width)


def size(count: int | None) -> str:
    """Bytes as "76 MB" or "3.1 GB" (of 10⁹ bytes); "?" where nobody knows."""
    if count is None:
        return "?"
    if count < 10**9:
        return f"{count / 10**6:.0f} MB"
    return f"{count / 10**9:.1f} GB"


def percent(rate: float) -> str:
    """A rate as "12.8 %"."""
    return f"{rate:.1%}".replace("%", " %")


def parameters(count: int | None) -> str:
    """A count as "39 M" or "1.6 B"."""
    if count is None:
        return "?"
    return f"{count / 10**6:.0f} M" if count < 10**9 else f"{count / 10**9:.2f} B"
