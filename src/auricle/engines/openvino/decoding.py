"""Texts of many windows at once: one decoder, whose rows belong to windows that end at different times.

Knows: how rows share steps, and how the decoder's inputs stand in memory. Refuses to know: what
makes a text good (search.py), audio.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.engines.openvino import graphs, library
from auricle.engines.openvino.search import Found, Next, Search

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
# Keys or values: float32, or the bits of bfloat16, which numpy has no type for, as uint16.
Keys = npt.NDArray[Any]


class Room:
    """Memory that one worker uses again and again: touching fresh pages costs more than filling them."""

    def __init__(self) -> None:
        self._held: dict[int, Keys] = {}

    def take(self, place: int, shape: Sequence[int], kind: np.dtype[Any]) -> Keys:
        """An array of a shape, whatever it holds, over the memory of the one taken before at ``place``."""
        size = math.prod(shape)
        if place not in self._held or len(self._held[place]) < size:
            self._held.pop(place, None)
            self._held[place] = np.empty(size, kind)
        return self._held[place][:size].reshape(shape)


def widened(keys: Keys) -> Floats:
    """Keys or values in float32."""
    if keys.dtype == np.float32:
        return keys
    return (keys.astype(np.uint32) << 16).view(np.float32)


class Sound:
    """What the encoder gave for some windows: keys and values a layer, padded to one length, and a mask."""

    def __init__(
        self, weights: Sequence[Floats], encode: Callable[[int], Sequence[Keys]], room: Room | None = None
    ) -> None:
        """``encode`` gives for each window its keys and values in turn; ``weights`` are added to its scores.

        Keys are [1, heads, head width, states], values [1, heads, states, head width]. They are
        copied before the next window is encoded, so they may be memory that is used again. ``room``
        is where to; there is one sound in it at a time.
        """
        lengths = [len(weight) for weight in weights]
        longest, room = max(lengths), room or Room()
        self._places = list(range(len(lengths)))  # which window stands where
        self.mask = self._mask = np.zeros((len(lengths), 1, 1, longest), np.float32)
        self.arrays: list[Keys] = []
        for number, (length, weight) in enumerate(zip(lengths, weights, strict=True)):
            self.mask[number, ..., :length] = weight
            self.mask[number, ..., length:] = -np.inf
            parts = encode(number)
            self.arrays = self.arrays or [
                room.take(at, _shape(part, at, len(lengths), longest), part.dtype)
                for at, part in enumerate(parts)
            ]
            for at, (array, part) in enumerate(zip(self.arrays, parts, strict=True)):
                inside, beyond = _frames(at, slice(0, length)), _frames(at, slice(length, None))
                array[number][inside] = part[0]
                array[number][beyond] = 0
        self._arrays = self.arrays

    def keep(self, places: Sequence[int]) -> None:
        """Go on with the windows at ``places``, none of which stands before its new place.

        Those that ended change places with those that go on, so that ``window`` still finds them.
        """
        for now, before in enumerate(places):
            if now != before:
                self._places[now], self._places[before] = self._places[before], self._places[now]
                for array in (self._mask, *self._arrays):
                    array[[now, before]] = array[[before, now]]
        self.mask = self._mask[: len(places)]
        self.arrays = [array[: len(places)] for array in self._arrays]

    def window(self, number: int) -> Sound:
        """The sound of the window that was the ``number``-th at first."""
        place = self._places.index(number)
        return Sound._of(self._mask[place : place + 1], [array[place : place + 1] for array in self._arrays])

    @classmethod
    def _of(cls, mask: Floats, arrays: list[Keys]) -> Sound:
        found = cls.__new__(cls)
        found.mask = found._mask = mask
        found.arrays = found._arrays = arrays
        found._places = [0]
        return found


def _frames(at: int, frames: slice) -> tuple[slice, slice, slice]:
    """Where ``frames`` stand in one window's keys (even places) or values (odd ones)."""
    whole = slice(None)
    return (whole, whole, frames) if at % 2 == 0 else (whole, frames, whole)


def _shape(part: Keys, at: int, count: int, longest: int) -> list[int]:
    shape = [count, *part.shape[1:]]
    shape[3 if at % 2 == 0 else 2] = longest
    return shape


class Session:
    """One run of the decoder over some windows, from nothing written to the last token."""

    def __init__(self, request: Any, sound: Sound) -> None:
        openvino = library.openvino()

        self._openvino = openvino
        self._request, self._sound = request, sound
        self._held: dict[int, Any] = {}  # OpenVINO does not keep the arrays that it reads
        self._length = 0
        request.reset_state()
        self._set_sound()

    def keep(self, places: Sequence[int]) -> None:
        """Go on with some of the windows; the rows of the next ``feed`` are theirs."""
        self._sound.keep(places)
        self._set_sound()

    def feed(self, tokens: Ints, rows: Sequence[int], keep: Sequence[int]) -> Floats:
        """Logits [rows, kept, vocabulary] after new ``tokens`` [rows, new]; ``rows`` are those gone on from.

        What is returned is the decoder's own memory, good until the next call.
        """
        new = tokens.shape[1]
        self._set(graphs.TOKENS, np.ascontiguousarray(tokens, np.int64))
        self._set(graphs.AT, np.array([self._length], np.int64))
        self._set(graphs.ROWS, np.array(rows, np.int32))
        self._set(graphs.KEEP, np.array(keep, np.int64))
        self._set(graphs.SELF_MASK, _forward_only(new, self._length + new))
        self._request.infer()
        self._length += new
        found: Floats = self._request.get_output_tensor(0).data
        return found

    def queries(self, number: int) -> Floats:
        """Queries [windows, heads, new, head width] of the last call, of the ``number``-th such layer."""
        found: Floats = self._request.get_output_tensor(1 + number).data
        return found

    def _set_sound(self) -> None:
        self._set(graphs.CROSS_MASK, self._sound.mask)
        for number, array in enumerate(self._sound.arrays):
            self._set(graphs.CROSS + number, array)

    def _set(self, place: int, array: npt.NDArray[Any]) -> None:
        self._held[place] = array
        if array.dtype == np.uint16:
            kind, shape = self._openvino.Type.bf16, self._openvino.Shape(array.shape)
            self._request.set_input_tensor(place, self._openvino.Tensor(array, shape, kind))
        else:
            self._request.set_input_tensor(place, self._openvino.Tensor(array, shared_memory=True))


def _forward_only(new: int, total: int) -> Floats:
    """[1, 1, new, total]: no token sees those after it."""
    mask = np.zeros((1, 1, new, total), np.float32)
    if new > 1:
        mask[0, 0, :, total - new :] = np.triu(np.full((new, new), -np.inf, np.float32), 1)
    return mask


@dataclass(frozen=True, slots=True)
class Written:
    """The text of one window, and the logits [vocabulary] at the start token."""

    found: Found
    at_start: Floats


def write(
    session: Session, prompt: Sequence[int], start: int, searches: Sequence[Search], room: int
) -> list[Written]:
    """Run all searches to their end: one for each window of the session, all after the same ``prompt``.

    ``start`` is the place of the start token in the prompt, ``room`` how many tokens may be written.
    """
    count = len(searches)
    ids = np.array([prompt] * count, np.int64)
    logits = session.feed(ids, range(count), [start, len(prompt) - 1])
    starts = logits[:, 0].copy()
    going = list(range(count))
    rows = [logits[number : number + 1, 1] for number in going]
    for step in range(1, room + 1):
        following = [
            searches[number].step(own, last=step == room) for number, own in zip(going, rows, strict=True)
        ]
        widths = [len(own) for own in rows]
        places = _closed_up(following)
        if not places:
            break
        if len(places) < len(going):
            session.keep(places)
        nexts = [(place, following[place]) for place in places]
        going = [going[place] for place in places]
        rows = _step(session, [(sum(widths[:place]), own) for place, own in nexts if own])
    return [Written(own.found(), at_start) for own, at_start in zip(searches, starts, strict=True)]


def _step(session: Session, nexts: Sequence[tuple[int, Next]]) -> list[Floats]:
    """Feed the next token of all rows; logits [rows, vocabulary] of each window."""
    parents = [first + parent for first, own in nexts for parent in own.parents]
    tokens = np.array([[token] for _, own in nexts for token in own.tokens], np.int64)
    logits = session.feed(tokens, parents, [0])[:, 0]
    ends = np.cumsum([len(own.tokens) for _, own in nexts])
    return np.split(logits, ends[:-1])


def _closed_up(following: Sequence[Next | None]) -> list[int]:
    """The places of windows that go on; those at the end take the places of those that ended."""
    places = [place for place, own in enumerate(following) if own is not None]
    kept = [place for place in places if place < len(places)]
    moved = places[len(kept) :]
    holes = [place for place in range(len(places)) if place not in set(kept)]
    by_place = dict(zip(kept, kept, strict=True)) | dict(zip(holes, moved, strict=True))
    return [by_place[place] for place in range(len(places))]
