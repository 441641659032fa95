"""auricle datasets build"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.datasets.making import output, target
from auricle.cli.datasets.progress import opened
from auricle.cli.flags import Command, flags, options_from
from auricle.verbs.datasets import DataOptions
from auricle.verbs.datasets.make import build
from auricle.verbs.datasets.segment import SegmentOptions


@click.command(cls=Command)
@click.argument("data", metavar="DATASET")
@output("FOLDER", "folder for clips/ and manifest.jsonl")
@flags(SegmentOptions)
@flags(DataOptions)
def command(data: str, output: str, overwrite: bool, quiet: bool, **values: Any) -> int:
    """Make aligned utterances of long recordings with their transcripts.

    A folder of recordings with a .txt beside each will do. A model listens for the times of the
    words; the text stays the transcript's own. Exit code 1 where a recording could not be read.

    Example:  auricle datasets build lectures/ -o corpus --longest 20
    """
    target(str(Path(output) / "manifest.jsonl"), overwrite=overwrite)
    dataset = opened(data, options_from(DataOptions, values), quiet=quiet)
    built = build(dataset, options_from(SegmentOptions, values), Path(output))
    for name, why in built.failed.items():
        say(f"failed: {name}: {why}")
    lost = f", {built.lost:,} pieces left out: the model did not hear their words" if built.lost else ""
    say(f"wrote {output}: {built.count:,} utterances{lost}")
    return 1 if built.failed else 0
