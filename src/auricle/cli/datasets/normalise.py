"""auricle datasets normalise"""

from __future__ import annotations

from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.datasets.making import output, target
from auricle.cli.datasets.progress import opened
from auricle.cli.flags import Command, flags, options_from
from auricle.verbs.datasets import DataOptions
from auricle.verbs.datasets.make import normalise
from auricle.verbs.datasets.rewrite import STEPS

_EPILOG = "\b\nSteps, done in the order they are typed:\n" + "\n".join(
    f"  {name:<15} {step.about} (version {step.version})" for name, step in STEPS.items()
)


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("data", metavar="DATASET")
@output("FILE", "manifest to write, FILE.jsonl")
@click.option("--steps", required=True, metavar="STEP,...", help="what to do with each text")
@flags(DataOptions)
def command(data: str, output: str, overwrite: bool, quiet: bool, steps: str, **values: Any) -> None:
    """Clean up the texts in named steps; the first text stays in the column text_raw.

    Example:  auricle datasets normalise corpus/ -o clean.jsonl --steps nfc,markup,spaces
    """
    path = target(output, overwrite=overwrite)
    dataset = opened(data, options_from(DataOptions, values), quiet=quiet)
    count = normalise(dataset, tuple(name.strip() for name in steps.split(",")), path)
    say(f"wrote {path}: {count:,} utterances")
