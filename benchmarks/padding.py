"""What the silence after short audio costs: processor time of the encoder, by how much of it takes part.

python benchmarks/padding.py             # one state in 16, 24 (as it is), 32, none; 2.5 to 25 s of speech
"""

from __future__ import annotations

import time

import numpy as np
from common import clips

from auricle import features
from auricle.audio import Audio
from auricle.engines import LoadOptions
from auricle.engines import openvino as fast
from auricle.engines.openvino import silence
from auricle.engines.openvino.silence import MARGIN, SAMPLES, Places, places

ROUNDS = 15


def bare(samples: int) -> Places:
    """The states of an audio and of one second after it, and no others."""
    states = np.arange(min(-(-(-(-samples // SAMPLES) + MARGIN) // 25) * 25, silence.STATES))
    return Places(2 * (len(states) + 3), states, states, np.zeros(len(states), np.float32))


def main() -> None:
    """Print a line a length: states, and the least milliseconds of several runs in turn."""
    engine = fast.load(LoadOptions(model="tiny.en", compute_type="int8", threads=1))
    (worker,) = engine._compiled.workers(1, 1)
    speech = Audio.load(clips("longform")[1].path)
    for seconds in (2.5, 5, 10, 25):
        audio = speech.slice(30, 30 + seconds)
        tried = {"none": bare(len(audio.samples))}
        for silence.STRIDE in (16, 24, 32):
            tried[f"one in {silence.STRIDE}"] = places(len(audio.samples))
        took: dict[str, list[float]] = {name: [] for name in tried}
        for _ in range(ROUNDS):
            for name, own in tried.items():
                mel = features.log_mel(audio.samples, 80, own.frames)[None]
                began = time.process_time()
                worker.encode(mel, own)
                took[name].append(time.process_time() - began)
        told = (f"{name} {len(tried[name].position)} states {1e3 * min(took[name]):.0f} ms" for name in tried)
        print(f"{seconds} s: {', '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
