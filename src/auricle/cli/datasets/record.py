"""auricle datasets record"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from auricle.audio import Audio
from auricle.cli.console import say
from auricle.cli.flags import Command, flags, options_from
from auricle.errors import AudioError, missing_extra
from auricle.verbs.datasets.record import (
    AGAIN,
    KEEP,
    SKIP,
    STOP,
    Microphone,
    RecordOptions,
    Session,
    read_prompts,
)

_RATE = 48_000  # what nearly every microphone gives
_ANSWERS = {"": KEEP, "k": KEEP, "a": AGAIN, "s": SKIP, "q": STOP}


@click.command(cls=Command)
@click.argument("prompts", metavar="PROMPTS.txt")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="folder for clips/ and manifest.jsonl")
@flags(RecordOptions)
def command(prompts: str, output: str, **values: Any) -> None:
    """Read sentences aloud, one after the other, and have a dataset of your own voice.

    The same command goes on where it stopped. Needs a microphone and
    pip install "auricle[record]".

    Example:  auricle datasets record prompts.txt -o my-voice --speaker anna --language en
    """
    options = options_from(RecordOptions, values)
    sentences = read_prompts(Path(prompts))
    session = Session(sentences, Path(output), options, microphone=open_microphone(), reader=Terminal())
    say(f"{output}: {session.run():,} of {len(sentences):,} sentences recorded")


class Terminal:
    """Asks on the terminal."""

    def read(self, number: int, total: int, prompt: str) -> bool:
        """Enter begins, q stops."""
        say(f"\n[{number} of {total}]  {prompt}")
        return _ask("Enter, then read it (q stops): ") != "q"

    def finished(self) -> None:
        """Enter ends."""
        _ask("listening … Enter when you have read it: ")

    def judge(self, clip: Audio, complaint: str) -> str:
        """Enter keeps; where something is wrong, it reads again."""
        if complaint:
            say(f"  {complaint}")
        answer = _ask(f"  {clip.duration:.1f} s. Enter keeps it, a reads it again, s skips, q stops: ")
        return _ANSWERS.get(answer, AGAIN)


def _ask(text: str) -> str:
    try:
        return (
            str(click.prompt(text, default="", show_default=False, prompt_suffix="", err=True))
            .strip()
            .lower()
        )
    except click.Abort:  # the end of stdin, or Ctrl-C
        return "q"


def open_microphone() -> Microphone:
    """The default microphone. Raises MissingExtraError, AudioError where there is none."""
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        raise missing_extra("recording from a microphone", "record") from error
    except OSError as error:  # the library is there, what it stands on is not
        raise AudioError("sounddevice finds no PortAudio. Type: sudo apt install libportaudio2") from error
    try:
        sounddevice.check_input_settings(channels=1, samplerate=_RATE)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise AudioError(f"there is no microphone to record from: {error}") from error
    return _SoundDevice(sounddevice)


class _SoundDevice:
    """A microphone by way of PortAudio."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._blocks: list[Any] = []
        self._stream: Any = None

    def start(self) -> None:
        """Open the stream; blocks come in a thread of the library."""
        self._blocks = []
        self._stream = self._library.InputStream(
            samplerate=_RATE,
            channels=1,
            dtype="float32",
            callback=lambda data, *_: self._blocks.append(data.copy()),
        )
        self._stream.start()

    def stop(self) -> Audio:
        """Close it, and join the blocks."""
        self._stream.stop()
        self._stream.close()
        samples = (
            np.concatenate([block[:, 0] for block in self._blocks])
            if self._blocks
            else np.zeros(0, np.float32)
        )
        return Audio(samples, _RATE)
