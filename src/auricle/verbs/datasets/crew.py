"""Measuring many clips at once: in this process for a few, in one process a core for many.

Most of a clip's work is many short steps under Python's lock, so threads hardly help: 1,510 clips of
speechocean762 on two cores took 38 s with two threads. A process is started like any program
and talks over pipes, so a script needs no ``if __name__ == "__main__"`` and every system does the same.

    python -m auricle.verbs.datasets.crew      # what ``measure_all`` starts
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import chain, islice
from queue import SimpleQueue
from typing import IO, Any

from auricle.errors import DatasetError
from auricle.models import machine
from auricle.verbs.datasets.measure import Measured, measure
from auricle.verbs.datasets.utterance import AudioRef, Utterance, in_order

FEW = 64  # clips measured here before any process is started, which takes half a second
_CHUNK = 8  # clips a process gets at once
_PATIENCE = 10.0  # seconds for a process to end by itself
_AHEAD = 3  # chunks read ahead, for each thread or process

Heard = tuple[Utterance, Measured]
_Chunk = tuple[Utterance, ...]


def measure_all(utterances: Iterable[Utterance], workers: int = 0) -> Generator[Heard]:
    """Each utterance with what was measured, in order, on ``workers`` cores (0: all there are).

    Only a few utterances are read ahead, so memory does not grow with their number. What is
    measured does not depend on ``workers``. Close it (``contextlib.closing``) where it is not read
    to its end. Raises DatasetError where a process dies.
    """
    count = workers or machine.cores()
    rest = iter(utterances)
    yield from _spread(islice(rest, FEW), count)
    more = tuple(islice(rest, 1))
    if more:
        yield from _spread(chain(more, rest), count, _crew(count) if count > 1 else None)


def _spread(items: Iterable[Utterance], count: int, crew: _Crew | None = None) -> Generator[Heard]:
    """Chunk after chunk on threads, each of which waits for a process or decodes itself."""
    waiting: deque[tuple[_Chunk, Future[list[Measured]]]] = deque()
    work, size = (crew.measure, _CHUNK) if crew else (_here, 1)
    rest = iter(items)
    with ThreadPoolExecutor(count) as pool:
        try:
            while part := tuple(islice(rest, size)):
                waiting.append((part, pool.submit(work, part)))
                if len(waiting) > _AHEAD * count:
                    yield from _done(*waiting.popleft())
            while waiting:
                yield from _done(*waiting.popleft())
        finally:
            if crew:
                crew.stop()  # first, for a thread may be waiting for hours of sound
            pool.shutdown(cancel_futures=True)
            if crew:
                crew.close()


def _done(part: _Chunk, found: Future[list[Measured]]) -> Iterator[Heard]:
    return zip(part, found.result(), strict=True)


def _here(part: _Chunk) -> list[Measured]:
    with in_order():
        return [measure(item) for item in part]


def _crew(count: int) -> _Crew | None:
    """The processes; None where none can be started, as in a program that embeds Python."""
    try:
        return _Crew(count)
    except OSError:
        return None


class _Crew:
    """Processes, of which each thread takes one for as long as a chunk takes."""

    def __init__(self, count: int) -> None:
        self._all: list[subprocess.Popen[bytes]] = []
        self._free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        try:
            for _ in range(count):
                self._all.append(_start())
                self._free.put(self._all[-1])
        except OSError:
            self.close()
            raise

    def measure(self, part: _Chunk) -> list[Measured]:
        """What one process finds; it gets the sound alone, neither text nor columns."""
        process = self._free.get()
        try:
            return _ask(process, [item.audio for item in part])
        finally:
            self._free.put(process)

    def stop(self) -> None:
        """End the processes, whatever they are doing; whoever waits for one gets an error."""
        for process in self._all:
            process.kill()

    def close(self) -> None:
        """Stop, and let go of what belongs to them. Nobody may be waiting any more."""
        self.stop()
        for process in self._all:
            process.wait()
            for pipe in filter(None, (process.stdin, process.stdout)):
                with suppress(OSError):  # what was written and never read
                    pipe.close()


def _start() -> subprocess.Popen[bytes]:
    """One process, out of reach of a Ctrl-C that is meant for us: we end it, or it sees its input end."""
    alone: dict[str, Any] = {"process_group": 0}
    if sys.platform == "win32":
        alone = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    found = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "auricle.verbs.datasets.crew"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **found, "OPENBLAS_NUM_THREADS": "1"},
        **alone,
    )


def _ask(process: subprocess.Popen[bytes], sounds: Sequence[AudioRef]) -> list[Measured]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has pipes")
    try:
        pickle.dump(sounds, process.stdin)
        process.stdin.flush()
        found: list[Measured] = pickle.load(process.stdout)  # noqa: S301 (our own process wrote it)
    except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
        code = process.wait(_PATIENCE)
        raise DatasetError(
            f"a process that measures clips ended (exit code {code}): memory ran out, or one of these cannot "
            f"be decoded: {_names(sounds)}. Leave them out, or type the command again"
        ) from error
    return found


def _names(sounds: Sequence[AudioRef]) -> str:
    names = [str(sound.path or sound.name) for sound in sounds]
    return " to ".join(dict.fromkeys((names[0], names[-1])))


def _answer(asked: IO[bytes], told: IO[bytes]) -> None:
    """In the process: measure chunk after chunk until there are no more."""
    with in_order():
        while True:
            try:
                sounds: list[AudioRef] = pickle.load(asked)  # noqa: S301 (the process that started us wrote it)
            except EOFError:
                return
            found = [measure(Utterance("", sound)) for sound in sounds]
            try:
                pickle.dump(found, told)
                told.flush()
            except OSError:
                return  # nobody is there any more


def main() -> None:
    """Talk over the pipes; whatever else writes to standard output goes to standard error."""
    with os.fdopen(os.dup(1), "wb") as told:
        os.dup2(2, 1)
        _answer(sys.stdin.buffer, told)


if __name__ == "__main__":
    main()
