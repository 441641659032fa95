"""auricle datasets split"""

from __future__ import annotations

from typing import Any

import click

from auricle.cli.console import clock, say
from auricle.cli.datasets.making import output, target
from auricle.cli.datasets.progress import opened
from auricle.cli.flags import Command, flags, options_from
from auricle.cli.tables import table
from auricle.verbs.datasets import DataOptions
from auricle.verbs.datasets.make import split
from auricle.verbs.datasets.partition import SplitOptions


@click.command(cls=Command)
@click.argument("data", metavar="DATASET")
@output("FILE", "manifest to write, FILE.jsonl")
@flags(SplitOptions)
@flags(DataOptions)
def command(data: str, output: str, overwrite: bool, quiet: bool, **values: Any) -> None:
    """Deal a dataset out into train, validation and test, without a leak.

    Example:  auricle datasets split corpus/ -o corpus/manifest.jsonl --by speaker --test 0.2
    """
    path = target(output, overwrite=overwrite)
    options = options_from(SplitOptions, values)
    parts = split(opened(data, options_from(DataOptions, values), quiet=quiet), options, path)
    rows = [
        (part.name, f"{part.utterances:,}", clock(part.seconds), f"{part.speakers:,}", f"{part.groups:,}")
        for part in parts
    ]
    group = {"speaker": "groups", "text": "texts", "both": "groups"}[options.by]
    print(table(("split", "utterances", "length", "speakers", group), rows, right=(1, 2, 3, 4)), end="")
    say(f"wrote {path}")
