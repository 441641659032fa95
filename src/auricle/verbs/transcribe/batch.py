"""Many recordings, one after the other: one bad file never stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from auricle.audio.source import open_source
from auricle.errors import AuricleError
from auricle.transcript import Segment, Transcript
from auricle.verbs.transcribe import Job, Progress, Transcriber
from auricle.verbs.transcribe.files import STDIN, Plan, Task, check_free
from auricle.verbs.transcribe.journal import Journal
from auricle.verbs.transcribe.options import TranscribeOptions


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
        self._place = 0  # number of the recording at hand, those done before and refused at once first

    def run(self) -> Outcome:
        """Transcribe what an earlier run has not finished. Raises what concerns all recordings alike."""
        waiting = [task for task in self._plan.tasks if not self._is_done(task)]
        self.outcome.skipped = len(self._plan.tasks) - len(waiting)
        if self.outcome.skipped:
            self._watcher.skipped(self.outcome.skipped)
        readable = [task for task in waiting if self._attempt(task, self._check)]
        if readable:
            self._watcher.loading(self._options.load.model)
            self._all(readable, self._load(self._options))
        return self.outcome

    def _all(self, tasks: list[Task], transcriber: Transcriber) -> None:
        self._place = len(self._plan.tasks) - len(tasks)
        for task in tasks:
            self._place += 1
            self.outcome.done += self._attempt(task, lambda task: self._one(transcriber, task))

    def _attempt(self, task: Task, work: Callable[[Task], None]) -> bool:
        """Whether the work was done; what is wrong with one recording is told, and the next follows."""
        try:
            work(task)
        except AuricleError as error:
            self.outcome.failed.append((task, error))
            self._watcher.failed(task, error)
            return False
        return True

    def _is_done(self, task: Task) -> bool:
        return self._journal is not None and not self._overwrite and self._journal.done(task)

    def _check(self, task: Task) -> None:
        """What costs nothing to know: the file is there and can be read, no other stands in the way."""
        if task.source != STDIN and not Path(task.source).is_fifo():
            open_source(task.source).close()
        if self._options.channel != "each":
            self._refuse_to_replace(self._plan.outputs(task).values())

    def _one(self, transcriber: Transcriber, task: Task) -> None:
        jobs = transcriber.jobs(task.source, lambda now: self._progress(task, now))
        files = [path for job in jobs for path in self._plan.outputs(task, job.channel).values()]
        self._refuse_to_replace(files)
        for job in jobs:
            self._hear(task, job)
            written = self._write(task, job.transcript(), files)
            self._watcher.finished(task, job.transcript(), written)
        if self._journal is not None:
            self._journal.finish(task, files)

    def _hear(self, task: Task, job: Job) -> None:
        with job:
            self._watcher.started(task, job.channel, job.seconds, (self._place, len(self._plan.tasks)))
            for segment in job:
                self._watcher.segment(task, segment)

    def _progress(self, task: Task, now: Progress) -> None:
        self._watcher.progress(task, now.done)

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
