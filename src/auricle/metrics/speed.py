"""Speed with the story that makes it comparable: throughput, latency, and what was timed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a speed was measured; two speeds compare only where these are equal.

    ``warmup`` is the utterances run before the clock, ``timed`` what the clock encloses
    ("decode": model and features; "total": reading of files too).
    """

    device: str
    batch_size: int
    warmup: int
    timed: str
    compute_type: str = ""
    threads: int = 0


@dataclass(frozen=True, slots=True)
class Throughput:
    """Seconds of audio and the seconds of work they took, in sums that add."""

    audio: float = 0.0
    elapsed: float = 0.0

    def __add__(self, other: Throughput) -> Throughput:
        if not isinstance(other, Throughput):
            return NotImplemented
        return Throughput(self.audio + other.audio, self.elapsed + other.elapsed)

    def __radd__(self, other: object) -> Throughput:
        return self if other == 0 else NotImplemented

    @property
    def rtfx(self) -> float | None:
        """Total audio over total time: how many times faster than real time. None without time."""
        return self.audio / self.elapsed if self.elapsed else None

    @property
    def rtf(self) -> float | None:
        """Total time over total audio: the inverse of ``rtfx``. None without audio."""
        return self.elapsed / self.audio if self.audio else None


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of the seconds between question and answer, by nearest rank: each was measured."""

    count: int
    p50: float
    p90: float
    p95: float
    p99: float
    worst: float

    @staticmethod
    def of(seconds: Iterable[float]) -> Latency | None:
        """The percentiles of one value or more; None of none."""
        values = sorted(seconds)
        if not values:
            return None
        p50, p90, p95, p99 = (values[math.ceil(len(values) * share / 100) - 1] for share in (50, 90, 95, 99))
        return Latency(len(values), p50, p90, p95, p99, values[-1])
