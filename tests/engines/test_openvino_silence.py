"""The states that stand for silence: none of the audio is left out, and together they stand for 30 s."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle import features
from auricle.audio import Audio
from auricle.engines import LoadOptions, load_engine
from auricle.engines.openvino import OpenVinoEngine
from auricle.engines.openvino.silence import MARGIN, SAMPLES, STATES, Floats, Places, places


@given(st.integers(0, 480_000))
def test_all_of_the_audio_is_there_and_the_rest_is_stood_for(samples: int) -> None:
    found = places(samples)
    count = len(found.position)
    assert len(found.source) == len(found.weight) == count <= STATES
    near = min(-(-samples // SAMPLES) + MARGIN, STATES)
    assert found.position[:near].tolist() == found.source[:near].tolist() == list(range(near))
    assert not found.weight[:near].any()
    assert np.all(np.diff(found.position) > 0)
    assert found.position[-1] < STATES
    assert np.exp(found.weight).sum() == pytest.approx(STATES, rel=1e-5)
    assert found.source.max() < found.frames / 2


def test_short_audio_takes_few_states() -> None:
    assert len(places(5 * 16_000).position) < 380
    assert len(places(30 * 16_000).position) == STATES


def test_few_states_that_stand_for_many_are_nearer_to_the_whole_than_a_window_cut_short(jfk: Audio) -> None:
    engine = load_engine(LoadOptions(engine="openvino", compute_type="float32", threads=1))
    assert isinstance(engine, OpenVinoEngine)
    (worker,) = engine._compiled.workers(1, 1)
    audio = jfk.slice(0.0, 4.0)

    def values(where: Places) -> Floats:
        """Of the first layer, for the states of the audio itself."""
        mel = features.log_mel(audio.samples, 80, where.frames)
        return worker.keys(worker.encode(mel[None], where))[1][:, :, :200].copy()

    sampled = places(len(audio.samples))
    whole, cut = (values(_dense(count)) for count in (STATES, len(sampled.position)))
    errors = [np.linalg.norm(found - whole) for found in (values(sampled), cut)]
    assert errors[0] < 0.85 * errors[1]


def _dense(count: int) -> Places:
    near = np.arange(count)
    return Places(2 * count, near, near, np.zeros(count, np.float32))
