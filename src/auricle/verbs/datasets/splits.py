"""Split expressions: ``test``, ``train+validation``, ``train[:450]``, ``train[450:]``, ``train[:10%]``.

The grammar is that of the datasets library, so that what is typed there works here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from auricle.errors import DatasetError, OptionError, nearest

ALL = "all"
_PART = re.compile(r"([^\[\]+\s]+)(?:\[\s*(-?\d+%?)?\s*:\s*(-?\d+%?)?\s*\])?")


@dataclass(frozen=True, slots=True)
class Part:
    """A split, or a slice of one; ``name`` is None for all there is.

    ``start`` and ``stop`` are as typed: "450", "-10", "10%", or "" for the end on that side.
    """

    name: str | None = None
    start: str = ""
    stop: str = ""

    @property
    def counted(self) -> bool:
        """Whether its limits depend on how many there are."""
        return any("%" in limit or "-" in limit for limit in (self.start, self.stop))

    @property
    def whole(self) -> bool:
        """Whether it has no limits."""
        return not self.start and not self.stop

    def limits(self, count: int | None) -> tuple[int, int | None]:
        """From and to, as numbers from 0. Raises DatasetError where the count is needed and unknown."""
        if self.counted and count is None:
            raise DatasetError(
                f"[{self.start}:{self.stop}] needs the number of utterances, which a stream does not "
                "know. Use plain numbers, or leave streaming out."
            )
        size = count or 0
        start = _place(self.start, size) if self.start else 0
        return start, _place(self.stop, size) if self.stop else None


def parse_split(text: str | None) -> tuple[Part, ...]:
    """The parts of a split expression; all there is for None. Raises OptionError."""
    if text is None:
        return (Part(),)
    parts = []
    for piece in text.split("+"):
        found = _PART.fullmatch(piece.strip())
        if not found:
            raise OptionError(f"{text!r} is no split. Type one such as test, train+validation or train[:450]")
        name = None if found[1] == ALL else found[1]
        parts.append(Part(name, found[2] or "", found[3] or ""))
    return tuple(parts)


def check_names(parts: Iterable[Part], known: Iterable[str], what: str) -> None:
    """Raises DatasetError for a split that is not there, with those that are."""
    names = list(known)
    for part in parts:
        if part.name is not None and part.name not in names:
            if not names:
                raise DatasetError(
                    f"{what} has no splits, so no {part.name!r}. Leave the split out, or type all"
                )
            raise DatasetError(f"{what} has no split {part.name!r}. {nearest(part.name, names)}")


def _place(limit: str, count: int) -> int:
    """A limit as a number: rounded to the nearest for a share, counted from the end below 0."""
    value = int(limit.removesuffix("%"))
    place = round(value * count / 100) if limit.endswith("%") else value
    return max(place + count, 0) if limit.startswith("-") else place
