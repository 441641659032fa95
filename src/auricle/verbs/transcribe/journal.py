"""What has been finished in an output folder, so that a batch that was killed goes on.

One line of JSON an event, flushed at once: "writing" before the first file of a recording is
touched, "done" after the last. A line that a crash cut off is passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from auricle.errors import OutputError
from auricle.options import flatten
from auricle.storage import remove_parts
from auricle.verbs.transcribe.files import STDIN, Plan, Task
from auricle.verbs.transcribe.options import TranscribeOptions

JOURNAL = ".auricle-journal.jsonl"


class Journal:
    """The journal of one output folder, for one plan and its options.

    A recording counts as done while its size and time of change, the options and the place of its
    files are as they were, and the files are there. A file counts as ours while nobody has changed
    it since. Files are named from the folder, so that it may be moved.
    """

    def __init__(self, folder: Path, options: TranscribeOptions, plan: Plan) -> None:
        self._folder = folder
        self._path = folder / JOURNAL
        made = {"options": flatten(options), "formats": plan.formats, "style": flatten(plan.style)}
        self._digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:16]
        self._done: dict[str, Mapping[str, Any]] = {}
        self._written: dict[str, Any] = {}  # file → its state when we had written it, None: unfinished
        for entry in self._read():
            self._take(entry)

    def done(self, task: Task) -> bool:
        """Whether this recording was finished with these options and its files are there."""
        line = None if task.source == STDIN else self._done.get(_absolute(task.source))
        if line is None or any(line.get(key) != value for key, value in self._story(task).items()):
            return False
        return all((self._folder / name).exists() for name in line["done"])

    def ours(self, path: Path) -> bool:
        """Whether a file was written by an earlier run and nobody has changed it since."""
        name = self._name(path)
        return name in self._written and self._written[name] in (None, _state(path))

    def begin(self, files: Iterable[Path]) -> None:
        """Say which files are about to be written: after a crash they are ours. Raises OutputError."""
        names = {self._name(path): path for path in files}
        for name in names.keys() & {name for name, state in self._written.items() if state is None}:
            remove_parts(names[name])
        self._append({"writing": list(names)})

    def finish(self, task: Task, files: Iterable[Path]) -> None:
        """Record a finished recording. Raises OutputError.

        Standard input is another one each time: what was made of it is kept like anybody's file.
        """
        once = task.source == STDIN
        states = {self._name(path): [] if once else _state(path) for path in files}
        self._append({**self._story(task), "done": states})

    def _story(self, task: Task) -> dict[str, Any]:
        """What must be the same for a recording to count as done."""
        return {
            "source": _absolute(task.source),
            "state": _state(Path(task.source)),
            "digest": self._digest,
            "stem": self._name(task.stem or Path()),
        }

    def _name(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._folder)).as_posix()

    def _take(self, entry: Mapping[str, Any]) -> None:
        match entry:
            case {"writing": list(names)}:
                self._written |= dict.fromkeys(map(str, names))
            case {"source": str(source), "done": dict(states)}:
                self._done[source] = entry
                self._written |= states

    def _append(self, entry: Mapping[str, Any]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                torn = file.seek(0, os.SEEK_END) and not self._ends_whole()
                file.write(b"\n" * torn + json.dumps(entry).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror or error}") from error
        self._take(entry)

    def _ends_whole(self) -> bool:
        """Whether the last line was written to its end; nothing may be joined to half a line."""
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _read(self) -> Iterator[Mapping[str, Any]]:
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        for line in text.split("\n"):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry


def _absolute(source: str) -> str:
    return source if source == STDIN else str(Path(source).absolute())


def _state(path: Path) -> list[int]:
    """Size in bytes and time of change in nanoseconds; empty where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]
