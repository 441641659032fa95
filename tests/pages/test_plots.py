"""Plots: round axes, places inside the box, and the numbers beside the picture."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.pages.plots import Estimate, curve, percent, spread, ticks, whiskers


@given(st.floats(0.001, 50))
def test_ticks_are_few_even_and_reach_the_top(top: float) -> None:
    marks = ticks(top)
    assert marks[0] == 0
    assert marks[-1] >= top * 0.999
    assert 2 <= len(marks) <= 6
    steps = [b - a for a, b in itertools.pairwise(marks)]
    assert steps == pytest.approx([steps[0]] * len(steps))


def test_rates_are_percentages_for_people() -> None:
    assert percent(0.1234) == "12.3 %"
    assert percent(None) == "–"
    assert spread(Estimate("", 0.1, 0.05, 0.2)) == "5.0 – 20.0 %"
    assert spread(Estimate("", 0.1)) == ""


RATES = st.floats(0, 3).map(lambda rate: round(rate, 4))


@given(st.lists(st.tuples(RATES, RATES, RATES).map(sorted), min_size=1, max_size=8), st.none() | RATES)
def test_nothing_stands_outside_the_box(found: list[list[float]], whole: float | None) -> None:
    points = [Estimate(str(at), rate, low, high, at=at) for at, (low, rate, high) in enumerate(found)]
    drawn = curve(points, title="t", across="x", up="y", whole=whole)
    bars = whiskers(
        [(point, point.label) for point in points], caption="c", heads=("a", "b", "c", "d"), whole=whole
    )
    for place in re.findall(r'(?:cx|cy|x1|x2|y1|y2|x|y)="(-?[\d.]+)%"', drawn + bars):
        assert 0 <= float(place) <= 100
    for pair in re.findall(r'points="([^"]*)"', drawn):
        assert all(0 <= float(number) <= 100 for number in re.split("[ ,]", pair))


def test_the_picture_is_not_the_only_way_to_the_numbers() -> None:
    points = [
        Estimate("1–2", 0.1, 0.08, 0.13, "40 utterances", 0),
        Estimate("2–3", 0.2, 0.15, 0.26, "9 utterances", 1),
    ]
    drawn = curve(points, title="Against duration", across="seconds", up="error rate")
    for text in ("10.0 %", "8.0 – 13.0 %", "40 utterances", "2–3"):
        assert text in drawn
    assert 'role="img"' in drawn
