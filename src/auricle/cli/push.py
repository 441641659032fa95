"""auricle push"""

from __future__ import annotations

from typing import Any

import click

from auricle.cli.console import emit, say
from auricle.cli.flags import Command, flags, typed
from auricle.verbs.push import PushOptions, push


@click.command(cls=Command, epilog="Example:  auricle push checkpoints/accent --repo me/accent")
@click.argument("checkpoint", metavar="DIR")
@flags(PushOptions)
def command(checkpoint: str, **values: Any) -> None:
    """Send a checkpoint to the Hugging Face Hub, with its card.

    It is one commit; the address is printed. Log in first: hf auth login
    """
    found = push(checkpoint, **typed(values, PushOptions))
    say(f"pushed to {found.repo}, commit {found.commit[:12]}")
    emit(f"{found.url}\n".encode())
