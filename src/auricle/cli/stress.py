"""auricle stress"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import click

from auricle.cli import signals
from auricle.cli.console import clock, emit, printable
from auricle.cli.evaluate import EvaluationScreen
from auricle.cli.figures import between, percent, table
from auricle.cli.flags import Command, flags, options_from
from auricle.cli.signals import Stopped
from auricle.verbs.datasets import Dataset
from auricle.verbs.evaluate.survey import Survey
from auricle.verbs.stress import Stress, Stressing, StressOptions
from auricle.verbs.stress.page import difference

_EPILOG = """\b
Examples:
  auricle stress --model tiny.en --dataset talks/manifest.jsonl
  auricle stress --dataset talks/ --conditions noise:10,noise:0,telephone --noises noises/
  auricle stress --dataset talks/ --conditions room --rooms responses/ --max-utterances 100
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.option("-d", "--dataset", "spec", metavar="DATASET", help="folder, manifest or Hub id of a dataset")
@click.option(
    "--run", "folder", metavar="DIR", help="folder of the runs  [default: runs/MODEL-DATASET-stress]"
)
@click.option("--overwrite", is_flag=True, help="begin anew where the folder holds runs")
@click.option("-q", "--quiet", is_flag=True, help="no progress; warnings, errors and the result stay")
@flags(StressOptions, model="m", language="l")
def command(spec: str | None, folder: str | None, overwrite: bool, quiet: bool, **values: Any) -> int:
    """Say how a model bears noise, rooms, telephones, codecs, speed, level and length.

    Each condition is evaluated into a run of its own and compared with the clean sounds. The table
    goes to stdout, everything to the folder. What was done before is not done again.
    """
    if spec is None:
        raise click.UsageError("name a dataset. Type: auricle stress --dataset talks/manifest.jsonl")
    if quiet:
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    options = options_from(StressOptions, values)
    with StressScreen(quiet=quiet) as screen:
        stressing = Stressing(spec, options, folder=folder, overwrite=overwrite, watcher=screen)
        try:
            found = stressing.run()
        except (Stopped, KeyboardInterrupt) as stop:
            screen.stopped()
            return stop.code if isinstance(stop, Stopped) else 130
    emit("".join(f"{printable(line)}\n" for line in _lines(found)).encode())
    return 0


class StressScreen(EvaluationScreen):
    """Watches a stress test: an evaluation after the other."""

    _first = True

    def condition(self, name: str, number: int, count: int) -> None:
        """Say which begins."""
        signals.check()
        self._before = 0
        self._first = number == 1
        self._say(f"{name} ({number} of {count})")

    def opened(self, dataset: Dataset, found: Survey) -> None:
        """Say once what there is to hear."""
        if self._first:
            super().opened(dataset, found)


def _lines(found: Stress) -> Iterator[str]:
    yield f"{found.model} on {found.dataset}, normalised ({found.normalizer})"
    if found.mark:
        yield f"  {found.mark}"
    heads = ("condition", "rate", "95 % interval", "as written", "points more", "95 %", "p", "")
    rows = [
        (
            one.name,
            percent(one.normalized.rate),
            between(one.interval),
            percent(one.orthographic.rate),
            *(difference(one) if number else ("", "", "", "")),
        )
        for number, one in enumerate(found.conditions)
    ]
    yield from table([heads, *rows], indent=2)
    if (said := found.invented).clips:
        yield (
            f"  text where nothing is said: {said.clips_with_text} of {said.clips} clips, "
            f"{said.tokens} words in {clock(said.seconds)} ({said.per_hour:.1f} clips an hour)"
        )
    yield "  differences are paired with the clean sounds; p is corrected for the number of conditions"
    yield f"  page {found.folder / 'stress.html'}"
