"""Neighbouring states that say the same become their mean, which counts as often."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle import features
from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, LoadOptions, load_engine
from auricle.engines.openvino import OpenVinoEngine, merging
from auricle.engines.openvino.merging import MOST, counts, groups, merged
from auricle.engines.openvino.silence import places

Floats = npt.NDArray[np.float32]


def states_of(kinds: list[int]) -> Floats:
    """One state for each kind: those of one kind are nearly the same."""
    random = np.random.default_rng(0)
    prototypes = random.standard_normal((10, 64))
    return (prototypes[kinds] + 0.01 * random.standard_normal((len(kinds), 64))).astype(np.float32)


def test_runs_of_the_same_are_groups_of_at_most_four() -> None:
    states = states_of([1, 1, 2, 3, 3, 3, 3, 3, 3, 1, 1])
    assert groups(states, np.zeros(11, np.float32)).tolist() == [0, 2, 3, 7, 9]


def test_states_that_stand_for_others_stay() -> None:
    weight = np.array([0, 0, 0, 1.5, 1.5, 1.5], np.float32)
    assert groups(states_of([1, 2, 2, 2, 2, 2]), weight).tolist() == [0, 1, 3, 4, 5]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(0, 5))
def test_nothing_is_lost(kinds: list[int], standing: int) -> None:
    """All states are in one group, and what was paid to them is paid to the groups."""
    states = states_of(kinds)
    weight = np.zeros(len(kinds), np.float32)
    weight[len(weight) - min(standing, len(weight)) :] = 2.5
    found, scores = merged(states[None], weight)
    assert found.shape == (1, len(scores), 64) and found.dtype == scores.dtype == np.float32
    assert np.exp(scores).sum() == pytest.approx(np.exp(weight).sum(), rel=1e-5)
    sizes = np.where(scores == 2.5, 1, np.exp(scores))
    np.testing.assert_allclose((found[0] * sizes[:, None]).sum(0), states.sum(0), rtol=1e-3, atol=1e-3)
    assert counts(scores[scores < 2]).sum() == (weight == 0).sum()


def test_attention_to_equal_states_is_attention_to_one_of_them() -> None:
    """The sums that a decoder makes are the same, where states are the same."""
    states = np.repeat(np.random.default_rng(1).standard_normal((20, 64)), 3, axis=0).astype(np.float32)
    query = np.random.default_rng(2).standard_normal(64).astype(np.float32)
    few, weight = merged(states[None], np.zeros(60, np.float32))
    assert len(weight) == 20

    def seen(values: Floats, added: Floats) -> Floats:
        chances = np.exp(values @ query / 8 + added)
        found: Floats = chances @ values / chances.sum()
        return found

    np.testing.assert_allclose(
        seen(few[0], weight), seen(states, np.zeros(60, np.float32)), rtol=1e-4, atol=1e-5
    )


def test_speech_has_fewer_states(fast: Engine, jfk: Audio) -> None:
    assert isinstance(fast, OpenVinoEngine)
    (worker,) = fast._compiled.workers(1, 1)
    own = places(len(jfk.samples))
    states = worker.encode(features.log_mel(jfk.samples, 80, own.frames)[None], own)
    found, weight = merged(states, own.weight)
    assert 0.3 < len(weight) / len(own.weight) < 0.8
    assert counts(weight[weight <= np.log(MOST) + 1e-3]).max() == MOST
    keys = worker.keys(found)
    assert keys[0].shape[3] == keys[1].shape[2] >= len(weight)


@pytest.mark.parametrize(("kind", "merges"), [("auto", True), ("float32", False)])
def test_where_all_is_computed_exactly_nothing_is_merged(
    jfk: Audio, monkeypatch: pytest.MonkeyPatch, kind: str, merges: bool
) -> None:
    engine = load_engine(LoadOptions(engine="openvino", compute_type=kind))
    seen: list[bool] = []

    def noting(states: Floats, weight: Floats) -> tuple[Floats, Floats]:
        seen.append(True)
        return states, weight

    monkeypatch.setattr("auricle.engines.openvino.merged", noting)
    engine.transcribe([jfk], DecodeOptions())
    assert bool(seen) == merges


def test_word_times_are_those_of_all_states(
    fast: Engine, jfk: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of them within one state; where a pause begins either may be off."""
    options = DecodeOptions(words=True)

    def starts() -> list[tuple[str, float]]:
        (found,) = fast.transcribe([jfk], options)
        return [(word.text.strip(), word.start) for segment in found.segments for word in segment.words]

    few = starts()
    monkeypatch.setattr(merging, "ALIKE", 2.0)
    every = starts()
    assert [word for word, _ in few] == [word for word, _ in every]
    apart = np.abs(np.array([at for _, at in few]) - [at for _, at in every])
    assert np.median(apart) <= 0.021 and np.quantile(apart, 0.9) <= 0.041
