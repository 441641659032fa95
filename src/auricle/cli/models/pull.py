"""auricle models pull"""

from __future__ import annotations

import click

from auricle.cli.console import emit, say
from auricle.verbs.models import pull

_ORIGINS = {
    "hub": "downloaded",
    "cache": "was here",
    "embedded": "comes with Auricle",
    "local": "is a folder",
}


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--revision", metavar="REV", help="branch, tag or commit of the repository on the Hub")
def command(name: str, revision: str | None) -> None:
    """Download a model: a name of the catalogue or a Hugging Face id (owner/name).

    Its folder is printed. A download that broke off goes on when the same is typed again.
    """
    folder = pull(name, revision=revision)
    revised = f" ({folder.revision[:12]})" if folder.revision else ""
    say(f"{name} {_ORIGINS[folder.origin]}{revised}")
    emit(f"{folder.path}\n".encode())
