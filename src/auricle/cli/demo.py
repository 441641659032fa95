"""auricle demo"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.flags import Command, flags, options_from
from auricle.cli.signals import Stopped
from auricle.demo import DemoOptions, demo

_EPILOG = """\b
Examples:
  auricle demo
  auricle demo --model my-checkpoint --also tiny.en
  auricle demo --host 0.0.0.0 --auth ann:secret
  auricle demo --record my-voice --prompts prompts.txt
  auricle demo --model my-checkpoint --space my-space --push ann/my-space
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.option(
    "--space",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="write the page as a Hugging Face Space to a new folder, instead of showing it",
)
@click.option("--push", metavar="NAME/SPACE", help="with --space: put it on the Hub")
@flags(DemoOptions, model="m")
def command(space: Path | None, push: str | None, **values: Any) -> int:
    """Show a model on a page: files, the microphone, words while you speak, two models side by side,
    and with --record sentences to read into a dataset.

    The page is for this machine only unless --host or --share says otherwise. Ctrl-C ends it.
    """
    options = options_from(DemoOptions, values)
    if space is not None:
        return _space(options, space, push)
    if push is not None:
        raise click.UsageError("--push goes with --space DIR.")
    try:
        demo(options, on_ready=lambda address: say(f"auricle: open {address} in a browser; Ctrl-C ends"))
    except (Stopped, KeyboardInterrupt):
        say("auricle: the page is closed.")
    return 0


def _space(options: DemoOptions, folder: Path, repository: str | None) -> int:
    from auricle.demo.space import make_space, push

    files = make_space(options, folder)
    say(f"auricle: a Space of {len(files)} files is in {folder}. To try it: python {folder / 'app.py'}")
    if repository is not None:
        say(f"auricle: it is on {push(folder, repository)}")
    return 0
