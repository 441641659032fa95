"""Windows side by side in memory: whoever comes and goes, each keeps what is its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.engines.openvino.sound import Floats, Keys, Sound, widened

Window = tuple[Floats, list[Keys]]


def window(length: int, seed: int, kind: str) -> Window:
    """Weights, and keys and values of two layers of two heads."""
    random = np.random.default_rng(seed)

    def part(*shape: int) -> Keys:
        return random.integers(1, 60_000, shape).astype(kind)

    parts = [part(1, 2, 3, length), part(1, 2, length, 3)] * 2
    return random.standard_normal(length).astype(np.float32), parts


def check(sound: Sound, expected: Sequence[Window]) -> None:
    assert sound.lengths == [len(weight) for weight, _ in expected]
    for place, (weight, parts) in enumerate(expected):
        length = len(weight)
        for own in (sound.window(place), sound):
            at = place if own is sound else 0
            np.testing.assert_array_equal(own.mask[at, 0, 0, :length], weight)
            assert np.all(own.mask[at, 0, 0, length:] == -np.inf)
            for number, (array, part) in enumerate(zip(own.arrays, parts, strict=True)):
                found = array[at] if number % 2 else array[at].swapaxes(1, 2)
                right = part[0] if number % 2 else part[0].swapaxes(1, 2)
                np.testing.assert_array_equal(found[:, :length], right)
                assert not found[:, length:].any()  # nothing times nothing is nothing, but not for NaN


@pytest.mark.parametrize("kind", ["float32", "uint16"])
@given(steps=st.lists(st.tuples(st.sampled_from(["end", "place", "drop"]), st.integers(1, 200)), max_size=12))
def test_each_window_keeps_its_own(kind: str, steps: list[tuple[str, int]]) -> None:
    sound, expected = Sound(), list[Window]()
    for seed, (what, number) in enumerate(steps):
        place = number % len(expected) if expected else 0
        new = window(number, seed, kind)
        if what == "end" or not expected:
            sound.put(*new)
            expected.append(new)
        elif what == "place":
            sound.put(*new, place)
            expected[place] = new
        else:
            sound.drop(place)
            expected[place] = expected[-1]
            expected.pop()
        if expected:
            check(sound, expected)
            longest = max(sound.lengths)
            assert longest <= sound.states < longest / 0.75 + 64
    assert len(sound) == len(expected)


def test_memory_is_used_again() -> None:
    sound = Sound()
    for _ in range(3):
        for seed in range(4):
            sound.put(*window(100, seed, "float32"))
        where = sound.arrays[0].ctypes.data
        for _ in range(4):
            sound.drop(0)
    sound.put(*window(100, 9, "float32"))
    assert sound.arrays[0].ctypes.data == where


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    values = np.array([1.0, -2.5, 0.0, 3.140625], np.float32)
    assert widened((values.view(np.uint32) >> 16).astype(np.uint16)).tolist() == values.tolist()
    assert widened(values) is values
