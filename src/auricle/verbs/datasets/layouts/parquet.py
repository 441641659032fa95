"""Parquet: files of the datasets library or anybody's, read in pieces with pyarrow.

Audio is a column of file bytes (alone, or beside a path) or of paths. The splits are those in the
names of the files ("data/train-00000-of-00002.parquet").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auricle.errors import DatasetError, missing_extra
from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.rows import Row, Source

_BATCH = 32  # rows in memory at once
_SPLIT = re.compile(r"([A-Za-z][\w.]*?)(?:-\d+-of-\d+(?:-\w+)?)?")


def finds(path: Path) -> bool:
    """A file of that ending, or a folder with some (or with a folder of some)."""
    if path.is_file():
        return path.suffix == ".parquet"
    return any(next(path.glob(pattern), None) for pattern in ("*.parquet", "*/*.parquet"))


def open_source(path: Path) -> Source:
    """The rows; how many there are is in the files. Raises MissingExtraError, DatasetError."""
    files = _files(path)
    counts = {name: sum(_read(file).metadata.num_rows for file in found) for name, found in files.items()}
    alone = path.is_file()
    columns = tuple(_read(next(iter(files.values()))[0]).schema_arrow.names)

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        for name in [split] if split else files:
            for file in files[name]:
                yield from _rows(file, None if alone else name)

    return Source(
        rows,
        splits=() if alone else tuple(files),
        streamed=True,
        counts={**counts, "": sum(counts.values())},
        columns=columns,
    )


def _files(path: Path) -> dict[str, list[Path]]:
    if path.is_file():
        return {"": [path]}
    found: dict[str, list[Path]] = {}
    for file in sorted([*path.glob("*.parquet"), *path.glob("*/*.parquet")]):
        inside = file.parent != path and file.parent.name != "data"
        match = _SPLIT.fullmatch(file.stem)
        name = file.parent.name if inside else match[1] if match else file.stem
        found.setdefault(name, []).append(file)
    return found


def _read(file: Path) -> Any:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise missing_extra("Reading parquet", "datasets") from error
    import pyarrow

    try:
        return pq.ParquetFile(file)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise DatasetError(f"{file} is not a parquet file that can be read. Copy it again.") from error


def _rows(file: Path, split: str | None) -> Iterator[Row]:
    number = 0
    with _read(file) as opened:
        for batch in opened.iter_batches(batch_size=_BATCH):
            for values in batch.to_pylist():
                number += 1
                yield Row(values, f"{file.name} row {number}", file.parent, split)
