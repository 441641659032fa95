"""How datasets lie on a disk: one table, one file a layout.

A layout says whether a path is of its kind and gives the rows of it; what a row becomes is the
same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from auricle.errors import DatasetError
from auricle.verbs.datasets.layouts import (
    arrow,
    common_voice,
    kaldi,
    lhotse,
    librispeech,
    manifest,
    metadata,
    nemo,
    pairs,
    parquet,
    splits,
    webdataset,
)
from auricle.verbs.datasets.rows import Source

__all__ = ["LAYOUTS", "Layout", "find_layout", "open_path"]


@dataclass(frozen=True, slots=True)
class Layout:
    """One row of the table: ``finds`` tells a path of its kind, ``open`` gives its rows."""

    name: str
    about: str
    finds: Callable[[Path], bool]
    open: Callable[[Path], Source]


def open_path(path: Path) -> Source:
    """The rows of a file or folder of any layout. Raises DatasetError where it is of none."""
    return find_layout(path).open(path)


def _are_splits(path: Path) -> bool:
    found = splits.parts(path)
    return bool(found) and all(_is_known(item) for item in found.values())


def _is_known(path: Path) -> bool:
    return any(layout.finds(path) for layout in LAYOUTS.values())


# In the order in which they are tried: the first that finds itself is taken, and the last is the
# least sure of itself.
LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout(
            "save_to_disk", "a folder of the datasets library's save_to_disk", arrow.finds, arrow.open_source
        ),
        Layout("parquet", "a .parquet file, or a folder of them", parquet.finds, parquet.open_source),
        Layout(
            "webdataset",
            "a .tar file of WebDataset, or a folder of them",
            webdataset.finds,
            webdataset.open_source,
        ),
        Layout("nemo", "a NeMo manifest", nemo.finds, nemo.open_source),
        Layout("lhotse", "Lhotse cuts", lhotse.finds, lhotse.open_source),
        Layout(
            "manifest",
            "a .jsonl manifest, or a folder with manifest.jsonl",
            manifest.finds,
            manifest.open_source,
        ),
        Layout("kaldi", "a Kaldi data folder", kaldi.finds, kaldi.open_source),
        Layout("common_voice", "a Common Voice release", common_voice.finds, common_voice.open_source),
        Layout("librispeech", "LibriSpeech or a part of it", librispeech.finds, librispeech.open_source),
        Layout(
            "metadata", "a folder with metadata.csv, .tsv or .jsonl", metadata.finds, metadata.open_source
        ),
        Layout(
            "splits",
            "a folder or file a split, each of another layout",
            _are_splits,
            splits.opener(open_path),
        ),
        Layout("pairs", "a folder of recordings with a .txt beside each", pairs.finds, pairs.open_source),
    )
}


def find_layout(path: Path) -> Layout:
    """The layout of a file or folder. Raises DatasetError where it is of none."""
    for layout in LAYOUTS.values():
        if layout.finds(path):
            return layout
    known = "; ".join(layout.about for layout in LAYOUTS.values())
    raise DatasetError(f"{path} is not laid out as a dataset that is known. Known: {known}.")
