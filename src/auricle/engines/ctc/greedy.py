"""The likeliest output of every frame, and where the outputs of a given text stand in the frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Unit:
    """One output that was written: its id, its first and last frame, and its probability.

    The probability is that of the frame in which it is likeliest.
    """

    id: int
    first: int
    last: int
    probability: float


def greedy(logprobs: Floats, blank: int) -> list[Unit]:
    """Best path through ``logprobs`` [frames, outputs]: repeats are one, blanks are nothing."""
    best = logprobs.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = [*starts[1:], len(best)]
    return [
        _unit(logprobs, int(best[start]), int(start), int(end) - 1)
        for start, end in zip(starts, ends, strict=True)
        if best[start] != blank
    ]


def place(logprobs: Floats, ids: Sequence[int], blank: int) -> list[Unit]:
    """The likeliest frames for a given sequence of outputs (forced alignment by Viterbi).

    States are blank, first output, blank, second … blank; from one frame to the next a path stays,
    goes one on, or skips a blank between two different outputs (Graves et al. 2006, §4.1).
    Empty where the frames are too few for the outputs.
    """
    if not ids or len(logprobs) < len(ids):
        return []
    states = np.full(2 * len(ids) + 1, blank)
    states[1::2] = ids
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    path = _best_states(logprobs[:, states].astype(np.float64), skips)
    if path is None:
        return []
    spans: list[list[int]] = [[] for _ in ids]
    for frame, state in enumerate(path):
        if state % 2:
            spans[state // 2].append(frame)
    return [_unit(logprobs, index, span[0], span[-1]) for index, span in zip(ids, spans, strict=True)]


def _best_states(scores: npt.NDArray[np.float64], skips: npt.NDArray[np.bool_]) -> list[int] | None:
    """The state of each frame on the best path through ``scores`` [frames, states]."""
    frames, count = scores.shape
    total = np.full(count, -np.inf)
    total[:2] = scores[0, :2]
    steps = np.zeros((frames, count), np.int8)
    for frame in range(1, frames):
        stay = total
        on = np.concatenate(([-np.inf], total[:-1]))
        skip = np.where(skips, np.concatenate(([-np.inf, -np.inf], total[:-2])), -np.inf)
        choices = np.stack([stay, on, skip])
        steps[frame] = choices.argmax(axis=0)
        total = choices.max(axis=0) + scores[frame]
    state = count - 1 if total[-1] >= total[-2] else count - 2
    if not np.isfinite(total[state]):
        return None
    path = [state]
    for frame in range(frames - 1, 0, -1):
        state -= int(steps[frame, state])
        path.append(state)
    return path[::-1]


def _unit(logprobs: Floats, index: int, first: int, last: int) -> Unit:
    peak = float(logprobs[first : last + 1, index].max())
    return Unit(index, first, last, min(1.0, math.exp(peak)))
