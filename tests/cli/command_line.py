"""The command line in this process, and in one of its own: what the tests of it share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio_files import tone, write

FAKE = ("--model", "fake", "--no-vad")  # needs no weights, and finds words in any sound


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on stderr, without the usage that stands before it when the exit code is 2."""
        lines = [line for line in self.err.splitlines() if not line.startswith("Usage: ")]
        assert len(lines) == 1, self.err
        assert lines[0].startswith("auricle: ")
        return lines[0].removeprefix("auricle: ")


Command = Callable[..., Result]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "COLUMNS": "100", "PYTHONWARNINGS": "error", **more}


def in_process(*arguments: object, stdin: bytes | None = None, **variables: str) -> Result:
    """Run the command line as a process, with variables of the environment by name."""
    done = subprocess.run(
        [sys.executable, "-m", "auricle", *map(str, arguments)],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        env=environment(**variables),
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))


def record(path: Path, seconds: float = 2.0) -> Path:
    """A recording of a tone: with ``--model fake --no-vad`` it has text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, tone(seconds=seconds, rate=8000), 8000)


def record_stereo(path: Path) -> Path:
    left, right = tone(seconds=1.0, rate=8000), tone(220, seconds=2.0, rate=8000)
    return write(path, np.stack([np.pad(left, (0, len(right) - len(left))), right]), 8000)


def tree(folder: Path) -> set[str]:
    """All files below a folder but the journal."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".auricle-journal.jsonl"
    }
