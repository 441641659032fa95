"""auricle datasets filter"""

from __future__ import annotations

from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.datasets.making import output, target
from auricle.cli.datasets.progress import opened
from auricle.cli.flags import Command, flags, options_from
from auricle.verbs.datasets import DataOptions
from auricle.verbs.datasets.make import filtered
from auricle.verbs.datasets.rewrite import FilterOptions


@click.command(cls=Command)
@click.argument("data", metavar="DATASET")
@output("FILE", "manifest to write, FILE.jsonl")
@flags(FilterOptions)
@flags(DataOptions)
def command(data: str, output: str, overwrite: bool, quiet: bool, **values: Any) -> None:
    """Keep the utterances that fit.

    Example:  auricle datasets filter corpus/ -o women.jsonl --where gender=female --max-seconds 20
    """
    path = target(output, overwrite=overwrite)
    dataset = opened(data, options_from(DataOptions, values), quiet=quiet)
    count = filtered(dataset, options_from(FilterOptions, values), path)
    say(f"wrote {path}: {count:,} utterances")
