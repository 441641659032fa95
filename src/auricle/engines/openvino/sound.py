"""What the encoder gave for the windows that are being written, side by side in memory.

Knows: keys and values, how long each window is, who stands where. Refuses to know: graphs, text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
# Keys or values: float32, or the bits of bfloat16, which numpy has no type for, as uint16.
Keys = npt.NDArray[Any]

STEP = 64  # states: windows are padded to a multiple, for a length that is new has to be prepared for
_SLACK = 0.75  # of the padded length: where no window is longer than that, all are laid out anew


def widened(keys: Keys) -> Floats:
    """Keys or values in float32."""
    if keys.dtype == np.float32:
        return keys
    return (keys.astype(np.uint32) << 16).view(np.float32)


class Sound:
    """Keys and values of some windows, padded to one length, and a mask. Windows come and go.

    ``arrays`` are, for each layer of the decoder in turn, keys [windows, heads, head width, states] and
    values [windows, heads, states, head width]; ``mask`` [windows, 1, 1, states] is added to their scores.
    The memory is kept and used again: touching fresh pages costs more than filling them.
    """

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.states = 0  # that each window is padded to
        self._held: list[Keys] = []  # flat; the first of it are ``arrays``
        self._shapes: list[tuple[int, ...]] = []  # of one window, with 0 for the states
        self._masks = np.zeros(0, np.float32)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def arrays(self) -> list[Keys]:
        """Keys and values in turn."""
        found = []
        for held, shape in zip(self._held, self._shapes, strict=True):
            whole = (len(self), *(part or self.states for part in shape))
            found.append(held[: math.prod(whole)].reshape(whole))
        return found

    @property
    def mask(self) -> Floats:
        """What is added to the scores."""
        return self._masks[: len(self) * self.states].reshape(len(self), 1, 1, self.states)

    def put(self, weight: Floats, parts: Sequence[Keys], place: int | None = None) -> None:
        """Add a window at the end, or in the ``place`` of one that is over.

        ``parts`` are its keys [1, heads, head width, states or more] and values [1, heads, states or
        more, head width] in turn, which are copied; ``weight`` [states] is added to its scores.
        """
        if not self._held:
            self._held = [np.empty(0, part.dtype) for part in parts]
        if not len(self):
            self._shapes = [
                (*part.shape[1:3], 0) if at % 2 == 0 else (part.shape[1], 0, part.shape[3])
                for at, part in enumerate(parts)
            ]
        length = len(weight)
        others = [own for at, own in enumerate(self.lengths) if at != place]
        self._fit(max([length, *others]), len(self) + (place is None))
        if place is None:
            self.lengths.append(length)
            place = len(self) - 1
        else:
            self.lengths[place] = length
        mask = self.mask[place, 0, 0]
        mask[:length], mask[length:] = weight, -np.inf
        for at, (array, part) in enumerate(zip(self.arrays, parts, strict=True)):
            inside, beyond = _states(at, slice(0, length)), _states(at, slice(length, None))
            array[place][inside] = part[0][inside]
            array[place][beyond] = 0

    def drop(self, place: int) -> None:
        """Leave a window out; the last one takes its place."""
        last = len(self) - 1
        if place != last:
            for array in (self.mask, *self.arrays):
                array[place] = array[last]
            self.lengths[place] = self.lengths[last]
        self.lengths.pop()
        if self.lengths:
            self._fit(max(self.lengths), len(self))

    def clear(self) -> None:
        """Leave all windows out, and keep the memory."""
        self.lengths.clear()

    def window(self, place: int) -> Sound:
        """One window alone, in the memory of all."""
        found = Sound()
        found.lengths, found.states = [self.lengths[place]], self.states
        found._shapes = self._shapes
        found._masks = self.mask[place].reshape(-1)
        found._held = [array[place].reshape(-1) for array in self.arrays]
        return found

    def _fit(self, longest: int, count: int) -> None:
        """Pad to what fits the longest, where it does not fit or leaves much empty, and make room."""
        states = -(-longest // STEP) * STEP
        if not self.states * _SLACK < longest <= self.states or not len(self):
            self._lay_out(states)
        for at, (held, shape) in enumerate(zip(self._held, self._shapes, strict=True)):
            self._held[at] = _grown(held, count * math.prod(part or self.states for part in shape))
        self._masks = _grown(self._masks, count * self.states)

    def _lay_out(self, states: int) -> None:
        """Pad all windows to ``states``, one array after the other: a copy of all would be half a peak."""
        before, self.states = self.states, states
        if not len(self):
            return
        count, kept = len(self), min(before, states)
        mask = self._masks[: count * before].reshape(count, before).copy()
        self._masks = _grown(self._masks, count * states)
        self.mask[:] = -np.inf
        self.mask[:, 0, 0, :kept] = mask[:, :kept]
        for at, shape in enumerate(self._shapes):
            then = (count, *(part or before for part in shape))
            now = (count, *(part or states for part in shape))
            old = self._held[at][: math.prod(then)].reshape(then).copy()
            self._held[at] = _grown(self._held[at], math.prod(now))
            new = self._held[at][: math.prod(now)].reshape(now)
            inside, beyond = _states(at, slice(0, kept)), _states(at, slice(kept, None))
            for number in range(count):
                new[number][inside], new[number][beyond] = old[number][inside], 0


def _states(at: int, states: slice) -> tuple[slice, slice, slice]:
    """Where ``states`` stand in one window's keys (even places) or values (odd ones)."""
    whole = slice(None)
    return (whole, whole, states) if at % 2 == 0 else (whole, states, whole)


def _grown(held: Keys, size: int) -> Keys:
    """Memory of at least ``size``, beginning with what there was."""
    if len(held) >= size:
        return held
    found = np.empty(size, held.dtype)
    found[: len(held)] = held
    return found
