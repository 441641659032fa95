"""A folder or a file a split: ``train/``, ``test/``, or ``train.jsonl``, ``test.tsv``, of any layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.rows import Row, Source

_NAMES = ("train", "training", "validation", "valid", "val", "dev", "development", "eval", "test", "testing")
_FILES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".tsv")


def parts(path: Path) -> dict[str, Path]:
    """Split → its folder or file; empty where the folder is not laid out like that."""
    if not path.is_dir():
        return {}
    found: dict[str, Path] = {}
    for item in sorted(path.iterdir()):
        name = (
            item.name
            if item.is_dir()
            else next((item.name.removesuffix(ending) for ending in _FILES if item.name.endswith(ending)), "")
        )
        if name.lower() in _NAMES:
            found.setdefault(name, item)
    return found


def join(opened: dict[str, Source]) -> Source:
    """One source with the splits of that name."""
    first = next(iter(opened.values()))

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        for name in [split] if split else opened:
            for row in opened[name].rows(None, faults):
                yield replace(row, where=f"{name}: {row.where}", split=name)

    return Source(rows, first.names, tuple(opened))


def opener(open_one: Callable[[Path], Source]) -> Callable[[Path], Source]:
    """How a folder of splits is opened, when ``open_one`` opens each."""
    return lambda path: join({name: open_one(item) for name, item in parts(path).items()})
