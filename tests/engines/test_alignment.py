"""Attention to times: the numbers under the word times, against slower ways to the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.engines.alignment import _median, warp


def test_the_median_of_seven_is_the_median() -> None:
    """A network that sorts all sevens of noughts and ones sorts all sevens (Knuth's 0-1 principle)."""
    sevens = np.array(list(itertools.product([0.0, 1.0], repeat=7)), np.float32)
    assert np.array_equal(_median(sevens[None])[0, :, 3], np.median(sevens, axis=1))


@pytest.mark.parametrize("frames", [1, 3, 4, 7, 50])
def test_the_ends_are_mirrored(frames: int) -> None:
    weights = np.random.default_rng(frames).standard_normal((2, 3, frames)).astype(np.float32)
    found = _median(weights)
    if frames <= 3:
        assert found is weights
        return
    padded = np.pad(weights, ((0, 0), (0, 0), (3, 3)), mode="reflect")
    for at in range(frames):
        assert np.array_equal(found[..., at], np.median(padded[..., at : at + 7], axis=-1))


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 9999))
def test_the_path_is_the_cheapest(rows: int, frames: int, seed: int) -> None:
    cost = np.random.default_rng(seed).random((rows, frames))

    def cheapest(row: int, frame: int) -> float:
        before = [(row - 1, frame - 1), (row - 1, frame), (row, frame - 1)]
        ways = [cheapest(*place) for place in before if min(place) >= 0]
        return float(cost[row, frame]) + (min(ways) if ways else 0.0)

    path = warp(cost)
    assert path[0] == (0, 0)
    assert path[-1] == (rows - 1, frames - 1)
    assert all(0 <= b[0] - a[0] <= 1 and 0 <= b[1] - a[1] <= 1 for a, b in itertools.pairwise(path))
    assert sum(cost[place] for place in path) == pytest.approx(cheapest(rows - 1, frames - 1))
