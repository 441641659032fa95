"""Tasks of all callers in one line, and the workers that take them.

A worker has a thread while there is something to do. Knows: threads, order. Refuses to know: tasks.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from auricle.engines.openvino.compiled import Worker
from auricle.engines.openvino.writing import Task, Writing, fail


class Line:
    """First come, first served, by whichever worker has room."""

    def __init__(self, workers: Sequence[Worker], most: int, room: int) -> None:
        """Each worker writes at most ``most`` windows at once, of at most ``room`` states together."""
        self._idle = [Writing(worker, most, room) for worker in workers]
        self._waiting: deque[Task] = deque()
        self._lock = threading.Lock()

    def do(self, tasks: Sequence[Task]) -> list[Any]:
        """What became of the tasks. Where one fails, those that have not begun are never done."""
        with self._lock:
            self._waiting.extend(tasks)
            called = [self._idle.pop() for _ in range(min(len(self._idle), len(tasks)))]
        for writing in called:
            try:
                threading.Thread(target=self._work, args=(writing,), name="auricle-worker").start()
            except RuntimeError:  # the system gives no more threads; this one can do it
                self._work(writing)
        try:
            return [task.result.result() for task in tasks]
        finally:
            for task in tasks:
                task.result.cancel()  # which does nothing where it is done

    def _work(self, writing: Writing) -> None:
        while True:
            try:
                writing.run(self._take)
            except Exception as error:  # noqa: BLE001 (nobody may wait for a worker that cannot go on)
                self._give_up(error)
            with self._lock:
                if not self._waiting:
                    self._idle.append(writing)
                    return

    def _give_up(self, error: Exception) -> None:
        with self._lock:
            left = list(self._waiting)
            self._waiting.clear()
        for task in left:
            fail(task.result, error)

    def _take(self, fits: Callable[[Task], bool]) -> Task | None:
        with self._lock:
            while self._waiting:
                if self._waiting[0].result.cancelled():
                    self._waiting.popleft()
                elif fits(self._waiting[0]):
                    return self._waiting.popleft()
                else:
                    break
            return None
