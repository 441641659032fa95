"""auricle models rm"""

from __future__ import annotations

import sys

import click

from auricle.cli.console import printable, say
from auricle.cli.tables import size
from auricle.errors import OptionError
from auricle.verbs.models import Removal, removal, remove


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME ...")
@click.option("--yes", is_flag=True, help="do not ask")
def command(names: tuple[str, ...], yes: bool) -> int:
    """Remove downloaded models, with the conversions made of them.

    Only what Auricle downloaded goes: no folder of yours, and not the embedded model.
    """
    found = [removal(name) for name in names]
    if not yes and not _agreed(found):
        say("nothing removed")
        return 1
    for what in found:
        say(f"removed {what.name}: {size(remove(what))} freed")
    return 0


def _agreed(found: list[Removal]) -> bool:
    """Ask. Raises OptionError where nobody can answer."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise OptionError("rm asks before it removes, and nobody is here to answer. Type: --yes")
    for what in found:
        say(f"{what.name}: {size(what.download.size)} in {printable(str(what.download.path))}")
    return click.confirm("Remove?", err=True)
