"""Making a transcript again from its record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.audio import fingerprint
from auricle.errors import AudioError, FormatError, MissingFileError, ModelError
from auricle.options import build, flatten, options_of
from auricle.transcript import Record, Source, Transcript
from auricle.verbs.transcribe import Transcriber
from auricle.verbs.transcribe.checks import idle
from auricle.verbs.transcribe.options import TranscribeOptions

_COMMIT = re.compile(r"[0-9a-f]{40}")
_MODEL = frozenset(("model", "revision", "engine"))


@dataclass(frozen=True, slots=True)
class Replay:
    """What a record asks for: the options to use, the recording, and what differs from then.

    ``changes`` has a line for each option that is not as recorded.
    """

    options: TranscribeOptions
    recording: str
    changes: tuple[str, ...]
    revision: str | None

    def load(self, options: TranscribeOptions) -> Transcriber:
        """The transcriber, with the very weights of the record. Raises ModelError where they differ."""
        transcriber = Transcriber(options)
        found = transcriber.engine.info
        if self.revision not in (None, found.revision):
            raise ModelError(
                f"{found.model} is at revision {found.revision}, the transcript was made with "
                f"{self.revision}. Type: --model with the one to use."
            )
        return transcriber


def replay(
    path: str | Path, *, recording: str | None = None, changes: Mapping[str, Any] | None = None
) -> Replay:
    """Read the record of a JSON transcript.

    ``recording`` says where the recording is now, ``changes`` are options to use in place of the
    recorded ones, under their flat names.

    Raises MissingFileError, FormatError for a transcript without a record, AudioError for a
    recording that is not the same, OptionError.
    """
    record = Transcript.load(path, format="json").record
    if record is None or record.source is None:
        raise FormatError(f"{path} does not record how it was made, so it cannot be made again.")
    found = _recording(Path(path), record.source, recording)
    recorded, lost = _known(record)
    chosen = dict(changes or {})
    kept = _without_model(recorded, chosen)
    without = idle(build(TranscribeOptions, {**kept, **chosen})).keys() - chosen.keys()
    kept = {name: value for name, value in kept.items() if name not in without}
    options = build(TranscribeOptions, {**kept, **chosen})
    said = tuple(f"{name}={value!r} is recorded and unknown here" for name, value in lost.items())
    revision = None if _MODEL & chosen.keys() else record.revision
    return Replay(options, found, said + tuple(_differences(recorded, flatten(options), chosen)), revision)


def _recording(path: Path, source: Source, named: str | None) -> str:
    """Where the recording is, checked by its content."""
    if not source.sha256:
        raise FormatError(f"{path} was made from sound in memory, so it cannot be made again.")
    nearby = [source.name, str(path.parent / source.name), str(path.parent / Path(source.name).name)]
    candidates = [named] if named else [name for name in nearby if Path(name).is_file()]
    if not candidates:
        raise MissingFileError(
            f"the recording {source.name} of {path} is not there. Type: --replay {path} RECORDING"
        )
    for name in candidates:
        if fingerprint(name) == source.sha256:
            return name
    raise AudioError(
        f"{candidates[0]} is not the recording that {path} was made from: its content differs. Name another."
    )


def _known(record: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """The recorded options that this version has, with the exact revision, and those it has not."""
    names = {item.name for item in options_of(TranscribeOptions)}
    known = {name: value for name, value in record.options.items() if name in names}
    lost = {name: value for name, value in record.options.items() if name not in names}
    exact = record.revision if record.revision and _COMMIT.fullmatch(record.revision) else None
    return {"model": record.model, **known, "revision": exact}, lost


def _without_model(recorded: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded options; without the revision where another model is chosen."""
    other = "model" in chosen
    return {name: value for name, value in recorded.items() if not (other and name == "revision")}


def _differences(
    recorded: Mapping[str, Any], used: Mapping[str, Any], chosen: Mapping[str, Any]
) -> list[str]:
    return [
        f"{name}={used[name]!r}, not {recorded.get(name)!r} as recorded"
        for name in chosen
        if used[name] != recorded.get(name)
    ]
