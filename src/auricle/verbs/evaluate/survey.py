"""What is in a dataset, before a model is loaded: whatever would make its scores untrue is refused.

Knows texts, ids and languages. Reads no sound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from auricle.errors import DatasetError
from auricle.verbs.datasets import Dataset, Utterance


@dataclass(frozen=True, slots=True)
class Survey:
    """``total`` utterances (None: a stream), ``chosen`` to be heard, ``skipped`` without a text.

    ``seconds`` of audio as the dataset states it, None where it does not of all.
    """

    total: int | None
    chosen: int | None
    skipped: int = 0
    seconds: float | None = None
    languages: frozenset[str | None] = field(default_factory=frozenset)
    warnings: tuple[str, ...] = ()


def survey(dataset: Dataset, *, limit: int | None, missing_text: str, streaming: bool = False) -> Survey:
    """Look through a dataset; a stream is checked while it is heard.

    Raises DatasetError for ids that are there twice and for texts that are missing.
    """
    if streaming:
        return Survey(None, limit)
    total = len(dataset)
    chosen = list(islice(usable(dataset, missing_text), limit))
    if not chosen:
        raise DatasetError(f"{dataset.name} has no utterance to hear.")
    skipped = sum(item.text is None for item in dataset) if missing_text == "skip" else 0
    stated = [item.duration for item in chosen if item.duration is not None]
    return Survey(
        total - skipped,
        len(chosen),
        skipped,
        sum(stated) if len(stated) == len(chosen) else None,
        frozenset(item.language for item in chosen),
        tuple(_warnings(dataset, skipped)),
    )


def usable(utterances: Iterable[Utterance], missing_text: str) -> Iterator[Utterance]:
    """The utterances to be heard, checked one by one. Raises DatasetError."""
    seen: Counter[str] = Counter()
    for number, item in enumerate(utterances, 1):
        seen[item.id] += 1
        if seen[item.id] > 1:
            raise DatasetError(
                f"the id {item.id!r} is there twice, the second time as utterance {number}: which text "
                "belongs to which sound cannot be told. Give every utterance an id of its own."
            )
        if item.text is None and missing_text == "refuse":
            raise DatasetError(
                f"utterance {number} ({item.id}) has no text. Where nothing is said in those without one, "
                "type --missing-text silence; to leave them out, --missing-text skip."
            )
        if item.text is not None or missing_text != "skip":
            yield item


def _warnings(dataset: Dataset, skipped: int) -> Iterator[str]:
    yield from dataset.faults.lines()
    if skipped:
        yield f"{skipped} without a text are skipped"
