"""What a monitoring system wants to know, in Prometheus's text format (version 0.0.4)."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)  # seconds


class Metrics:
    """Counters, a histogram of seconds, and gauges that are asked when they are read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], float] = defaultdict(float)
        self._seconds = [0] * (len(_BUCKETS) + 1)
        self._sum = 0.0
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}

    def add(self, name: str, value: float = 1.0, labels: Mapping[str, str] | None = None) -> None:
        """Add to a counter of ``_COUNTERS``."""
        with self._lock:
            self._counts[name, _labels(labels or {})] += value

    def took(self, seconds: float) -> None:
        """One request was answered."""
        with self._lock:
            place = next((at for at, most in enumerate(_BUCKETS) if seconds <= most), len(_BUCKETS))
            self._seconds[place] += 1
            self._sum += seconds

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """A value that is read when somebody asks."""
        self._gauges[name] = (help, read)

    def text(self) -> str:
        """The page."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        with self._lock:
            counts, seconds, total = dict(self._counts), list(self._seconds), self._sum
        for name, help in _COUNTERS.items():
            yield from (f"# HELP {name} {help}", f"# TYPE {name} counter")
            rows = {labels: value for (known, labels), value in counts.items() if known == name}
            yield from (f"{name}{labels} {value:g}" for labels, value in sorted((rows or {"": 0.0}).items()))
        yield from self._histogram(seconds, total)
        for name, (help, read) in self._gauges.items():
            yield from (f"# HELP {name} {help}", f"# TYPE {name} gauge", f"{name} {read():g}")

    def _histogram(self, seconds: list[int], total: float) -> Iterator[str]:
        name, done = "auricle_request_seconds", 0
        yield from (f"# HELP {name} From the first byte of a request to the last of its answer.",)
        yield f"# TYPE {name} histogram"
        for most, count in zip((*_BUCKETS, None), seconds, strict=True):
            done += count
            yield f'{name}_bucket{{le="{"+Inf" if most is None else f"{most:g}"}"}} {done}'
        yield from (f"{name}_sum {total:g}", f"{name}_count {done}")


_COUNTERS = {
    "auricle_requests_total": "Requests answered, by path and status.",
    "auricle_audio_seconds_total": "Seconds of sound transcribed.",
    "auricle_batches_total": "Calls of the model.",
    "auricle_windows_total": "Windows decoded in them.",
    "auricle_model_seconds_total": "Seconds the model worked.",
    "auricle_abandoned_total": "Requests whose client went or whose time was over.",
}


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items()))
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def resident() -> float:
    """Bytes of memory this process has; 0 where the system does not say."""
    import os

    try:
        return float(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0.0
