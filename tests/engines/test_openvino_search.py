"""Rules and searches of the OpenVINO engine, over logits made by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.engines import DecodeOptions
from auricle.engines.openvino.rules import Rules, log_sum
from auricle.engines.openvino.search import Found, Next, Search, highest, new_search

# 0 to 9 are text, 10 the end, 11 to 13 control tokens, from 14 on timestamps.
RULES = Rules(np.array([3, 11, 12, 13]), end=10, stamps=14)
SIZE = 14 + 100
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def allowed(written: list[int], logits: Floats | None = None) -> set[int]:
    row = np.zeros(SIZE, np.float32) if logits is None else logits.copy()
    row[14:] -= 10 if logits is None else 0  # timestamps together are less likely than text
    RULES.apply(row, written)
    return set(np.flatnonzero(row > -np.inf).tolist())


TEXT = set(range(10)) - {3}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([], set(range(14, 14 + 51))),
        ([14], TEXT | {10}),
        ([14, 1], TEXT | {10} | set(range(15, SIZE))),
        ([14, 1, 20], {10} | set(range(20, SIZE))),
        ([14, 1, 20, 20], TEXT | {10}),
        ([14, 1, 20, 20, 2], TEXT | {10} | set(range(21, SIZE))),
    ],
    ids=["first a timestamp", "then text", "or its end", "a pair", "after a pair", "forward in time"],
)
def test_what_may_follow(written: list[int], expected: set[int]) -> None:
    assert allowed(written) == expected


def test_timestamps_win_where_together_they_are_likelier_than_any_text() -> None:
    logits = np.zeros(SIZE, np.float32)
    logits[1] = 3.0
    assert allowed([14, 1], logits) == set(range(15, SIZE))  # 99 times e^0 against e^3
    logits[1] = 5.0
    assert allowed([14, 1], logits) > TEXT


@given(st.lists(st.floats(-30, 30, width=32), min_size=70, max_size=300), st.integers(1, 10))
def test_the_highest_are_the_highest(values: list[float], count: int) -> None:
    scores = np.array(values, np.float32)
    found = highest(scores, count)
    assert [scores[place] for place in found] == sorted(values, reverse=True)[:count]
    assert len(set(found)) == count


def run(found: Search, model: Callable[[tuple[int, ...]], Floats], room: int = 20) -> Found:
    rows: list[tuple[int, ...]] = [()]
    for step in range(1, room + 1):
        following = found.step(np.stack([model(row) for row in rows]), last=step == room)
        if following is None:
            break
        assert isinstance(following, Next)
        rows = [(*rows[p], t) for p, t in zip(following.parents, following.tokens, strict=True)]
    return found.found()


def trap(row: tuple[int, ...]) -> Floats:
    """The likeliest first word leads to an unlikely text; the second best to a sure one."""
    logits = np.full(SIZE, -20.0, np.float32)
    if not row:
        logits[14] = 0.0
    elif len(row) == 1:
        logits[1], logits[2] = 0.2, 0.0
    elif row[-1] == 1:
        logits[[4, 5, 6, 7]] = 0.0
    elif row[-1] == 2:
        logits[8] = 5.0
    else:
        logits[10] = 5.0
    return logits


def test_greedy_takes_the_likeliest_and_beams_look_further() -> None:
    greedy, beams = (run(new_search(RULES, DecodeOptions(beam_size=size)), trap) for size in (1, 3))
    assert greedy.tokens[:2] == (14, 1)
    assert beams.tokens == (14, 2, 8)
    assert beams.logprob > greedy.logprob


def test_a_log_probability_is_the_models() -> None:
    found = run(new_search(RULES, DecodeOptions()), trap)
    total = 0.0
    for at in range(len(found.tokens) + 1):
        row = trap(found.tokens[:at])
        RULES.apply(row, found.tokens[:at])
        total += float(row[(*found.tokens, 10)[at]]) - log_sum(row)
    assert found.logprob == pytest.approx(total)
    assert found.mean == pytest.approx(total / 4)


@pytest.mark.parametrize(
    "options", [DecodeOptions(), DecodeOptions(beam_size=4), DecodeOptions(temperature=1.0)], ids=str
)
def test_where_the_room_ends_the_text_ends(options: DecodeOptions) -> None:
    def endless(row: tuple[int, ...]) -> Floats:
        logits = np.full(SIZE, -20.0, np.float32)
        logits[1 if row else 14] = 0.0
        return logits

    assert run(new_search(RULES, options), endless, room=6).tokens == (14, 1, 1, 1, 1, 1)


def test_samples_follow_the_seed_and_the_temperature() -> None:
    def texts(temperature: float) -> set[tuple[int, ...]]:
        options = (DecodeOptions(temperature=temperature, best_of=1, seed=seed) for seed in range(12))
        return {run(new_search(RULES, option), trap).tokens for option in options}

    again = DecodeOptions(temperature=1.0, seed=4)
    assert run(new_search(RULES, again), trap) == run(new_search(RULES, again), trap)
    assert len(texts(1.0)) > 3
    assert {text[1] for text in texts(0.01)} == {1}


def test_the_best_of_the_samples_is_kept() -> None:
    one, many = (
        run(new_search(RULES, DecodeOptions(temperature=1.0, best_of=count, seed=2)), trap).mean
        for count in (1, 20)
    )
    assert many >= one
