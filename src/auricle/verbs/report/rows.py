"""The utterances of a run as its page shows them: aligned, counted, with what there is to hear."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle import metrics
from auricle.metrics import ErrorRate
from auricle.verbs.evaluate.run import Run, Scored
from auricle.verbs.evaluate.scoring import Counts, Texts, count_each, prepare

Pair = str | tuple[str | None, str | None]  # a word both have, or what stands against what


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance: its normalised texts, their aligned words, and all its counts."""

    texts: Texts
    pairs: tuple[Pair, ...]
    all: Counts

    @property
    def row(self) -> Scored:
        """What was heard."""
        return self.texts.row

    @property
    def counts(self) -> ErrorRate:
        """The errors after normalising."""
        return self.all.normalized

    @property
    def written(self) -> ErrorRate:
        """The errors of the texts as they are written."""
        return self.all.orthographic


def lines(run: Run) -> list[Line]:
    """All utterances of a run, in its order, normalised as the run says."""
    texts = prepare(run.rows, run.story.normalizer)
    return [Line(one, _pairs(one), found) for one, found in zip(texts, count_each(texts), strict=True)]


def _pairs(texts: Texts) -> tuple[Pair, ...]:
    return tuple(aligned(metrics.words(texts.reference), metrics.words(texts.hypothesis)))


def aligned(reference: Sequence[str], hypothesis: Sequence[str]) -> Iterable[Pair]:
    """Words in pairs: one where both have it, else the two, None where one has nothing."""
    for step in metrics.align(reference, hypothesis):
        said = None if step.reference is None else reference[step.reference]
        heard = None if step.hypothesis is None else hypothesis[step.hypothesis]
        if step.kind == "hit" and said is not None:
            yield said
        else:
            yield said, heard


def entry(line: Line, folder: Path, picture: int | None, clip: int | None) -> dict[str, Any]:
    """What the page's script knows of one utterance; ``folder`` is where the page will lie."""
    row = line.row
    return {
        "id": row.id,
        "ref": row.reference,
        "hyp": row.hypothesis,
        "pairs": line.pairs,
        "n": line.counts.reference,
        "s": line.counts.substitutions,
        "d": line.counts.deletions,
        "i": line.counts.insertions,
        "seconds": round(row.duration, 3),
        "snr": None if row.snr is None else round(row.snr, 1),
        "audio": address(row, folder),
        "columns": columns_of(row),
        "picture": picture,
        "clip": clip,
        "failed": "",
    }


def failed_entry(name: str, error: str) -> dict[str, Any]:
    """What the script knows of an utterance that could not be heard."""
    empty = dict.fromkeys(("n", "s", "d", "i", "seconds"), 0)
    nothing = dict.fromkeys(("snr", "audio", "picture", "clip"))
    return {"id": name, "ref": "", "hyp": "", "pairs": (), "columns": {}, "failed": error, **empty, **nothing}


def columns_of(row: Scored) -> dict[str, str | int | float]:
    """What the dataset says of an utterance that one can filter by, speaker and language first."""
    given = {"speaker": row.speaker, "language": row.language, **row.columns}
    return {
        str(name): value if isinstance(value, str | int | float) else str(value)
        for name, value in given.items()
        if value not in (None, "")
    }


def address(row: Scored, folder: Path) -> str | None:
    """The recording's place as seen from the page, as a relative URL; None where it is not a file here.

    Where an utterance is a part of its file, the player begins and ends there.
    """
    if row.audio is None or not Path(row.audio).is_file():
        return None
    try:
        relative = Path(os.path.relpath(Path(row.audio).resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return None
    place = f"#t={row.start:.3f},{row.start + row.duration:.3f}" if row.start else ""
    return urllib.parse.quote(relative) + place
