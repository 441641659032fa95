"""The models that have a name of their own: one row of ``catalogue.json`` each.

A fact is in the table because a source says so (``ModelInfo.sources``), and null where none does.
Knows nothing of files on this machine.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from auricle.errors import ModelError, nearest
from auricle.models.languages import LANGUAGES

TASKS = ("transcribe", "translate", "timestamps", "streaming")
#: Precision → bytes of one parameter.
PRECISIONS = MappingProxyType({"float32": 4, "float16": 2, "int8": 1})


@dataclass(frozen=True, slots=True)
class PublishedRate:
    """A word error rate (or, where ``measure`` is "cer", of characters) as a rate, and who says so."""

    set: str
    rate: float
    source: str
    measure: str = "wer"


@dataclass(frozen=True, slots=True)
class Shape:
    """What the cost of a model follows from (``models.cost``).

    ``rate`` is frames a second that the encoder's layers see, ``front`` the floating-point operations
    a second of audio before them, ``window`` the seconds that audio is padded to (0: none). Parameters
    are those of the layers' matrices, without embeddings; ``vocabulary`` is the number of tokens.
    """

    encoder_layers: int
    width: int
    encoder_parameters: int
    rate: float
    front: float
    window: float
    decoder_layers: int
    decoder_width: int
    decoder_parameters: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model before anything is downloaded.

    ``hub_id`` is the repository that gets fetched, ``original_id`` the one its authors published;
    ``kind`` is "seq2seq" or "ctc"; ``engines`` can run it (none: no engine of ours does yet).
    ``parameters`` is a count; ``size`` is what
    the weights weigh in bytes, all but a few MB of the download. ``languages`` are codes of
    ``models.codes`` (Whisper's in the order of their tokens), ``language_count`` how many it knows,
    which may be more than are listed. ``tasks`` are of ``TASKS``: transcribe and translate those the
    model was trained for, timestamps where word times come with the text, streaming where it was made
    to listen while somebody speaks. ``cased`` and ``punctuated`` say what its text has. ``license`` is
    an SPDX identifier. ``wer`` are published rates. ``sources`` says for each fact where it was read.
    None is unknown.
    """

    name: str
    aliases: tuple[str, ...]
    family: str
    kind: str
    engines: tuple[str, ...]
    hub_id: str
    original_id: str
    parameters: int | None
    languages: tuple[str, ...]
    language_count: int | None
    tasks: tuple[str, ...]
    cased: bool | None
    punctuated: bool | None
    license: str | None
    size: int | None
    wer: tuple[PublishedRate, ...]
    shape: Shape | None
    sources: Mapping[str, str]

    @property
    def multilingual(self) -> bool:
        """Whether it knows more than one language."""
        return self.language_count is None or self.language_count > 1

    @property
    def decodes(self) -> tuple[str, ...]:
        """What ``--task`` can be: its tasks without those that are not asked for by that name."""
        return tuple(task for task in self.tasks if task in ("transcribe", "translate"))

    @property
    def precisions(self) -> tuple[str, ...]:
        """What its engines can compute in; int8 is CTranslate2's."""
        return tuple(name for name in PRECISIONS if name != "int8" or "ctranslate2" in self.engines)

    @property
    def usual_precision(self) -> str:
        """What its first engine takes on a processor when nothing is asked for."""
        return "int8" if "int8" in self.precisions else "float32"

    def weights(self, precision: str) -> int | None:
        """Bytes of all parameters at a precision of ``PRECISIONS``: parameters × bytes of one."""
        return None if self.parameters is None else self.parameters * PRECISIONS[precision]


@functools.cache
def catalogue() -> Mapping[str, ModelInfo]:
    """All models by name, in the order of the table."""
    table = json.loads(Path(__file__).with_name("catalogue.json").read_text("utf-8"))
    rows = (_info(row, table) for row in table["models"])
    return MappingProxyType({info.name: info for info in rows})


def find(name: str) -> ModelInfo | None:
    """The row that has this name, alias or Hub id; None where there is none."""
    return _by_any_name().get(name.lower())


def lookup(name: str) -> ModelInfo:
    """The row that has this name or alias. Raises ModelError with the nearest names."""
    if info := find(name):
        return info
    names = [known for info in catalogue().values() for known in (info.name, *info.aliases)]
    raise ModelError(
        f"there is no model {name!r}. {nearest(name.lower(), names, 'Type: auricle models list.')} "
        "Or give a folder (./name) or a Hugging Face id (owner/name)."
    )


@functools.cache
def _by_any_name() -> dict[str, ModelInfo]:
    """Every name in lower case → its row; a name of two rows is a mistake in the table."""
    found: dict[str, ModelInfo] = {}
    for info in catalogue().values():
        for name in dict.fromkeys((info.name, *info.aliases, info.hub_id, info.original_id)):
            if found.setdefault(name.lower(), info) is not info:
                raise ValueError(f"catalogue.json: {name} names two models")
    return found


def _info(row: Mapping[str, Any], table: Mapping[str, Any]) -> ModelInfo:
    sources: Mapping[str, str] = table["sources"]
    languages = _languages(row["languages"], table["languages"])
    rates = (PublishedRate(**{**rate, "source": sources[rate["source"]]}) for rate in row["wer"])
    return ModelInfo(
        name=row["name"],
        aliases=tuple(row["aliases"]),
        family=row["family"],
        kind=row["kind"],
        engines=tuple(row["engines"]),
        hub_id=row["hub_id"],
        original_id=row["original_id"],
        parameters=row["parameters"],
        languages=languages,
        language_count=row.get("language_count") or len(languages) or None,
        tasks=tuple(row["tasks"]),
        cased=row["cased"],
        punctuated=row["punctuated"],
        license=row["license"],
        size=row["size"],
        wer=tuple(rates),
        shape=Shape(**table["shapes"][row["shape"]]) if row["shape"] else None,
        sources=MappingProxyType({fact: sources[key] for fact, key in row["sources"].items()}),
    )


def _languages(value: str | list[str], lists: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Codes as they stand, the list of that name, or "whisper-99": the first 99 of Whisper's."""
    if isinstance(value, list):
        return tuple(value)
    if value in lists:
        return tuple(lists[value])
    return tuple(LANGUAGES)[: int(value.removeprefix("whisper-"))]
