"""Plots as inline SVG that keep the size of their letters on any screen.

Positions are percentages of the box, so a plot is as wide as what it stands in; only lines and
bands, which a percentage cannot place, lie in a nested box that is stretched. Every plot has a
table of its numbers beside it: the picture is never the only way to them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auricle.pages import Markup, boxed, details, joined, table, tag

_LEFT, _RIGHT, _TOP, _BOTTOM = 9.0, 98.0, 6.0, 84.0  # per cent of the box that the axes take


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate and its interval, at a place of a curve or under a name.

    ``rate``, ``low`` and ``high`` are fractions; None where there is none (no reference words).
    ``note`` is a short text about what it stands on ("120 utterances").
    """

    label: str
    rate: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    at: float = 0.0


def percent(rate: float | None) -> str:
    """0.1234 → "12.3 %"; nothing → "–"."""
    return "–" if rate is None else f"{100 * rate:.1f} %"


def spread(item: Estimate) -> str:
    """ "10.1 – 14.9 %", or nothing."""
    if item.low is None or item.high is None:
        return ""
    return f"{100 * item.low:.1f} – {100 * item.high:.1f} %"


def ticks(top: float, count: int = 4) -> list[float]:
    """Round numbers from 0 to at least ``top``, about ``count`` steps."""
    raw = (top or 0.01) / count
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * times for times in (1, 2, 2.5, 5, 10) if size * times >= raw * 0.999)
    return [step * number for number in range(max(math.ceil(top / step - 1e-9), 1) + 1)]


def whiskers(
    rows: Sequence[tuple[Estimate, str]], *, caption: str, heads: Sequence[str], whole: float | None = None
) -> Markup:
    """A table whose last column draws each rate with its interval; ``whole`` is a dashed line in all.

    ``rows`` are estimates, each with what stands in its first cell.
    """
    top = ticks(max([_most(row) for row, _ in rows] + [whole or 0.0]))[-1]
    head = tag("tr", *(tag("th", text, scope="col") for text in (*heads, f"0 to {percent(top)}")))
    body = [
        tag(
            "tr",
            tag("th", name, scope="row"),
            *(tag("td", cell) for cell in (percent(row.rate), spread(row), row.note)),
            tag("td", _whisker(row, top, whole), class_="bar"),
        )
        for row, name in rows
    ]
    return boxed(caption, tag("thead", head), tag("tbody", *body), class_="whiskers")


def _most(row: Estimate) -> float:
    return max(row.high or 0.0, row.rate or 0.0)


def _whisker(row: Estimate, top: float, whole: float | None) -> Markup:
    parts = []
    if whole is not None:
        parts.append(_line(100 * whole / top, 100 * whole / top, "0%", "100%", "rule"))
    if row.low is not None and row.high is not None:
        parts.append(_line(100 * row.low / top, 100 * row.high / top, "50%", "50%", "whisker"))
    if row.rate is not None:
        parts.append(tag("circle", cx=f"{100 * row.rate / top:.2f}%", cy="50%", r=5, class_="dot"))
    return tag("svg", *parts, class_="plot", aria_hidden="true")


def _line(x1: float, x2: float, y1: str, y2: str, kind: str) -> Markup:
    return tag("line", x1=f"{x1:.2f}%", x2=f"{x2:.2f}%", y1=y1, y2=y2, class_=kind)


def curve(
    points: Sequence[Estimate], *, title: str, across: str, up: str, whole: float | None = None
) -> Markup:
    """Rates over a quantity with the band of their intervals, and their table to unfold."""
    drawn = [point for point in points if point.rate is not None]
    marks = ticks(max([_most(point) for point in drawn] + [whole or 0.0, 0.01]))
    first, last = min(point.at for point in drawn), max(point.at for point in drawn)
    box = _Box(first, last, marks[-1])
    parts = [*box.frame(marks, drawn), box.band(drawn), box.path(drawn)]
    if whole is not None:
        height = f"{box.y(whole):.2f}%"
        parts.append(tag("line", x1=f"{_LEFT}%", x2=f"{_RIGHT}%", y1=height, y2=height, class_="rule"))
    parts += [
        tag("circle", cx=f"{box.x(point.at):.2f}%", cy=f"{box.y(point.rate or 0.0):.2f}%", r=4, class_="dot")
        for point in drawn
    ]
    picture = tag(
        "svg",
        *parts,
        class_="plot",
        height=260,
        role="img",
        aria_label=f"{up} against {across}; numbers below",
    )
    rows = [(point.label, percent(point.rate), spread(point), point.note) for point in points]
    numbers = table((across, up, "95 % interval", "from"), rows, caption=f"{up} against {across}")
    axes = tag("p", f"{up} over {across}", class_="soft")
    return tag("div", tag("h3", title), axes, picture, details("The numbers", numbers))


@dataclass(frozen=True, slots=True)
class _Box:
    """From numbers to per cent of the picture."""

    first: float
    last: float
    top: float

    def x(self, at: float) -> float:
        share = (at - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return _LEFT + 3 + share * (_RIGHT - _LEFT - 6)

    def y(self, rate: float) -> float:
        return _BOTTOM - rate / self.top * (_BOTTOM - _TOP)

    def frame(self, marks: Iterable[float], points: Sequence[Estimate]) -> list[Markup]:
        """Lines across with their rates, and the names of the points below."""
        parts = []
        for mark in marks:
            height = f"{self.y(mark):.2f}%"
            parts.append(tag("line", x1=f"{_LEFT}%", x2=f"{_RIGHT}%", y1=height, y2=height, class_="grid"))
            label = f"{100 * mark:.3g}"
            parts.append(tag("text", label, x=f"{_LEFT - 1}%", y=height, dy="0.35em", text_anchor="end"))
        for point in points:
            parts.append(
                tag("text", point.label, x=f"{self.x(point.at):.2f}%", y="94%", text_anchor="middle")
            )
        return parts

    def band(self, points: Sequence[Estimate]) -> Markup:
        """The area between the ends of the intervals."""
        known = [point for point in points if point.low is not None and point.high is not None]
        upper = [(self.x(point.at), self.y(point.high or 0.0)) for point in known]
        lower = [(self.x(point.at), self.y(point.low or 0.0)) for point in reversed(known)]
        return _stretched(tag("polygon", points=_points([*upper, *lower]), class_="band"))

    def path(self, points: Sequence[Estimate]) -> Markup:
        """The line through the rates."""
        places = [(self.x(point.at), self.y(point.rate or 0.0)) for point in points]
        return _stretched(tag("polyline", points=_points(places), class_="curve"))


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in places)


def _stretched(shape: Markup) -> Markup:
    return tag("svg", shape, viewBox="0 0 100 100", preserveAspectRatio="none", width="100%", height="100%")


def figures(*drawn: str) -> Markup:
    """Plots side by side where there is room."""
    return tag("div", joined(drawn), class_="figures")
