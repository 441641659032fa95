"""A run: one model heard one dataset. The folder that keeps it, whole after any crash.

``utterances.jsonl`` has one line an utterance, appended as they are decoded: texts, times and what
the dataset says of it, never a rate. ``report.json`` tells how the run was made from its first
second on, and what came of it once it is complete; ``report.html`` shows both to a person.

    >>> run = Run.load("runs/tiny.en-talks")            # doctest: +SKIP
    >>> run.story.model, len(run.rows), run.mark        # doctest: +SKIP
    ('tiny.en', 645, '')

Knows folders and lines. Refuses to know how a model hears or what a score is.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auricle.errors import FormatError, MissingFileError, OptionError, OutputError
from auricle.storage import remove_parts, write_atomic
from auricle.transcript import Word

FORMAT = 1  # of the files; a reader refuses a newer one
REPORT, LINES, PAGE = "report.json", "utterances.jsonl", "report.html"
RUNNING, COMPLETE = "running", "complete"

# What may differ between the two halves of a run that was interrupted; data is known by its fingerprint.
_FREE = frozenset(("created", "dataset"))


@dataclass(frozen=True, slots=True)
class Scored:
    """One utterance as it was heard. ``reference`` is empty where nothing is said in it.

    ``duration`` is its seconds of audio, ``elapsed`` its share of the time its batch took (shares
    add up to the time of all), ``latency`` the seconds from the batch's start to its text, None
    where that was not measured. ``audio`` is the local file it is in, from ``start`` seconds on.
    ``confidence`` is the mean probability of a token, ``words`` those of the hypothesis where times
    were asked for, ``speech`` the seconds of detected speech and ``snr`` the decibels of it over
    the rest. ``columns`` is what else the dataset says.
    """

    id: str
    reference: str
    hypothesis: str
    language: str | None = None
    speaker: str | None = None
    duration: float = 0.0
    elapsed: float = 0.0
    latency: float | None = None
    audio: str | None = None
    start: float = 0.0
    confidence: float | None = None
    speech: float | None = None
    snr: float | None = None
    words: tuple[Word, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """An utterance that could not be heard, and why; it is in no score."""

    id: str
    error: str


@dataclass(frozen=True, slots=True)
class Story:
    """How a run was made, complete enough to make it again and to know what it compares with.

    ``options`` are the resolved options under their API names, ``fingerprint`` that of the data,
    ``total`` the utterances of the dataset (None: a stream), ``left_out`` those it names and could
    not give, ``skipped`` those without a text, ``limit`` how many were asked for (None: all),
    ``machine`` the processor, ``protocol`` what the times are times of.
    """

    model: str
    engine: str
    revision: str | None
    device: str
    compute_type: str
    dataset: str
    fingerprint: str
    normalizer: str
    normalizer_version: str
    options: Mapping[str, Any] = field(default_factory=dict)
    total: int | None = None
    left_out: int = 0
    skipped: int = 0
    limit: int | None = None
    seed: int = 0
    machine: str = ""
    protocol: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    created: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder, read. ``findings`` are the figures of report.json, empty until it is complete."""

    path: Path
    story: Story
    rows: tuple[Scored, ...]
    failed: tuple[Failed, ...] = ()
    state: str = COMPLETE
    findings: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def load(path: str | Path) -> Run:
        """Read a run folder, or the one that holds the file named.

        Raises MissingFileError where there is no run, FormatError where it cannot be read.
        """
        folder = Path(path)
        if folder.name in (REPORT, LINES, PAGE):
            folder = folder.parent
        report = _report(folder)
        rows, failed = _lines(folder / LINES)
        return Run(folder, _story(report, folder), rows, failed, report["state"], report.get("findings", {}))

    @property
    def mark(self) -> str:
        """What must stand beside every figure of this run; empty where it covers the whole dataset."""
        heard, story = len(self.rows), self.story
        of = f" of {story.total}" if story.total is not None else ""
        if self.state != COMPLETE:
            return f"PARTIAL: unfinished, {heard}{of} utterances"
        lost = [f"{len(self.failed)} could not be heard"] if self.failed else []
        lost += [f"{self.missing} not in {LINES}"] if self.missing else []
        lost += [f"{story.left_out} left out by the dataset"] if story.left_out else []
        if lost or (story.limit is not None and (story.total is None or story.limit < story.total)):
            return ", ".join([f"PARTIAL: {heard}{of} utterances", *lost])
        return ""

    @property
    def missing(self) -> int:
        """How many utterances should be there and are not, though the run was complete: lines lost since."""
        story = self.story
        if self.state != COMPLETE or story.total is None:
            return 0
        asked = story.total if story.limit is None else min(story.limit, story.total)
        return max(asked - len(self.rows) - len(self.failed), 0)

    @property
    def whole(self) -> bool:
        """Whether nothing is left to hear."""
        return self.state == COMPLETE and not self.failed and not self.missing

    @property
    def partial(self) -> bool:
        """Whether the run covers less than its dataset."""
        return bool(self.mark)


class RunWriter:
    """Writes a run folder, or goes on with one that an interruption left.

    Raises OptionError where the folder holds a run made in another way, OutputError where it
    cannot be written.
    """

    def __init__(self, path: str | Path, story: Story, *, overwrite: bool = False) -> None:
        self.path = Path(path)
        self._story = story
        self._lines = self.path / LINES
        self.before: Run | None = None  # what an earlier process had written
        if overwrite:
            self._clear()
        elif (self.path / REPORT).exists():
            self.before = self._resumed()
        elif self._lines.exists():
            raise OptionError(f"{self.path} has utterances and no {REPORT}. Type: --overwrite to begin anew.")
        remove_parts(self.path / REPORT)
        if self.before is None or not self.before.whole:
            self._report(RUNNING, {})

    def add(self, rows: Sequence[Scored | Failed]) -> None:
        """Append lines, on disk when this returns. Raises OutputError (disk full, no permission)."""
        data = "".join(_dump(row) + "\n" for row in rows).encode()
        try:
            with self._lines.open("ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(
                f"cannot write {self._lines}: {error.strerror or error}. "
                "What was written before is kept: type the same command again to go on."
            ) from error

    def finish(self, findings: Mapping[str, Any]) -> Run:
        """Say that all was heard and what came of it. Raises OutputError."""
        self._report(COMPLETE, findings)
        return Run.load(self.path)

    def _resumed(self) -> Run:
        found = Run.load(self.path)
        refuse_another(found, self._story)
        _mend(self._lines)
        self._story = found.story
        return found

    def _report(self, state: str, findings: Mapping[str, Any]) -> None:
        story = dataclasses.asdict(self._story)
        report = {"format": FORMAT, "state": state, "story": story, "findings": findings}
        text = json.dumps(plain(report), ensure_ascii=False, indent=2, allow_nan=False)
        write_atomic(self.path / REPORT, text.encode() + b"\n")

    def _clear(self) -> None:
        try:
            for name in (REPORT, LINES, PAGE):
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"cannot replace {self.path}: {error.strerror or error}.") from error


def refuse_another(found: Run, story: Story) -> None:
    """Raises OptionError where a run was made in another way than ``story``."""
    line = next(differences(found.story, story), None)
    if line is not None:
        raise OptionError(
            f"{found.path} holds a run with {line}. Type: --run with another folder, or --overwrite."
        )


def differences(one: Story, other: Story) -> Iterator[str]:
    """How two runs were made differently: "beam_size=5, not 1" (the second's is the latter)."""
    for item in dataclasses.fields(Story):
        if item.name in _FREE:
            continue
        here, there = plain(getattr(one, item.name)), plain(getattr(other, item.name))
        if isinstance(here, dict) and isinstance(there, dict):
            for name in sorted(here.keys() | there.keys()):
                if here.get(name) != there.get(name):
                    yield f"{name}={here.get(name)!r}, not {there.get(name)!r}"
        elif here != there:
            yield f"{item.name}={here!r}, not {there!r}"


def plain(value: Any) -> Any:
    """``value`` as JSON has it: numbers that are not finite become None, strangers become text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return plain(value.item()) if hasattr(value, "item") else str(value)


def _dump(row: Scored | Failed) -> str:
    return json.dumps(plain(dataclasses.asdict(row)), ensure_ascii=False, allow_nan=False)


def _report(folder: Path) -> dict[str, Any]:
    path = folder / REPORT
    try:
        report = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise MissingFileError(
            f"there is no run in {folder}: it has no {REPORT}. Name the folder of an `auricle evaluate`."
        ) from None
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} cannot be read: {error}.") from error
    if not isinstance(report, dict) or not {"format", "state", "story"} <= report.keys():
        raise FormatError(f"{path} is not the report of a run.")
    if report["format"] != FORMAT:
        raise FormatError(f"{path} has the format {report['format']}, this version reads {FORMAT}.")
    return report


def _story(report: Mapping[str, Any], folder: Path) -> Story:
    try:
        return Story(**report["story"])
    except TypeError as error:
        raise FormatError(f"{folder / REPORT} does not tell how the run was made: {error}.") from error


def _lines(path: Path) -> tuple[tuple[Scored, ...], tuple[Failed, ...]]:
    """All utterances, and those that failed and were not heard later. A torn last line does not count."""
    rows: dict[str, Scored] = {}
    failed: dict[str, Failed] = {}
    for number, line in enumerate(_whole_lines(path), 1):
        row = _parse(line, f"{path}, line {number}")
        if row.id in rows:
            raise FormatError(f"{path}, line {number}: {row.id!r} is there twice.")
        if isinstance(row, Failed):
            failed[row.id] = row
        else:
            failed.pop(row.id, None)
            rows[row.id] = row
    return tuple(rows.values()), tuple(failed.values())


def _whole_lines(path: Path) -> Iterable[bytes]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    return data.split(b"\n")[:-1]


def _parse(line: bytes, place: str) -> Scored | Failed:
    try:
        entry = json.loads(line)
        if "error" in entry:
            return Failed(**entry)
        words = tuple(Word(**word) for word in entry.pop("words", ()))
        return Scored(**entry, words=words)
    except (ValueError, TypeError, AttributeError) as error:
        raise FormatError(f"{place} is not an utterance of a run: {error}.") from error


def _mend(path: Path) -> None:
    """Cut off half a line that a crash left, so that nothing is joined to it."""
    try:
        if path.exists() and (data := path.read_bytes()) and not data.endswith(b"\n"):
            os.truncate(path, data.rfind(b"\n") + 1)
    except OSError as error:
        raise OutputError(f"cannot mend {path}: {error.strerror or error}.") from error
