"""auricle datasets export"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.datasets.progress import opened
from auricle.cli.flags import Command, flags, options_from
from auricle.verbs.datasets import DataOptions
from auricle.verbs.datasets.export import TARGETS, export

_EPILOG = "\b\nWhat can be written:\n" + "\n".join(
    f"  {name:<13} {row.about}" for name, row in TARGETS.items()
)


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("data", metavar="DATASET")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="folder to write, empty or new")
@click.option("--to", "kind", type=click.Choice(list(TARGETS)), required=True, help="what to write")
@click.option("-q", "--quiet", is_flag=True, help="no warnings")
@flags(DataOptions)
def command(data: str, output: str, kind: str, quiet: bool, **values: Any) -> None:
    """Write a dataset in a form that other tools open.

    Example:  auricle datasets export corpus/ -o corpus-parquet --to parquet
    """
    dataset = opened(data, options_from(DataOptions, values), quiet=quiet)
    count = export(dataset, Path(output), kind)
    say(f"wrote {output}: {count:,} utterances")
