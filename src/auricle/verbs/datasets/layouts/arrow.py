"""Folders of the datasets library's ``save_to_disk``: one dataset, or one a split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auricle.errors import DatasetError, missing_extra
from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.rows import Row, Source


def finds(path: Path) -> bool:
    """A folder with the files that save_to_disk leaves."""
    return (path / "dataset_dict.json").is_file() or (path / "state.json").is_file()


def open_source(path: Path) -> Source:
    """The rows, memory-mapped. Raises MissingExtraError, DatasetError."""
    try:
        import datasets
    except ImportError as error:
        raise missing_extra("Reading a folder of save_to_disk", "datasets") from error
    try:
        opened = datasets.load_from_disk(str(path))
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path} is not whole: {_first_line(error)}. Save it again.") from error
    return source_of(opened, path.name)


def source_of(opened: Any, name: str) -> Source:
    """The rows of a Dataset of the library, or of a dictionary of them; streamed ones too."""
    import datasets

    several = isinstance(opened, dict)
    splits = {str(key): undecoded(value) for key, value in (opened if several else {"": opened}).items()}
    sizes = {key: len(part) for key, part in splits.items() if isinstance(part, datasets.Dataset)}
    counts = {**sizes, "": sum(sizes.values())} if len(sizes) == len(splits) else {}

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        for key in [split] if split else splits:
            for number, values in enumerate(splits[key], 1):
                where = f"{name}{f' {key}' if key else ''} row {number}"
                yield Row(values, where, split=key or None)

    return Source(
        rows,
        splits=tuple(splits) if several else (),
        streamed=True,
        counts=counts,
        columns=tuple(next(iter(splits.values())).features or ()),
    )


def undecoded(part: Any) -> Any:
    """The same with its audio as bytes or paths, so that the library does not decode (torchcodec)."""
    import datasets

    for column, feature in (part.features or {}).items():
        if isinstance(feature, datasets.Audio):
            part = part.cast_column(column, datasets.Audio(decode=False))
    return part


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:150] if str(error) else type(error).__name__
