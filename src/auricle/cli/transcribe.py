"""auricle transcribe"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.flags import Command, flags, options_from, typed
from auricle.cli.screen import Screen
from auricle.cli.signals import Stopped
from auricle.errors import OptionError
from auricle.verbs.transcribe import TranscribeOptions, Transcriber
from auricle.verbs.transcribe.batch import Batch
from auricle.verbs.transcribe.files import OutputOptions, Plan, plan
from auricle.verbs.transcribe.replay import Replay, replay

_EPILOG = """\b
Examples:
  auricle transcribe talk.mp4
  auricle transcribe talk.mp4 --format srt > talk.srt
  auricle transcribe recordings/ --output-dir texts --format txt,json --words
  auricle transcribe call.wav --channel each --output-dir texts
  auricle transcribe --replay texts/talk.json
  cat talk.mp3 | auricle transcribe -
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("inputs", nargs=-1, metavar="FILE|FOLDER|- ...")
@click.option("--sample", is_flag=True, help="transcribe the bundled recording of 11 seconds")
@click.option(
    "--replay",
    "again",
    metavar="JSON",
    help="make a transcript again with the recording, model and options it records; "
    "name the recording where it has moved, and type options to change them",
)
@click.option("-q", "--quiet", is_flag=True, help="no progress and no summary; warnings and errors stay")
@flags(OutputOptions, output_dir="o", format="f")
@flags(TranscribeOptions, model="m", language="l")
def command(inputs: tuple[str, ...], sample: bool, again: str | None, quiet: bool, **values: Any) -> int:
    """Write down what is said in any audio or video file.

    Text goes to stdout, everything else to stderr. Folders are searched for recordings. With
    --output-dir, a command that was interrupted goes on where it stopped when it is typed again.
    """
    replayed = _replayed(again, [*inputs, *_sample(sample)], values, quiet=quiet) if again else None
    options = replayed.options if replayed else options_from(TranscribeOptions, values)
    sources = [replayed.recording] if replayed else [*inputs, *_sample(sample)]
    if not sources:
        raise click.UsageError("name a recording, such as talk.mp3, or type: auricle transcribe --sample")
    output = options_from(OutputOptions, values)
    planned = plan(sources, output, channel=options.channel)
    _refuse_binary_on_terminal(planned)
    if quiet:
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    load = replayed.load if replayed else Transcriber
    labelled = len(planned.tasks) > 1 or options.channel == "each"
    with Screen(planned, quiet=quiet, labelled=labelled) as screen:
        return _run(Batch(planned, options, screen, overwrite=output.overwrite, load=load), screen)


def _run(batch: Batch, screen: Screen) -> int:
    try:
        screen.summary(batch.run())
    except (Stopped, KeyboardInterrupt) as stop:
        screen.stopped(batch.outcome)
        return stop.code if isinstance(stop, Stopped) else 130
    return 1 if batch.outcome.failed else 0


def _sample(wanted: bool) -> list[str]:
    from auricle import sample

    return [str(sample())] if wanted else []


def _replayed(path: str, recordings: Sequence[str], values: dict[str, Any], *, quiet: bool) -> Replay:
    """What ``--replay`` asks for, and a line for each option that is not as recorded."""
    if len(recordings) > 1:
        raise click.UsageError("--replay is for one recording: name it, or leave it out.")
    found = replay(
        path, recording=recordings[0] if recordings else None, changes=typed(values, TranscribeOptions)
    )
    for change in found.changes:
        if not quiet:
            say(f"replay: {change}")
    return found


def _refuse_binary_on_terminal(planned: Plan) -> None:
    if planned.formats[0] == "docx" and planned.folder is None and sys.stdout.isatty():
        raise OptionError("docx is not text. Type: --output-dir . to write a file here.")
