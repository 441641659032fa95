"""Datasets: open any of them, and every one gives the same utterances.

    >>> dataset = open_dataset("corpus/manifest.jsonl", split="test")   # doctest: +SKIP
    >>> for utterance in dataset:                                       # doctest: +SKIP
    ...     print(utterance.text, utterance.load().duration)

``layouts/`` knows how datasets lie on a disk, ``rows.py`` which column holds what, ``splits.py``
what ``train[:450]`` means.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from auricle.errors import MissingFileError, OptionError
from auricle.options import option
from auricle.verbs.datasets.dataset import Dataset
from auricle.verbs.datasets.layouts import hub, open_path
from auricle.verbs.datasets.rows import Source
from auricle.verbs.datasets.splits import parse_split
from auricle.verbs.datasets.utterance import AudioRef, Fingerprint, Utterance, in_order

__all__ = ["AudioRef", "DataOptions", "Dataset", "Fingerprint", "Utterance", "in_order", "open_dataset"]


@dataclass(frozen=True, slots=True)
class DataOptions:
    """Which part of a dataset, and which of its columns."""

    split: str | None = option(
        None, "split: test, train+validation, train[:450], train[10%:]", metavar="SPLIT"
    )
    audio_column: str | None = option(None, "column that holds the audio", metavar="NAME")
    text_column: str | None = option(None, "column that holds the text", metavar="NAME")
    config: str | None = option(None, "configuration of a Hub dataset, such as its language", metavar="NAME")
    revision: str | None = option(None, "branch, tag or commit of a Hub dataset", metavar="REV")
    streaming: bool = option(False, "read a Hub dataset as it is needed instead of downloading it")


def open_dataset(
    spec: str | PathLike[str],
    *,
    split: str | None = None,
    audio_column: str | None = None,
    text_column: str | None = None,
    language: str | None = None,
    streaming: bool = False,
    config: str | None = None,
    revision: str | None = None,
) -> Dataset:
    """Open a dataset: a folder or file of any layout in the table, or a Hub id (owner/name:config).

    ``language`` is that of utterances whose dataset does not say. ``streaming``, ``config`` and
    ``revision`` are for the Hub. No audio is read here. Rows that cannot be used are left out and
    counted in ``Dataset.faults``.

    Raises DatasetError (no such column or split, nothing usable), OptionError, MissingFileError,
    MissingExtraError.
    """
    parts = parse_split(split)
    source = _source(str(spec), streaming=streaming, config=config, revision=revision)
    return Dataset(
        str(spec), source, parts, audio_column=audio_column, text_column=text_column, language=language
    )


def _source(spec: str, *, streaming: bool, config: str | None, revision: str | None) -> Source:
    path = Path(spec).expanduser()
    if path.exists():
        if streaming or config or revision:
            raise OptionError(
                f"streaming, config and revision are for the Hub, and {spec} is here. Leave them out."
            )
        return open_path(path)
    if not hub.is_id(spec):
        raise MissingFileError(f"there is no dataset {spec}. Check the path, or give a Hub id: owner/name")
    return hub.open_hub(spec, streaming=streaming, config=config, revision=revision)
