"""auricle models path"""

from __future__ import annotations

import click

from auricle.cli.console import emit
from auricle.verbs.models import place


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--revision", metavar="REV", help="branch, tag or commit of the repository on the Hub")
def command(name: str, revision: str | None) -> None:
    """Print the folder of a model on this machine; the network is not asked."""
    emit(f"{place(name, revision=revision).path}\n".encode())
