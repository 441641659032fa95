"""Sentences read aloud to a dataset of one's own voice: a FLAC file a sentence, and a manifest.

The manifest is written after every clip, so that nothing is lost and the same command goes on where
it stopped. A clip that is silent, clipped or too short is told at once, while it can still be read again.

Knows prompts and clips. Who asks the person and where the sound comes from are handed in: the terminal
(``cli/datasets/record.py``) or a page (``demo/reading.py``).
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from auricle.audio import Audio
from auricle.errors import DatasetError, MissingFileError, OptionError
from auricle.options import option
from auricle.storage import write_atomic
from auricle.verbs.datasets.export import flac

_QUIET = 0.01  # peak, of full scale: nobody spoke, or the wrong microphone is open
_FULL = 0.99
_SHORT = 0.3  # seconds
KEEP, AGAIN, SKIP, STOP = "keep", "again", "skip", "stop"


class Microphone(Protocol):
    """Where the sound comes from."""

    def start(self) -> None:
        """Begin to listen."""

    def stop(self) -> Audio:
        """Stop, and give what was heard since ``start``: mono float32."""


class Reader(Protocol):
    """The person who reads, or who stands for one."""

    def read(self, number: int, total: int, prompt: str) -> bool:
        """Show a prompt and wait until its reading begins; False to stop."""

    def finished(self) -> None:
        """Wait until it was read."""

    def judge(self, clip: Audio, complaint: str) -> str:
        """``keep`` the clip, read it ``again``, ``skip`` the prompt or ``stop``."""


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """Whose voice it is, and what the sound is like."""

    speaker: str | None = option(None, "name for the speaker in the dataset", metavar="NAME")
    language: str | None = option(None, "language of the prompts, such as en", metavar="CODE")


def read_prompts(path: Path) -> list[str]:
    """The sentences of a file, one a line; empty lines and those beginning with # are left out.

    Raises MissingFileError, DatasetError (not UTF-8, nothing in it).
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise MissingFileError(f"there is no file {path}. Write a sentence a line into it.") from None
    except (UnicodeDecodeError, OSError) as error:
        raise DatasetError(f"cannot read {path}: {error}.") from error
    prompts = sentences(lines)
    if not prompts:
        raise DatasetError(f"{path} has no sentence to read. Write one a line.")
    return prompts


def sentences(lines: Iterable[str]) -> list[str]:
    """What is to be read, once each: the lines that are neither empty nor begin with #."""
    kept = (" ".join(line.split()) for line in lines if line.strip() and not line.startswith("#"))
    return list(dict.fromkeys(kept))


class Takes:
    """The clips in a folder, of all who have read into it. Several threads may keep clips at once.

    Raises OptionError for a folder with something else in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest = folder / "manifest.jsonl"
        self._lock = threading.Lock()
        self._rows = self._before()

    def __len__(self) -> int:
        return len(self._rows)

    def waiting(self, prompts: Sequence[str], speaker: str | None) -> list[str]:
        """The prompts of which there is no clip of this speaker yet."""
        known = {row["text"] for row in self._rows if row.get("speaker") == speaker}
        return [prompt for prompt in prompts if prompt not in known]

    def keep(self, prompt: str, clip: Audio, options: RecordOptions) -> None:
        """Write a clip and the manifest with it; one of the same sentence is replaced. Raises OutputError."""
        key = hashlib.sha256(f"{options.speaker}\0{prompt}".encode()).hexdigest()[:12]
        row = {
            "id": key,
            "audio": f"clips/{key}.flac",
            "text": prompt,
            "language": options.language,
            "speaker": options.speaker,
            "duration_s": round(clip.duration, 3),
        }
        with self._lock:
            write_atomic(self.folder / "clips" / f"{key}.flac", flac(clip))
            self._rows = [before for before in self._rows if before.get("id") != key]
            self._rows.append({name: value for name, value in row.items() if value is not None})
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in self._rows)
            write_atomic(self._manifest, "".join(lines).encode())

    def _before(self) -> list[dict[str, object]]:
        """The clips of an earlier session."""
        if not self._manifest.exists():
            if self.folder.exists() and any(self.folder.iterdir()):
                raise OptionError(f"{self.folder} has something else in it. Choose another folder.")
            return []
        try:
            rows = [json.loads(line) for line in self._manifest.read_text("utf-8").splitlines()]
        except (OSError, ValueError) as error:
            raise OptionError(
                f"cannot go on with {self._manifest}: {error}. Choose another folder."
            ) from error
        if not all(isinstance(row, dict) and "text" in row for row in rows):
            raise OptionError(f"{self._manifest} is not of a recording session. Choose another folder.")
        return rows


class Session:
    """Prompts read one after the other into ``folder``; ``run()`` gives how many clips it has then."""

    def __init__(
        self,
        prompts: Sequence[str],
        folder: Path,
        options: RecordOptions,
        *,
        microphone: Microphone,
        reader: Reader,
    ) -> None:
        self._prompts = prompts
        self._takes = Takes(folder)
        self._options = options
        self._microphone = microphone
        self._reader = reader

    def run(self) -> int:
        """Go through the prompts that have no clip yet. Raises OutputError, AudioError."""
        numbers = {prompt: number for number, prompt in enumerate(self._prompts, 1)}
        for prompt in self._takes.waiting(self._prompts, self._options.speaker):
            if not self._prompt(numbers[prompt], prompt):
                break
        return len(self._takes)

    def _prompt(self, number: int, prompt: str) -> bool:
        """One prompt until it is kept or skipped; False to stop."""
        while True:
            if not self._reader.read(number, len(self._prompts), prompt):
                return False
            self._microphone.start()
            self._reader.finished()
            clip = self._microphone.stop()
            answer = self._reader.judge(clip, complaint(clip))
            if answer == KEEP:
                self._takes.keep(prompt, clip, self._options)
            if answer != AGAIN:
                return answer != STOP


def complaint(clip: Audio) -> str:
    """What is wrong with a clip, for the person who read it; empty where nothing is."""
    if clip.duration < _SHORT:
        return f"only {clip.duration:.1f} s"
    peak = float(np.abs(clip.samples).max())
    if peak < _QUIET:
        return "it is silent: is this the right microphone?"
    if np.mean(np.abs(clip.samples) >= _FULL) > 1e-4:
        return "it is clipped: farther away, or turn the microphone down"
    return ""
