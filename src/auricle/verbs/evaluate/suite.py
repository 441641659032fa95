"""Several datasets under one name: a TOML file, or one of those that come with Auricle.

::

    [options]                      # for all of them, under the names of the Python API
    language = "en"

    [[datasets]]
    name = "talks"                 # what its run and its column are called
    dataset = "talks/manifest.jsonl"
    split = "test"                 # any option of evaluate

Knows names and options. Refuses to know what is in a dataset.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import FormatError, MissingFileError, OptionError, nearest
from auricle.options import options_of
from auricle.verbs.evaluate.options import EvaluateOptions

_HOME = Path(__file__).parent / "suites"
_KEYS = frozenset(("options", "datasets", "source"))


@dataclass(frozen=True, slots=True)
class Member:
    """One dataset of a suite: its name there, what to open, and its options under flat names."""

    name: str
    dataset: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Suite:
    """Datasets to evaluate on together."""

    name: str
    members: tuple[Member, ...]

    def with_options(self, given: Mapping[str, Any]) -> Iterator[tuple[Member, dict[str, Any]]]:
        """Each dataset with its options and those given. Raises OptionError where they disagree."""
        for member in self.members:
            for name, value in given.items():
                if name in member.options and member.options[name] != value:
                    raise OptionError(
                        f"the suite {self.name} sets {name} to {member.options[name]!r} for {member.name}, "
                        f"and {value!r} is given. Leave it out."
                    )
            yield member, {**member.options, **given}


def suite_names() -> list[str]:
    """The suites that come with Auricle."""
    return sorted(path.stem for path in _HOME.glob("*.toml"))


def load_suite(spec: str | Path) -> Suite:
    """A suite by its file, or by the name of one that comes with Auricle.

    Raises MissingFileError, FormatError for a file that is no suite, OptionError for its options.
    """
    path = Path(spec)
    if str(spec) in suite_names():
        path = _HOME / f"{spec}.toml"
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise MissingFileError(f"there is no suite {spec}. {nearest(str(spec), suite_names())}") from None
    except (OSError, ValueError) as error:
        raise FormatError(f"{spec} cannot be read as TOML: {error}.") from error
    _check_names(table, _KEYS, str(spec))
    members = tuple(_members(table, path, str(spec)))
    names = [member.name for member in members]
    for name in names:
        if names.count(name) > 1:
            raise FormatError(f"{spec} has two datasets called {name}. Give each a name of its own.")
    return Suite(path.stem, members)


def _members(table: Mapping[str, Any], path: Path, spec: str) -> Iterator[Member]:
    known = {item.name for item in options_of(EvaluateOptions) if not item.hidden}
    shared, rows = table.get("options", {}), table.get("datasets", [])
    if not isinstance(shared, dict) or not isinstance(rows, list) or not rows:
        raise FormatError(f"{spec} has no [[datasets]]: a suite names one or more.")
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("dataset"), str):
            raise FormatError(
                f"{spec} has a [[datasets]] without dataset: name a folder, manifest or Hub id."
            )
        options = {**shared, **row}
        dataset = options.pop("dataset")
        name = str(options.pop("name", "")) or re.sub(r"[^\w.+-]+", "_", Path(dataset).name)
        _check_names(options, known, f"{name} in {spec}")
        beside = path.parent / dataset
        yield Member(name, str(beside) if beside.exists() else dataset, options)


def _check_names(found: Mapping[str, Any], known: Any, where: str) -> None:
    for name in found:
        if name not in known:
            raise OptionError(f"{where} has {name!r}, which is nothing known. {nearest(name, known)}")
