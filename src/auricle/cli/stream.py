"""auricle stream"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from typing import IO, Any

import click
import numpy as np

from auricle.audio import open_audio
from auricle.audio.pcm import PcmStream
from auricle.cli.console import emit
from auricle.cli.flags import Command, flags, options_from
from auricle.errors import AudioError
from auricle.transcript import Word
from auricle.verbs.stream import Committed, Event, Listener, SpeechStarted, StreamOptions, UtteranceEnded

_EPILOG = """\b
Examples:
  auricle stream talk.mp3
  arecord -q -f S16_LE -r 16000 -t raw | auricle stream -
  ffmpeg -v error -f pulse -i default -ac 1 -ar 16000 -f s16le - | auricle stream - --json
"""
_RATE = 16_000
_READ = 1 << 16  # bytes: two seconds of 16 kHz


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("recording", metavar="FILE|-")
@click.option("--json", "as_json", is_flag=True, help="every event as a line of JSON, partial text included")
@click.option(
    "--rate",
    type=click.IntRange(8000, 192_000),
    default=_RATE,
    metavar="HZ",
    help="of the raw samples on standard input: one channel of 16 bits, little end first  [default: 16000]",
)
@flags(StreamOptions, model="m", language="l")
def command(recording: str, as_json: bool, rate: int, **values: Any) -> int:
    """Write down what is said while it is said.

    Words appear when they are certain and never change; a line is an utterance. Standard input is a
    WAV file that still grows, or raw samples; a file is read as fast as the model can hear it.
    """
    listener = Listener(options_from(StreamOptions, values))
    show = _as_json if as_json else _as_text
    for piece in _pieces(recording, listener.options.pace.step, rate):
        for event in listener.feed(piece):
            show(event)
    for event in listener.finish():
        show(event)
    return 0


def _pieces(recording: str, step: float, rate: int) -> Iterator[Any]:
    if recording == "-":
        yield from _standard_input(rate)
        return
    with open_audio(recording, rate=_RATE, block=step) as sound:
        for block in sound:
            yield block.samples


def _standard_input(rate: int) -> Iterator[np.ndarray[Any, np.dtype[np.float32]]]:
    """What has come by now, again and again: one who is behind takes more at once."""
    if sys.stdin is None or sys.stdin.isatty():
        raise AudioError("nothing comes in on standard input. Pipe sound into it: … | auricle stream -")
    source: IO[bytes] = sys.stdin.buffer
    read = getattr(source, "read1", source.read)
    sound = PcmStream(rate)
    while data := read(_READ):
        if len(samples := sound.feed(data)):
            yield samples
    if len(samples := sound.finish()):
        yield samples


def _as_text(event: Event) -> None:
    if isinstance(event, Committed):
        emit(event.text.encode())
    elif isinstance(event, UtteranceEnded) and event.words:
        emit(b"\n")


def _as_json(event: Event) -> None:
    value = {"event": _name(event), "at": round(event.at, 3)}
    for field in dataclasses.fields(event):
        if field.name not in ("at", "words"):
            found = getattr(event, field.name)
            value[field.name] = round(found, 3) if isinstance(found, float) else found
    if not isinstance(event, SpeechStarted):
        value |= {"text": event.text, "words": [_word(word) for word in event.words]}
    emit((json.dumps(value, ensure_ascii=False) + "\n").encode())


def _name(event: Event) -> str:
    """ "UtteranceEnded" → "utterance_ended"."""
    name = type(event).__name__
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")


def _word(word: Word) -> dict[str, Any]:
    value: dict[str, Any] = {"text": word.text, "start": round(word.start, 3), "end": round(word.end, 3)}
    if word.confidence is not None:
        value["confidence"] = round(word.confidence, 3)
    if word.joined:
        value["joined"] = True
    return value
