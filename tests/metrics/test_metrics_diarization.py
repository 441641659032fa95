"""The diarization error rate: by hand, and against one that looks at every 10 ms."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.metrics.diarization import DiarizationError, Turn, der


def turns(text: str) -> list[Turn]:
    """ "a 0 1, b 1 2" """
    rows = [row.split() for row in text.split(",") if row.strip()]
    return [Turn(speaker, float(start), float(end)) for speaker, start, end in rows]


@pytest.mark.parametrize(
    ("reference", "hypothesis", "wanted"),
    [
        ("a 0 2, b 2 4", "x 2 4, y 0 2", (4, 0, 0, 0)),  # names do not matter
        ("a 0 2, b 2 4", "x 0 4", (4, 0, 0, 2)),  # one speaker for two
        ("a 0 2", "x 0 1", (2, 1, 0, 0)),
        ("a 0 2", "x 0 3", (2, 0, 1, 0)),
        ("a 0 2", "x 1 2, y 0 2", (2, 0, 1, 0)),  # two where one speaks
        ("a 0 2, b 0 2", "x 0 2", (4, 2, 0, 0)),  # overlap counts twice
        ("a 0 2, b 1 3", "x 0 2, y 1 3", (4, 0, 0, 0)),
        ("a 0 2", "", (2, 2, 0, 0)),
        ("", "x 0 2", (0, 0, 2, 0)),
        ("", "", (0, 0, 0, 0)),
        ("a 0 1, a 0.5 2", "x 0 2", (2, 0, 0, 0)),  # turns of one speaker that overlap are one
        ("a 1 2", "x 5 6", (1, 1, 1, 0)),  # a false alarm after the last turn counts
    ],
)
def test_by_hand(reference: str, hypothesis: str, wanted: tuple[float, ...]) -> None:
    found = der(turns(reference), turns(hypothesis))
    assert (found.speech, found.missed, found.false_alarm, found.confused) == pytest.approx(wanted)


def test_rates() -> None:
    assert DiarizationError().rate is None
    assert der(turns("a 0 2"), turns("x 0 1, y 5 8")).rate == 2  # above 1
    both = der(turns("a 0 2"), []) + der(turns("a 0 2"), turns("x 0 2"))
    assert both.rate == 0.5
    assert sum([both], DiarizationError()) == both


def test_a_collar_forgives_boundaries() -> None:
    reference, late = turns("a 0 2, b 2 4"), turns("x 0 2.2, y 2.2 4.2")
    assert der(reference, late).rate == pytest.approx(0.4 / 4)
    found = der(reference, late, collar=0.25)
    assert found.rate == 0
    assert found.speech == pytest.approx(4 - 0.25 - 0.5 - 0.25)


def test_overlap_can_be_left_out() -> None:
    found = der(turns("a 0 2, b 1 3"), turns("x 0 3"), overlap=False)
    assert found.speech == 2
    assert found.missed == 0


TURNS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.integers(1, 15)).map(
        lambda one: Turn(one[0], one[1] / 10, (one[1] + one[2]) / 10)
    ),
    max_size=6,
)


@settings(max_examples=80, deadline=None)
@given(TURNS, TURNS, st.sampled_from([0.0, 0.25]))
def test_it_is_what_frames_say(reference: list[Turn], hypothesis: list[Turn], collar: float) -> None:
    found = der(reference, hypothesis, collar=collar)
    speech, wrong = by_frames(reference, hypothesis, collar)
    assert found.speech == pytest.approx(speech)
    assert found.missed + found.false_alarm + found.confused == pytest.approx(wrong)


def by_frames(reference: list[Turn], hypothesis: list[Turn], collar: float) -> tuple[float, float]:
    """Speech and errors in seconds: all matchings tried, over frames of 50 ms looked at in their middle."""
    times = [at / 20 + 0.025 for at in range(-10, 130)]
    edges = [time for turn in reference for time in (turn.start, turn.end)]
    times = [time for time in times if all(abs(time - edge) > collar for edge in edges)]
    ours = [{turn.speaker for turn in reference if turn.start <= time < turn.end} for time in times]
    theirs = [{turn.speaker for turn in hypothesis if turn.start <= time < turn.end} for time in times]
    best = min(errors(ours, theirs, dict(zip("abc", names, strict=True))) for names in permutations("abc"))
    return sum(map(len, ours)) / 20, best / 20


def errors(ours: list[set[str]], theirs: list[set[str]], names: dict[str, str]) -> int:
    return sum(
        max(len(one), len(other)) - len(one & {names[name] for name in other})
        for one, other in zip(ours, theirs, strict=True)
    )
