"""auricle evaluate"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click

from auricle.cli import signals
from auricle.cli.console import ProgressLine, clock, emit, say
from auricle.cli.figures import count
from auricle.cli.flags import Command, flags, options_from, typed
from auricle.cli.leaderboard import as_text
from auricle.cli.runs import summary
from auricle.cli.signals import Stopped
from auricle.errors import AuricleError
from auricle.options import build
from auricle.verbs.datasets import Dataset
from auricle.verbs.evaluate import EvaluateOptions, Evaluation, Failed, Progress
from auricle.verbs.evaluate.evaluating import suite_folder
from auricle.verbs.evaluate.suite import load_suite
from auricle.verbs.evaluate.survey import Survey
from auricle.verbs.leaderboard import leaderboard
from auricle.verbs.report import write_html

_EPILOG = """\b
Examples:
  auricle evaluate --model tiny.en --dataset talks/manifest.jsonl
  auricle evaluate --model small --dataset talks/ --language en --words
  auricle evaluate --model owner/name --dataset talks/ --split test --max-utterances 50
  auricle evaluate --model small.en --suite open-asr-english
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.option("-d", "--dataset", "spec", metavar="DATASET", help="folder, manifest or Hub id of a dataset")
@click.option(
    "--suite",
    metavar="FILE|NAME",
    help="several datasets at once: a TOML file, open-asr-english or open-asr-multilingual",
)
@click.option(
    "--run", "folder", metavar="DIR", help="folder of the run, or of the runs of a suite  [default: in runs]"
)
@click.option("--overwrite", is_flag=True, help="begin anew where the folder holds a run")
@click.option("-q", "--quiet", is_flag=True, help="no progress; warnings, errors and the result stay")
@flags(EvaluateOptions, model="m", language="l")
def command(
    spec: str | None, suite: str | None, folder: str | None, overwrite: bool, quiet: bool, **values: Any
) -> int:
    """Say how good a model is on a dataset, where it fails, and how fast it is.

    The result goes to stdout, everything to the run's folder. A run that was interrupted goes on
    where it was when the same command is typed again.
    """
    if (spec is None) == (suite is None):
        raise click.UsageError(
            "name a dataset or a suite. Type: auricle evaluate --dataset talks/manifest.jsonl"
        )
    if quiet:
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    with EvaluationScreen(quiet=quiet) as screen:
        try:
            if suite is not None:
                return _suite(suite, folder, typed(values, EvaluateOptions), screen, overwrite=overwrite)
            options = options_from(EvaluateOptions, values)
            return _one(
                Evaluation(spec or "", options, folder=folder, overwrite=overwrite, watcher=screen), screen
            )
        except (Stopped, KeyboardInterrupt) as stop:
            screen.stopped()
            return stop.code if isinstance(stop, Stopped) else 130


def _one(evaluation: Evaluation, screen: EvaluationScreen) -> int:
    run = evaluation.run()
    write_html(run, on_progress=screen.picturing)
    screen.stop()
    emit(summary(run).encode())
    return 1 if run.failed else 0


def _suite(
    spec: str, folder: str | None, values: dict[str, Any], screen: EvaluationScreen, *, overwrite: bool
) -> int:
    """All datasets of a suite; one that cannot be evaluated does not stop the rest."""
    found = load_suite(spec)
    jobs = [(member, build(EvaluateOptions, made)) for member, made in found.with_options(values)]
    done: list[Path] = []
    worst = 0
    for member, options in jobs:
        target = suite_folder(folder, found, options.load.model, member)
        try:
            work = Evaluation(member.dataset, options, folder=target, overwrite=overwrite, watcher=screen)
            worst = max(worst, _one(work, screen))
            done.append(target)
        except AuricleError as error:
            screen.stop()
            say(f"auricle: {member.name}: {error}")
            worst = 1
    if len(done) > 1:
        emit(as_text(leaderboard(*done)).encode())
    say(f"{len(done)} of {len(jobs)} datasets of {found.name} evaluated")
    return worst


class EvaluationScreen:
    """Watches an evaluation. ``quiet`` leaves warnings and errors."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar = ProgressLine(shown=not quiet and sys.stderr.isatty())
        self._now: Progress | None = None
        self._total: int | None = None
        self._before = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def opened(self, dataset: Dataset, found: Survey) -> None:
        """Say what there is to hear, and what is wrong with it."""
        for warning in found.warnings:
            self.warning(warning)
        seconds = f", {clock(found.seconds)} of audio" if found.seconds is not None else ""
        if found.chosen is None:
            return
        of = f"{found.chosen} of " if found.total not in (None, found.chosen) else ""
        size = count(found.total or found.chosen, "utterance")
        self._say(f"{dataset.name}: {of}{size}{seconds}")

    def loading(self, model: str) -> None:
        """Say what is being waited for."""
        signals.check()
        self._bar.stage(f"loading {model}")

    def resumed(self, done: int) -> None:
        """Say what an earlier run did."""
        self._bar.stop()
        self._before = done
        self._say(f"{count(done, 'utterance')} heard before (--overwrite hears them again)")

    def started(self, total: int | None) -> None:
        """Draw the bar."""
        signals.hold()
        signals.check()
        self._total = total
        self._bar.start("hearing", total, self._before)

    def progress(self, now: Progress) -> None:
        """Move the bar."""
        signals.check()
        self._now = now
        self._bar.update(now.done, _running(now))

    def picturing(self, done: float, whole: float) -> None:
        """The page is being made: so many seconds of recordings are pictured."""
        signals.check()
        if not done:
            self._bar.start("making the page", whole)
        self._bar.update(done)

    def failed(self, item: Failed) -> None:
        """Say it at once; it is counted again at the end."""
        self._aside(f"auricle: {item.id}: {item.error}")

    def warning(self, text: str) -> None:
        """Say it at once."""
        self._aside(f"warning: {text}")

    def stop(self) -> None:
        """Take the bar away: something is printed."""
        self._bar.stop()
        self._before = 0

    def stopped(self) -> None:
        """Somebody has stopped it: what is done, and how to go on."""
        self._bar.stop()
        if self._now is None:
            say("auricle: stopped.")
            return
        of = f" of {self._total}" if self._total is not None else ""
        kept = f"{self._now.kept}{of} utterances kept"
        say(f"auricle: stopped with {kept}. Type the same command again to go on.")

    def _aside(self, text: str) -> None:
        with self._bar.aside():
            say(text)

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._aside(text)


def _running(now: Progress) -> str:
    """How many, and the error rate so far."""
    of = f" of {now.total}" if now.total is not None else ""
    rate = now.errors.rate
    return f"{int(now.done)}{of}" + (
        f" · {now.errors.measure} {100 * rate:.1f} %" if rate is not None else ""
    )
