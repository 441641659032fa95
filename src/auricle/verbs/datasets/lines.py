"""Text files line by line, whatever is wrong with single lines of them."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from auricle.errors import DatasetError, MissingFileError
from auricle.verbs.datasets.faults import Faults

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_lines(path: Path, faults: Faults, *, ends: bool = False) -> Iterator[tuple[int, str]]:
    """The number (from 1) and text of each line that is not blank; lines that are not UTF-8 are faults.

    A file that begins with the mark of UTF-16 is read as that, and ".gz" is unpacked on the way.
    ``ends`` keeps the line ends and the blank lines. Raises MissingFileError, DatasetError.
    """
    try:
        with _open(path) as file:
            for number, line in _decoded(file, path, faults):
                if ends or line.strip():
                    yield number, line if ends else line.rstrip("\r\n")
    except FileNotFoundError as error:
        raise MissingFileError(f"there is no file {path}.") from error
    except (OSError, EOFError) as error:
        raise DatasetError(f"cannot read {path}: {getattr(error, 'strerror', '') or error}.") from error


def read_json_lines(path: Path, faults: Faults) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each object of a JSON-lines file stands, and the object; broken lines are faults.

    Raises MissingFileError, DatasetError.
    """
    for number, text in read_lines(path, faults):
        where = f"{path.name} line {number}"
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            faults.add("broken line", where, f"not JSON ({_short(error)})")
            continue
        if isinstance(value, dict):
            yield where, value
        else:
            faults.add("broken line", where, f"a JSON {type(value).__name__}, not an object")


def first_object(path: Path) -> dict[str, Any]:
    """The first object of a JSON-lines file, to tell its kind by; empty where there is none."""
    return next((value for _, value in read_json_lines(path, Faults())), {})


def read_table(path: Path, faults: Faults) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each row of a .csv or .tsv with a header stands, and the row; empty cells are None.

    A row with more or fewer cells than the header is a fault. Raises MissingFileError, DatasetError.
    """
    rows = _tabbed(path, faults) if path.suffix == ".tsv" else _commas(path, faults)
    number, header = next(rows, (0, []))
    for number, cells in rows:
        where = f"{path.name} line {number}"
        if len(cells) == len(header):
            yield where, {name: cell or None for name, cell in zip(header, cells, strict=True)}
        elif cells:
            faults.add("broken line", where, f"{len(cells)} cells where the header has {len(header)}")


def header_of(path: Path) -> list[str]:
    """The names in the first line of a .csv or .tsv."""
    rows = _tabbed(path, Faults()) if path.suffix == ".tsv" else _commas(path, Faults())
    return next(rows, (0, []))[1]


def read_pairs(path: Path, faults: Faults) -> Iterator[tuple[str, str, str]]:
    """Where each line stands, its first word, and the rest of it ("" where there is none)."""
    for number, line in read_lines(path, faults):
        first, _, rest = line.strip().partition(" ")
        if "\t" in first:
            first, _, tail = first.partition("\t")
            rest = f"{tail} {rest}"
        yield f"{path.name} line {number}", first, rest.strip()


def _tabbed(path: Path, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Cells between tabs; quotes are part of the text unless they stand for doubled ones in it."""
    for number, line in read_lines(path, faults):
        yield number, [_unquoted(cell) for cell in line.split("\t")]


def _unquoted(cell: str) -> str:
    """The text of a cell that a spreadsheet has quoted: only those hold doubled quotes and no others."""
    inner = cell[1:-1]
    quoted = len(cell) > 3 and cell[0] == cell[-1] == '"' and '""' in inner
    return inner.replace('""', '"') if quoted and '"' not in inner.replace('""', "") else cell


def _commas(path: Path, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    lines = (line for _, line in read_lines(path, faults, ends=True))
    reader = csv.reader(lines)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise DatasetError(f"{path} line {reader.line_num} is no CSV: {error}. Save it again.") from error


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _decoded(file: IO[bytes], path: Path, faults: Faults) -> Iterator[tuple[int, str]]:
    if file.read(2) in _UTF_16:
        file.seek(0)
        yield from _wide(file, path)
        return
    file.seek(0)
    for number, line in enumerate(file, 1):
        try:
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            faults.add("encoding", f"{path.name} line {number}", f"not UTF-8 at byte {error.start}")


def _wide(file: IO[bytes], path: Path) -> Iterator[tuple[int, str]]:
    try:
        yield from enumerate(codecs.getreader("utf-16")(file), 1)
    except UnicodeError as error:
        raise DatasetError(f"{path} begins as UTF-16 and is not. Save it as UTF-8.") from error


def _short(error: Exception) -> str:
    return f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
