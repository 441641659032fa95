"""auricle datasets segment"""

from __future__ import annotations

from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.datasets.making import output, target
from auricle.cli.datasets.progress import opened
from auricle.cli.flags import Command, flags, options_from
from auricle.verbs.datasets import DataOptions
from auricle.verbs.datasets.make import segment
from auricle.verbs.datasets.segment import SegmentOptions


@click.command(cls=Command)
@click.argument("data", metavar="DATASET")
@output("FILE.jsonl", "manifest to write")
@flags(SegmentOptions)
@flags(DataOptions)
def command(data: str, output: str, overwrite: bool, quiet: bool, **values: Any) -> int:
    """Say where in long recordings each piece of their transcripts is said.

    As build, but no sound is copied: each line of the manifest names its recording with the
    second it starts and ends at. Exit code 1 where a recording could not be read.

    Example:  auricle datasets segment lectures/ -o pieces.jsonl --longest 20
    """
    path = target(output, overwrite=overwrite)
    dataset = opened(data, options_from(DataOptions, values), quiet=quiet)
    built = segment(dataset, options_from(SegmentOptions, values), path)
    for name, why in built.failed.items():
        say(f"failed: {name}: {why}")
    lost = f", {built.lost:,} pieces left out: the model did not hear their words" if built.lost else ""
    say(f"wrote {output}: {built.count:,} utterances{lost}")
    return 1 if built.failed else 0
