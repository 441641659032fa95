"""Texts of many windows at once: each joins the others when there is room, and leaves when its text is over.

A step of the decoder takes nearly as long for one window as for eight, so a worker that waited for the
longest text of a group would do most of its steps for two or three. Here a window that is over makes
room at once for the next one that waits, whoever asked for it (continuous batching: Yu et al. 2022,
"Orca: A Distributed Serving System for Transformer-Based Generative Models").

Knows: who writes when, and which rows are whose. Refuses to know: what makes a text good (search.py),
audio, where windows come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np

from auricle.engines.openvino.compiled import Worker
from auricle.engines.openvino.decoding import Session
from auricle.engines.openvino.search import Found, Next, Search
from auricle.engines.openvino.sound import Floats, Keys, Sound

_SHORT = 16  # tokens of a prompt: one that is longer is read at once, before any text
_FORGOTTEN = 64  # tokens that no row sees any more are dropped once there are so many


@dataclass(frozen=True, slots=True)
class Written:
    """The text of one window, and the logits [vocabulary] at the start token."""

    found: Found
    at_start: Floats


@dataclass(slots=True, eq=False)
class Window:
    """A window to be written.

    ``encode`` gives what is added to its scores, at most ``states`` of them, and its keys and values; the
    text comes after ``prompt``, in which the start token has the place ``start``, has at most ``room``
    tokens. ``result`` becomes what ``finish`` makes of it.
    """

    states: int
    encode: Callable[[Worker], tuple[Floats, Sequence[Keys]]]
    prompt: Sequence[int]
    start: int
    search: Search
    room: int
    finish: Callable[[Worker, Sound, Written], Any]
    result: Future[Any] = field(default_factory=Future)


@dataclass(slots=True, eq=False)
class Errand:
    """Something else that a worker is asked to do between two steps."""

    work: Callable[[Worker], Any]
    result: Future[Any] = field(default_factory=Future)


Task = Window | Errand


class Take(Protocol):
    """Gives the task that has waited longest, if there is one and it fits."""

    def __call__(self, fits: Callable[[Task], bool]) -> Task | None:
        """The task, which nobody else is given."""
        ...


@dataclass(slots=True, eq=False)
class _Entry:
    """A window that is being written: its rows in the last call, and how the text goes on."""

    task: Window
    began: int
    first: int = 0
    rows: int = 0
    read: int = 0  # tokens of the prompt
    steps: int = 0
    following: Next | None = None
    at_start: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    over: bool = False

    def next(self) -> tuple[list[int], list[int]]:
        """The rows that its rows go on from, and their tokens."""
        if self.following is None:
            width = self.task.search.width
            parents = [self.first + at for at in range(width)] if self.rows == width else [0] * width
            return parents, [self.task.prompt[self.read]] * width
        return [self.first + parent for parent in self.following.parents], self.following.tokens

    def take(self, logits: Floats) -> None:
        """Logits [rows, vocabulary] after the next token of the prompt, or of the text."""
        if self.following is None:
            if self.read == self.task.start:
                self.at_start = logits[0].copy()
            self.read += 1
            if self.read < len(self.task.prompt):
                return
            logits = logits[:1]
        self.steps += 1
        self.following = self.task.search.step(logits, last=self.steps == self.task.room)
        self.over = self.following is None


class Writing:
    """What one worker writes."""

    def __init__(self, worker: Worker, most: int, room: int) -> None:
        """At most ``most`` windows at once, and where there is more than one, at most ``room`` states."""
        self._worker, self._most, self._room = worker, most, room
        self._sound = Sound()
        self._session = Session(worker.decoder, self._sound)
        self._going: list[_Entry] = []
        self._memory = worker.memory  # is let go last: the session's graph reads it until it is gone

    def run(self, take: Take) -> None:
        """Write until nothing is left to take. What a task fails with is in its result."""
        while True:
            try:
                self._join(take)
                if not self._going:
                    return
                if self._begins_together():
                    self._read_prompt()
                else:
                    self._step()
            except Exception as error:  # noqa: BLE001 (all of them shared the decoder, and are told)
                for entry in self._going:
                    fail(entry.task.result, error)
                self._going = []
                self._sound.clear()

    def _join(self, take: Take) -> None:
        """End what is over, and let what waits take its place."""
        changed = self._finish()
        while task := take(self._fits):
            try:
                if isinstance(task, Errand):
                    _settle(task.result, partial(task.work, self._worker))
                elif self._put(task):
                    changed = True
            except Exception as error:
                fail(task.result, error)  # it is not among those that go on
                raise
        changed = self._close_up() or changed
        if self._going and changed:
            self._session.listen()

    def _finish(self) -> bool:
        """Hand over the texts that are over."""
        for place, entry in enumerate(self._going):
            task = entry.task
            if entry.over and not task.result.done():
                written = Written(task.search.found(), entry.at_start)
                window = self._sound.window(place)
                _settle(task.result, partial(task.finish, self._worker, window, written))
        return any(entry.over for entry in self._going)

    def _put(self, task: Window) -> bool:
        """Begin a window, in the place of one that is over if there is one."""
        try:
            weight, parts = task.encode(self._worker)
        except Exception as error:  # noqa: BLE001 (its caller is told; the others go on)
            fail(task.result, error)
            return False
        place = next((at for at, entry in enumerate(self._going) if entry.over), None)
        if all(entry.over for entry in self._going):
            self._session.restart()
        entry = _Entry(task, self._session.length)
        self._sound.put(weight, parts, place)
        if place is None:
            self._going.append(entry)
        else:
            self._going[place] = entry
        return True

    def _close_up(self) -> bool:
        """The last windows take the places of those that are over."""
        holes = [place for place, entry in enumerate(self._going) if entry.over]
        for place in reversed(holes):
            self._sound.drop(place)
            self._going[place] = self._going[-1]
            self._going.pop()
        return bool(holes)

    def _fits(self, task: Task) -> bool:
        if isinstance(task, Errand):
            return True
        going = [entry for entry in self._going if not entry.over]
        if not going:
            return True
        first = going[0]
        lengths = [own for own, entry in zip(self._sound.lengths, self._going, strict=True) if not entry.over]
        kept = max(own / entry.task.states for own, entry in zip(lengths, going, strict=True))
        # How long it will be is known once it has been heard; until then, as if as much of it were kept.
        together = (len(going) + 1) * max(*lengths, kept * task.states) <= self._room
        if len(going) >= self._most or not together or task.search.width != first.task.search.width:
            return False
        if self._session.length:
            return len(task.prompt) <= _SHORT
        return task.prompt == first.task.prompt or max(len(task.prompt), len(first.task.prompt)) <= _SHORT

    def _begins_together(self) -> bool:
        """Whether all windows are new and have one prompt, which can be read at once."""
        prompt = self._going[0].task.prompt
        same = all(entry.task.prompt == prompt for entry in self._going)
        return self._session.length == 0 and len(prompt) > 1 and same

    def _read_prompt(self) -> None:
        task = self._going[0].task
        ids = np.array([task.prompt] * len(self._going), np.int64)
        logits = self._session.feed(ids, range(len(self._going)), [task.start, len(task.prompt) - 1])
        for number, (entry, own) in enumerate(zip(self._going, logits, strict=True)):
            entry.first, entry.rows = number, 1
            entry.at_start = own[0].copy()
            entry.read = len(task.prompt) - 1
            entry.take(own[1:])

    def _step(self) -> None:
        """Feed the next token of all rows."""
        parents: list[int] = []
        tokens: list[int] = []
        began: list[int] = []
        for entry in self._going:
            rows, ids = entry.next()
            entry.first, entry.rows = len(parents), len(rows)
            parents += rows
            tokens += ids
            began += [entry.began] * len(rows)
        unseen = min(began)
        if unseen >= _FORGOTTEN:
            self._session.forget(unseen)
            began = [place - unseen for place in began]
            for entry in self._going:
                entry.began -= unseen
        logits = self._session.feed(np.array(tokens, np.int64)[:, None], parents, [0], began)[:, 0]
        for entry in self._going:
            entry.take(logits[entry.first : entry.first + entry.rows])
            entry.over = entry.over or entry.task.result.cancelled()


def _settle(result: Future[Any], work: Callable[[], Any]) -> None:
    """Put into a result what comes of some work. Nobody waits for one that was cancelled."""
    if not result.set_running_or_notify_cancel():
        return
    try:
        result.set_result(work())
    except Exception as error:  # noqa: BLE001 (raised where the result is waited for)
        result.set_exception(error)


def fail(result: Future[Any], error: Exception) -> None:
    """Say why there is no result, to whoever still waits for it."""
    if not result.done() and result.set_running_or_notify_cancel():
        result.set_exception(error)
