"""Whisper's 30 s for short audio, without the work of 30 s: most of the silence after it is sampled.

Whisper was trained on windows of 30 s. Cut short, it loops; whole, nine tenths of its work is silence.
All frames of silence are alike but for their place, so a few of them can stand for all: one state in
``STRIDE`` takes part in attention, with the logarithm of how many it stands for added to its
scores. A softmax over keys of which n are equal is one over a single key with log n added, so only
what differs from place to place is left out. WER stays within half a point (docs/log.md, 2026-11-26).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from auricle import features
from auricle.engines.whisper_windows import WINDOW

SAMPLES = 320  # samples a state: 20 ms
STATES = round(WINDOW * features.RATE / SAMPLES)
MARGIN = 50  # states of silence after the audio that are not sampled
STRIDE = 24
_STEP = 25  # audio is taken for a multiple of so many states: each length is prepared for once
_EDGE = 3  # states at the end of the spectrogram, of which the one before the last sees silence only

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Places:
    """Which states the encoder computes.

    Of a spectrogram of ``frames``, the convolutions' output is taken at ``source`` [states], and given
    the ``position`` [states] of Whisper's window; ``weight`` [states] is added to attention scores.
    """

    frames: int
    source: Ints
    position: Ints
    weight: Floats


def places(samples: int) -> Places:
    """Where the states of an audio of so many samples, at most the window's, stand."""
    heard = -(-samples // SAMPLES) + MARGIN
    dense = min(-(-heard // _STEP) * _STEP, STATES)
    near, sampled = np.arange(dense), np.arange(dense + STRIDE // 2, STATES, STRIDE)
    if not len(sampled):
        every = np.arange(STATES)
        return Places(2 * STATES, every, every, np.zeros(STATES, np.float32))
    silent = np.full(len(sampled), dense + _EDGE - 2)
    weight = np.zeros(dense + len(sampled), np.float32)
    weight[dense:] = math.log((STATES - dense) / len(sampled))
    return Places(
        frames=2 * (dense + _EDGE),
        source=np.concatenate([near, silent]),
        position=np.concatenate([near, sampled]),
        weight=weight,
    )
