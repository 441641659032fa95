"""auricle datasets push"""

from __future__ import annotations

from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.datasets.progress import opened
from auricle.cli.flags import Command, flags, options_from
from auricle.verbs.datasets import DataOptions
from auricle.verbs.datasets.push import PushOptions, push


@click.command(cls=Command)
@click.argument("data", metavar="DATASET")
@click.argument("repository", metavar="OWNER/NAME")
@click.option("-q", "--quiet", is_flag=True, help="no warnings")
@flags(PushOptions)
@flags(DataOptions)
def command(data: str, repository: str, quiet: bool, **values: Any) -> None:
    """Upload a dataset to the Hugging Face Hub as parquet, with a card.

    A repository that is not there is made, for you alone unless --public is given.

    Example:  auricle datasets push corpus/ anna/corpus --licence cc-by-4.0
    """
    options = options_from(PushOptions, values)
    dataset = opened(data, options_from(DataOptions, values), quiet=quiet)
    done = push(dataset, repository, options)
    say(f"pushed {done.utterances:,} utterances to {done.url} ({done.commit[:12]})")
