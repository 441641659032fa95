"""auricle serve"""

from __future__ import annotations

from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.flags import Command, flags, options_from
from auricle.serve import ServeOptions, serve

_EPILOG = """\b
Examples:
  auricle serve
  AURICLE_API_KEY=secret auricle serve --model small --host 0.0.0.0 --alias whisper-1
  curl http://127.0.0.1:8000/v1/audio/transcriptions -F file=@talk.mp3 -F model=tiny.en
"""


@click.command(cls=Command, epilog=_EPILOG)
@flags(ServeOptions, model="m")
def command(**values: Any) -> int:
    """Serve a model behind the API that OpenAI's clients speak.

    Listens on this machine only unless --host says otherwise; /docs describes the API. Ctrl-C or
    SIGTERM finishes what was taken and ends.
    """
    options = options_from(ServeOptions, values)
    served = options.load.model
    serve(options, on_ready=lambda address: say(f"auricle: {served} on {address} (API: /docs)"))
    say("auricle: all that was taken is done.")
    return 0
