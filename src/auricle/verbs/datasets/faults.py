"""What is wrong with a dataset as it lies there: named, counted, and the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from auricle.errors import DatasetError

_EXAMPLES = 5

# Kind of fault → whether the utterance is left out, and what to say of one and of many.
KINDS = {
    "broken line": (True, "cannot be read"),
    "encoding": (True, "is not UTF-8"),
    "missing audio": (True, "names audio that is not there"),
    "no audio": (True, "has a transcript without audio"),
    "unreadable audio": (True, "has audio that cannot be decoded"),
    "no transcript": (False, "has audio without a transcript"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its kind, where it is ("manifest.jsonl line 7"), and what was found there."""

    kind: str
    where: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.detail or KINDS[self.kind][1]}"


@dataclass
class Faults:
    """All faults of one reading: how many of each kind, and the first few of each."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Fault]] = field(default_factory=dict)

    def add(self, kind: str, where: str, detail: str = "") -> None:
        """Count one more."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        first = self.examples.setdefault(kind, [])
        if len(first) < _EXAMPLES:
            first.append(Fault(kind, where, detail))

    @property
    def left_out(self) -> int:
        """How many utterances the dataset does not give because of their faults."""
        return sum(count for kind, count in self.counts.items() if KINDS[kind][0])

    def __bool__(self) -> bool:
        return bool(self.counts)

    def lines(self) -> Iterator[str]:
        """One line a kind: how many, what became of them, and the first of them."""
        for kind, count in self.counts.items():
            fate = "left out" if KINDS[kind][0] else "kept"
            yield f"{kind}: {count} {fate}, the first is {self.examples[kind][0]}"

    def nothing_left(self, what: str) -> DatasetError:
        """The error for a dataset in which every utterance has a fault."""
        first = next((str(found[0]) for found in self.examples.values()), "it is empty")
        return DatasetError(f"{what} has no utterance that can be used. {first}.")
