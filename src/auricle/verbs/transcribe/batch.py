"""Many recordings, one after the other: one bad file never stops the rest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from auricle.audio.source import open_source
from auricle.errors import AuricleError
from auricle.transcript import Segment, Transcript
from auricle.verbs.transcribe import Job, Transcriber, channel_names
from auricle.verbs.transcribe.files import STDIN, Plan, Task, check_free
from auricle.verbs.transcribe.journal import Journal
from auricle.verbs.transcribe.options import TranscribeOptions
from auricle.verbs.transcribe.pipeline import Step


class Watcher(Protocol):
    """Who is told what happens; the command line draws it."""

    def skipped(self, count: int) -> None:
        """``count`` recordings were finished by an earlier run."""

    def loading(self, model: str) -> None:
        """A model is being looked for, perhaps downloaded, and loaded."""

    def started(self, task: Task, channel: str | None, seconds: float | None, place: tuple[int, int]) -> None:
        """A recording of so many seconds (None: unknown) has been opened; ``place`` is (3, 12): 3 of 12."""

    def segment(self, task: Task, segment: Segment) -> None:
        """The next segment of the recording at hand."""

    def progress(self, task: Task, done: float) -> None:
        """So many seconds of the recording at hand are written down."""

    def finished(self, task: Task, transcript: Transcript, files: list[Path]) -> None:
        """A transcript is complete, and written to ``files`` where files were asked for."""

    def failed(self, task: Task, error: AuricleError) -> None:
        """A recording could not be transcribed; the next one follows."""


@dataclass(slots=True)
class Outcome:
    """What a batch came to so far."""

    done: int = 0
    skipped: int = 0
    failed: list[tuple[Task, AuricleError]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Part:
    """What a job is of its recording, the ``place``-th of the plan: all of it, or a channel."""

    task: Task
    place: int
    last: bool


class Batch:
    """Runs a plan with one model in memory; ``outcome`` is true at any time.

    ``load`` makes the transcriber, once it is known that there is something to transcribe.
    """

    def __init__(
        self,
        plan: Plan,
        options: TranscribeOptions,
        watcher: Watcher,
        *,
        overwrite: bool = False,
        load: Callable[[TranscribeOptions], Transcriber] = Transcriber,
    ) -> None:
        self.outcome = Outcome()
        self._plan = plan
        self._options = options
        self._watcher = watcher
        self._overwrite = overwrite
        self._load = load
        self._journal = Journal(plan.folder, options, plan) if plan.folder else None
        self._channels: dict[str, list[str | None]] = {}  # of each recording, where each is one transcript

    def run(self) -> Outcome:
        """Transcribe what an earlier run has not finished. Raises what concerns all recordings alike."""
        waiting = [task for task in self._plan.tasks if not self._is_done(task)]
        self.outcome.skipped = len(self._plan.tasks) - len(waiting)
        if self.outcome.skipped:
            self._watcher.skipped(self.outcome.skipped)
        readable = [task for task in waiting if self._attempt(task, self._check, task)]
        if readable:
            self._watcher.loading(self._options.load.model)
            self._all(readable, self._load(self._options))
        return self.outcome

    def _all(self, tasks: list[Task], transcriber: Transcriber) -> None:
        """Files together; what may keep a reader waiting, such as a pipe, alone."""
        first = len(self._plan.tasks) - len(tasks) + 1
        numbered = list(enumerate(tasks, first))
        for _, group in itertools.groupby(numbered, lambda one: "" if _is_file(one[1]) else one[1].source):
            self._together(list(group), transcriber)

    def _together(self, tasks: list[tuple[int, Task]], transcriber: Transcriber) -> None:
        """Transcribe some recordings, with the windows of all in one queue."""
        parts: dict[Job, _Part] = {}

        def jobs() -> Iterator[Job]:
            for place, task in tasks:
                channels = self._channels.get(task.source, [None])
                for channel in channels:
                    job = transcriber.open(task.source, channel=channel)
                    parts[job] = _Part(task, place, last=channel == channels[-1])
                    yield job

        failed: set[int] = set()
        with closing(transcriber.together(jobs())) as steps:
            for step in steps:
                part = parts[step.item] if not step.over else parts.pop(step.item)
                if part.place not in failed and not self._attempt(part.task, self._step, step, part):
                    failed.add(part.place)

    def _attempt(self, task: Task, work: Callable[..., None], *values: Any) -> bool:
        """Whether the work was done; what is wrong with one recording is told, and the next follows."""
        try:
            work(*values)
        except AuricleError as error:
            self.outcome.failed.append((task, error))
            self._watcher.failed(task, error)
            return False
        return True

    def _is_done(self, task: Task) -> bool:
        return self._journal is not None and not self._overwrite and self._journal.done(task)

    def _check(self, task: Task) -> None:
        """What costs little to know: the file is there and can be read, no other stands in the way."""
        if _is_file(task):
            open_source(task.source).close()
        if self._options.channel == "each":
            self._channels[task.source] = list(channel_names(task.source))
        self._refuse_to_replace(self._files(task))

    def _files(self, task: Task) -> list[Path]:
        channels = self._channels.get(task.source, [None])
        return [path for channel in channels for path in self._plan.outputs(task, channel).values()]

    def _step(self, step: Step[Job], part: _Part) -> None:
        """Tell what happened to a recording, and write down what is over. Raises what it failed with."""
        task, job = part.task, step.item
        if step.error is not None:
            raise step.error
        if step.begun:
            self._watcher.started(task, job.channel, job.seconds, (part.place, len(self._plan.tasks)))
        for segment in step.segments:
            self._watcher.segment(task, segment)
        if step.window is not None:
            self._watcher.progress(task, step.window.end)
        if step.over:
            self._over(task, job.transcript(), last=part.last)

    def _over(self, task: Task, transcript: Transcript, *, last: bool) -> None:
        files = self._files(task)
        self._watcher.finished(task, transcript, self._write(task, transcript, files))
        if not last:
            return
        if self._journal is not None:
            self._journal.finish(task, files)
        self.outcome.done += 1

    def _write(self, task: Task, transcript: Transcript, files: list[Path]) -> list[Path]:
        if self._journal is not None:
            self._journal.begin(files)
        return self._plan.write(task, transcript)

    def _refuse_to_replace(self, files: Iterable[Path]) -> None:
        """A file that no earlier run wrote, or that was changed since, may be somebody's work."""
        if self._journal is None or self._overwrite:
            return
        for path in files:
            if not self._journal.ours(path):
                check_free(path, " and was not made here, or changed since")


def _is_file(task: Task) -> bool:
    return task.source != STDIN and not Path(task.source).is_fifo()
