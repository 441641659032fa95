"""Attention to times: which frames a decoder looked at while it wrote each token.

Knows: arrays. Refuses to know: models, tokens, words.

Source: the word timestamps of openai/whisper (timing.py): heads that follow time, normalised and
smoothed, then dynamic time warping (Sakoe and Chiba 1978).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

_MEDIAN = 7  # frames
_COMPARED = (
    (0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6), (2, 3), (3, 6), (4, 5), (1, 4), (1, 3), (3, 4),
)  # fmt: skip


def attention_path(weights: Floats) -> list[tuple[int, int]]:
    """The warping path of (row, frame) through attention [heads, rows, frames], both ascending."""
    deviation = weights.std(axis=-2, keepdims=True)
    centred = (weights - weights.mean(axis=-2, keepdims=True)) / np.maximum(deviation, 1e-10)
    matrix = _median(centred).mean(axis=0)
    return warp(-matrix.astype(np.float64))


def warp(cost: Doubles) -> list[tuple[int, int]]:
    """The cheapest path through ``cost`` [rows, frames] from the first cell to the last.

    Steps go one row down, one frame on, or both.
    """
    return _trace(_accumulated(cost))


def _accumulated(cost: Doubles) -> Doubles:
    """[rows + 1, frames + 1] cost of the cheapest path that ends in each cell.

    Within a row, the best way to arrive is to come down at some frame k and go on from there:
    min over k of (above[k] − sum up to k), which is a running minimum.
    """
    rows, frames = cost.shape
    total = np.full((rows + 1, frames + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(rows):
        above = np.minimum(total[row, :-1], total[row, 1:])
        sums = np.cumsum(cost[row])
        total[row + 1, 1:] = sums + np.minimum.accumulate(above - (sums - cost[row]))
    return total


def _trace(total: Doubles) -> list[tuple[int, int]]:
    row, frame = total.shape[0] - 1, total.shape[1] - 1
    path: list[tuple[int, int]] = []
    while row > 0 and frame > 0:
        path.append((row - 1, frame - 1))
        both, down, on = total[row - 1, frame - 1], total[row - 1, frame], total[row, frame - 1]
        if both <= down and both <= on:
            row, frame = row - 1, frame - 1
        elif down < on:
            row -= 1
        else:
            frame -= 1
    return path[::-1]


def _median(weights: Floats) -> Floats:
    """The median of 7 frames around each, mirrored at the ends.

    Seven rows of memory, sorted element by element as far as their middle needs it: four times as fast as
    sorting each seven. The comparisons are those of Devillard 1998, "Fast median search: an ANSI C
    implementation", checked against numpy's median in the tests.
    """
    half = _MEDIAN // 2
    if weights.shape[-1] <= half:
        return weights
    padded = np.pad(weights, ((0, 0), (0, 0), (half, half)), mode="reflect")
    frames = weights.shape[-1]
    own = [padded[..., at : at + frames] for at in range(_MEDIAN)]
    for low, high in _COMPARED:
        own[low], own[high] = np.minimum(own[low], own[high]), np.maximum(own[low], own[high])
    return own[half]
