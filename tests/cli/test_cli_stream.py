"""auricle stream: words on stdout while sound comes in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Command

import auricle as package
from auricle.audio import Audio

RAW = (Audio.load(package.sample()).samples * 32767).astype("<i2").tobytes()


def test_a_file_becomes_lines(auricle: Command) -> None:
    done = auricle("stream", package.sample())
    assert done.code == 0
    assert "what you can do for your country" in done.out.lower().replace("\n", "")
    assert done.err == ""


def test_raw_sound_on_stdin_becomes_events(process: Command) -> None:
    done = process("stream", "-", "--json", stdin=RAW[: 16_000 * 2 * 4])
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert events[0]["event"] == "speech_started"
    assert events[-1]["event"] == "utterance_ended"
    words = [word["text"] for event in events if event["event"] == "committed" for word in event["words"]]
    assert "americans" in "".join(words).lower()


@pytest.mark.parametrize(
    ("arguments", "stdin", "part"),
    [
        (["-"], b"ID3\x04\0\0\0\0", "this is mp3"),
        (["missing.wav"], None, "there is no file missing.wav"),
        (["-", "--longest", "90"], b"", "longest can be 20 s at most"),
        (["-", "--model", "nothing-like-it"], b"", "nothing-like-it"),
    ],
)
def test_what_cannot_be_heard_is_one_line(
    process: Command, here: Path, arguments: list[str], stdin: bytes | None, part: str
) -> None:
    done = process("stream", *arguments, stdin=stdin)
    assert done.code == 1
    assert part in done.complaint


def test_silence_is_no_text(process: Command) -> None:
    done = process("stream", "-", stdin=np.zeros(32_000, "<i2").tobytes())
    assert (done.code, done.out) == (0, "")
