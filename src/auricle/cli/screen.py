"""A batch as a person sees it: text on stdout, the bar, results and errors on stderr."""

from __future__ import annotations

import sys
from pathlib import Path

from auricle.cli import signals
from auricle.cli.console import ProgressLine, clock, emit, printable, say
from auricle.errors import AuricleError
from auricle.formats import dumps
from auricle.transcript import Segment, Transcript
from auricle.verbs.transcribe.batch import Outcome
from auricle.verbs.transcribe.files import STDIN, Plan, Task


class Screen:
    """Watches a batch. ``quiet`` leaves warnings and errors.

    What is told comes at places where work may end in order, so each looks whether it should.
    """

    def __init__(self, plan: Plan, *, quiet: bool, labelled: bool) -> None:
        self._plan = plan
        self._quiet = quiet
        self._labelled = labelled  # several transcripts share stdout
        self._live = plan.folder is None and plan.formats == ("txt",)
        self._bar = ProgressLine(shown=not quiet and sys.stderr.isatty())

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def skipped(self, count: int) -> None:
        """Say what an earlier run did."""
        self._say(f"{count} done before, skipped (--overwrite does them again)")

    def loading(self, model: str) -> None:
        """Say what is being waited for."""
        signals.check()
        self._bar.stage(f"loading {model}")

    def started(self, task: Task, channel: str | None, seconds: float | None, place: tuple[int, int]) -> None:
        """Draw the bar; on a shared stdout, say whose text follows."""
        signals.hold()
        signals.check()
        number, count = place
        file = f"file {number} of {count} " if count > 1 else ""
        self._bar.start(f"{file}{_label(task, channel)}", seconds)
        if self._live and self._labelled:
            name = _name(task) if count > 1 else ""
            part = f"channel {channel}" if channel is not None else ""
            self._print(f"[{' '.join(filter(None, (printable(name), part)))}]\n".encode())

    def segment(self, task: Task, segment: Segment) -> None:
        """Print plain text as it comes."""
        signals.check()
        if self._live:
            self._print(dumps(Transcript((segment,)), "txt"))
        self._bar.update(segment.end)

    def progress(self, task: Task, done: float) -> None:
        """Move the bar."""
        self._bar.update(done)

    def finished(self, task: Task, transcript: Transcript, files: list[Path]) -> None:
        """Print what was not printed yet, and say what it came to."""
        self._bar.stop()
        if self._plan.folder is None and not self._live:
            emit(dumps(transcript, self._plan.formats[0], self._plan.style))
        name = _label(task, transcript.channel)
        for warning in transcript.warnings:
            say(f"{name}: warning: {warning}")
        for line in _results(transcript, files):
            self._say(f"{name}: {line}")

    def failed(self, task: Task, error: AuricleError) -> None:
        """Say it at once; it is listed again at the end."""
        signals.check()
        self._bar.stop()
        say(f"auricle: {error}" if task.source in str(error) else f"auricle: {_name(task)}: {error}")

    def summary(self, outcome: Outcome) -> None:
        """The end of a batch: how many, and which failed."""
        if len(self._plan.tasks) < 2:
            return
        self._say(
            f"{len(self._plan.tasks)} recordings: {outcome.done} transcribed, "
            f"{outcome.skipped} done before, {len(outcome.failed)} failed"
        )
        for task, _ in outcome.failed:
            say(f"failed: {task.source}")

    def stopped(self, outcome: Outcome) -> None:
        """Somebody has stopped it: what is done, and how to go on."""
        self._bar.stop()
        if self._plan.folder is None:
            say("auricle: stopped.")
            return
        done = outcome.done + outcome.skipped
        say(
            f"auricle: stopped with {done} of {len(self._plan.tasks)} recordings done. "
            "Type the same command again to go on."
        )

    def _print(self, data: bytes) -> None:
        with self._bar.aside():
            emit(data)

    def _say(self, text: str) -> None:
        if not self._quiet:
            say(text)


def _results(transcript: Transcript, files: list[Path]) -> list[str]:
    """What one recording came to: files, speed, model and language; the coverage."""
    lines = []
    if files:
        lines.append(f"wrote {', '.join(map(str, files))}")
    if (record := transcript.record) is not None:
        speed = transcript.duration / record.elapsed if record.elapsed else 0.0
        engine = " ".join(part for part in (record.engine, record.device, record.compute_type) if part)
        lines.append(
            f"{clock(transcript.duration)} in {record.elapsed:.1f} s ({speed:.1f} × real time) · "
            f"{record.model} on {engine}{_language(transcript)}"
        )
    if transcript.coverage is not None:
        lines.append(transcript.coverage.summary())
    return lines


def _language(transcript: Transcript) -> str:
    """The language where it was found out, with how sure that is; a model of one language is sure."""
    chance = transcript.language_probability
    return f" · language {transcript.language} ({chance:.0%})" if chance is not None and chance < 1 else ""


def _name(task: Task) -> str:
    return "stdin" if task.source == STDIN else Path(task.source).name


def _label(task: Task, channel: str | None) -> str:
    return _name(task) if channel is None else f"{_name(task)} channel {channel}"
