"""The datasets people train and test on: one row of ``catalogue.json`` each, and which of them fits.

A fact is in the table because a source says so (``DatasetInfo.sources``), and null or empty where
none does. Knows nothing of files on this machine, and asks nobody on the network.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from auricle.errors import DatasetError, OptionError, nearest
from auricle.options import option

STYLES = ("narrated", "oratory", "spontaneous")
# Words for the same kind of recording: the first is what a person may type.
_NEAR = {
    "call-centre": ("telephone conversations", "banking", "conversations"),
    "telephone": ("telephone conversations", "call-centre"),
    "medical": ("clinical",),
    "clinical": ("medical",),
    "meetings": ("financial meetings", "conversations", "dinner parties"),
    "broadcast": ("television", "news", "media", "podcasts"),
    "books": ("audiobooks",),
    "conversations": ("telephone conversations", "interviews", "meetings"),
    "dictation": ("prompts", "newspapers"),
    "video": ("youtube", "internet"),
}


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What is known of a dataset before anything is downloaded; None and () stand for unknown.

    ``hours`` are all that are transcribed, ``train_hours`` those of the training split;
    ``languages`` are codes of ISO 639; ``case`` and ``punctuation`` say whether the text has them;
    ``access`` is open, gated, form or licensed; ``get`` is how to get it today; ``rate`` is in Hz.
    ``sources`` names for each fact the paper or card it is from; most were written down from memory of
    it and still have to be read again.
    """

    name: str
    title: str
    languages: tuple[str, ...]
    hours: float | None
    train_hours: float | None
    domains: tuple[str, ...]
    styles: tuple[str, ...]
    case: bool | None
    punctuation: bool | None
    licence: str | None
    access: str | None
    get: str
    hub_id: str | None
    rate: int | None
    accents: str | None
    use: str
    splits: tuple[str, ...]
    sources: Mapping[str, str]

    @property
    def commercial(self) -> bool | None:
        """Whether the licence allows commercial use; None where it has to be read or is unknown."""
        licence = (self.licence or "").upper()
        if "-NC" in licence or "30-4" in licence:
            return False
        free = ("CC0", "CC-BY", "APACHE", "MIT", "PUBLIC DOMAIN", "FREE FOR COMMERCIAL")
        return True if any(name in licence for name in free) else None


@dataclass(frozen=True, slots=True)
class NeedOptions:
    """What the dataset is for."""

    language: str | None = option(None, "language code it has to have", metavar="CODE")
    domain: str | None = option(
        None, "kind of recording, such as call-centre, meetings, clinical", metavar="NAME"
    )
    style: str | None = option(None, "how people speak in it", choices=STYLES)
    licence: str = option("any", "what its licence has to allow", choices=("any", "commercial"))
    formatted: bool = option(False, "its text should have case and punctuation")
    accent: str | None = option(None, "accent or group of speakers to look for", metavar="NAME")
    top: int = option(5, "how many to show")


@dataclass(frozen=True, slots=True)
class Advice:
    """A dataset with what speaks for it and against it; higher scores come first."""

    info: DatasetInfo
    score: float
    pros: tuple[str, ...]
    cons: tuple[str, ...]


@functools.cache
def catalogue() -> Mapping[str, DatasetInfo]:
    """All datasets by name, in the order of the table."""
    table = json.loads(Path(__file__).with_name("catalogue.json").read_text("utf-8"))
    return MappingProxyType({row["name"]: _info(row) for row in table["datasets"]})


def lookup(name: str) -> DatasetInfo:
    """The row of this name or Hub id. Raises DatasetError with the nearest names."""
    for info in catalogue().values():
        if name.lower() in (info.name, (info.hub_id or "").lower()):
            return info
    raise DatasetError(f"there is no dataset {name!r} in the catalogue. {nearest(name.lower(), catalogue())}")


def as_dict(info: DatasetInfo) -> dict[str, Any]:
    """All fields of a row, ready for JSON."""
    return {item.name: getattr(info, item.name) for item in dataclasses.fields(info)} | {
        "sources": dict(info.sources)
    }


def recommend(need: NeedOptions) -> list[Advice]:
    """The datasets that have the language and the licence, the best first.

    Raises DatasetError where none has, OptionError where nothing was asked for.
    """
    if not (need.language or need.domain or need.style or need.accent):
        raise OptionError("say what it is for, such as --language yo --style spontaneous")
    fit = [info for info in catalogue().values() if _possible(info, need)]
    if not fit:
        raise DatasetError(_none(need))
    return sorted((_weigh(info, need) for info in fit), key=lambda advice: (-advice.score, advice.info.name))


def left_out(need: NeedOptions) -> list[DatasetInfo]:
    """Those that have the language, but not the licence."""
    return [
        info
        for info in catalogue().values()
        if _speaks(info, need.language) and need.licence == "commercial" and info.commercial is False
    ]


def _info(row: Mapping[str, Any]) -> DatasetInfo:
    many = ("languages", "domains", "styles", "splits")
    values: dict[str, Any] = {name: tuple(value) if name in many else value for name, value in row.items()}
    default = row["sources"]["*"]
    facts = [name for name in row if name not in ("name", "title", "sources") and row[name] not in (None, [])]
    values["sources"] = MappingProxyType({fact: row["sources"].get(fact, default) for fact in facts})
    return DatasetInfo(**values)


def _possible(info: DatasetInfo, need: NeedOptions) -> bool:
    return _speaks(info, need.language) and (need.licence != "commercial" or info.commercial is not False)


def _speaks(info: DatasetInfo, language: str | None) -> bool:
    return language is None or language.lower() in info.languages


def _none(need: NeedOptions) -> str:
    known = sorted({code for info in catalogue().values() for code in info.languages})
    if need.language and need.language.lower() not in known:
        return (
            f"no dataset of the catalogue has the language {need.language!r}. {nearest(need.language, known)}"
        )
    return f"no dataset of {need.language} allows commercial use. Leave --licence out to see the others"


def _weigh(info: DatasetInfo, need: NeedOptions) -> Advice:
    """Points: domain 3 (near 1.5), style 2, accent 3, format 1 each, access 1, size up to 1, licence 0.5."""
    notes = [
        _domain(info, need.domain),
        _style(info, need.style),
        _accent(info, need.accent),
        *(_format(info) if need.formatted else ()),
        _licence(info, need.licence),
        _access(info),
        _size(info),
    ]
    said = [(points, text) for points, text in notes if text]
    return Advice(
        info,
        sum(points for points, _ in said),
        tuple(text for points, text in said if points > 0),
        tuple(text for points, text in said if points <= 0),
    )


def _domain(info: DatasetInfo, domain: str | None) -> tuple[float, str]:
    if domain is None:
        return 0.0, ""
    wanted = domain.lower().replace("call-center", "call-centre")
    if wanted in info.domains:
        return 3.0, f"domain {wanted}"
    near = [name for name in info.domains if name in _NEAR.get(wanted, ())]
    if near:
        return 1.5, f"{', '.join(near)}, near to {wanted}"
    return 0.0, f"{', '.join(info.domains) or 'domain unknown'}, not {wanted}"


def _style(info: DatasetInfo, style: str | None) -> tuple[float, str]:
    if style is None:
        return 0.0, ""
    if style in info.styles:
        return 2.0, f"{style} speech"
    return (-1.0, f"{' and '.join(info.styles)}, not {style}") if info.styles else (0.0, "style unknown")


def _accent(info: DatasetInfo, accent: str | None) -> tuple[float, str]:
    if accent is None:
        return 0.0, ""
    found = accent.lower() in (info.accents or "").lower()
    return (3.0, f"accents: {info.accents}") if found else (0.0, f"accents: {info.accents or 'unknown'}")


def _format(info: DatasetInfo) -> list[tuple[float, str]]:
    said = {True: (1.0, "has {}"), False: (-1.0, "has no {}"), None: (0.0, "{} unknown")}
    return [
        (said[value][0], said[value][1].format(name))
        for name, value in (("case", info.case), ("punctuation", info.punctuation))
    ]


def _licence(info: DatasetInfo, wanted: str) -> tuple[float, str]:
    if info.commercial is True:
        return 0.5, f"{info.licence} allows commercial use"
    if wanted == "commercial":
        return -0.5, f"read its licence first: {info.licence or 'unknown'}"
    return 0.0, f"licence {info.licence or 'unknown'}"


def _access(info: DatasetInfo) -> tuple[float, str]:
    points = {"open": 1.0, "gated": 0.0, "form": 0.0, "licensed": -1.0}.get(info.access or "", 0.0)
    return points, {1.0: "open", 0.0: f"access: {info.access or 'unknown'}", -1.0: "has to be bought"}[points]


def _size(info: DatasetInfo) -> tuple[float, str]:
    hours = info.train_hours or info.hours
    if hours is None:
        return 0.0, "hours unknown"
    several = f" in {len(info.languages)} languages" if len(info.languages) > 1 else ""
    return min(math.log10(hours + 1) / 4, 1.0), f"{hours:,.0f} h{several}"
