"""How fast this machine is, measured in a process of its own, so that its memory can be told.

The embedded model transcribes some seconds of a recording and a part of them, which parts the
encoder's time from the decoder's; large matrices are multiplied, which gives the pace of engines that
are not measured; and weights are read, which gives the memory bandwidth.

    python -m auricle.verbs.models.probe < order.json     # what ``measure`` starts
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import ModelError
from auricle.models import machine
from auricle.models.catalogue import catalogue
from auricle.models.embedded import NAME
from auricle.verbs.models.cost import Pace, Trial, Work, activations, fit, step_seconds

_LONGEST = 20.0  # seconds of a recording that are used
_PART = 3.0  # seconds of the shorter trial
_ROWS, _WIDTH = 500, 1024  # of the product: ten seconds of frames
_READ = (6000, 8000)  # 192 MB, more than any cache
# Transformers is measured only where one of its models is on disk; until then its pace follows from
# the products of matrices, with what was found on one machine (docs/log.md, 2026-11-25).
_TRANSFORMERS_SHARE = 0.8  # of the speed of plain products
_TRANSFORMERS_STEP = 6e-3  # seconds a decoder layer takes for a step
_TRANSFORMERS_BASE = 650_000_000  # bytes of the process without weights


@dataclass(frozen=True, slots=True)
class Probe:
    """What was measured: float32 operations a second, bytes a second, and the embedded model's trials."""

    products: float
    bandwidth: float
    precision: str
    trials: tuple[Trial, Trial]
    memory: int | None
    threads: int
    device: str = "cpu"

    @property
    def rtfx(self) -> float:
        """How many times faster than real time the embedded model was on the longer trial."""
        audio, _, work = self.trials[0]
        return audio / work

    def pace(self, engine: str, precision: str) -> Pace:
        """What an engine reaches: measured for CTranslate2, derived for Transformers."""
        if engine != "ctranslate2":
            speed = self.products * _TRANSFORMERS_SHARE
            step, base = _TRANSFORMERS_STEP, _TRANSFORMERS_BASE
            return Pace(engine, precision, speed, step, self.bandwidth, base, measured=False)
        return self._measured(precision)

    def _measured(self, precision: str) -> Pace:
        info = catalogue()[NAME]
        shape = info.shape
        if shape is None:
            raise ModelError(f"the catalogue has no shape for {NAME}.")
        flops, token = fit(shape, self.trials)
        free = Pace("ctranslate2", self.precision, flops, 0.0, self.bandwidth, 0)
        least = step_seconds(shape, free, self.trials[0][0], 1)
        layer = max(token - least, 0.0) / shape.decoder_layers
        weights = info.weights(self.precision) or 0
        used = weights + activations(shape, Work(self.trials[0][0], batch=1))
        base = max((self.memory or 0) - used, 0)
        return Pace("ctranslate2", precision, flops, layer, self.bandwidth, base)


def measure(recording: Path, threads: int = 0) -> Probe:
    """Measure this machine with a recording; takes some seconds.

    Raises AuricleError where the recording or the embedded model cannot be used.
    """
    order = json.dumps({"recording": str(recording.absolute()), "threads": threads})
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OPENBLAS_NUM_THREADS": str(threads or machine.cores()),
    }
    done = subprocess.run(
        [sys.executable, "-m", __name__], input=order, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ModelError(f"this machine could not be measured: {lines[-1]}")
    found = json.loads(done.stdout)
    whole, part = (tuple(trial) for trial in found.pop("trials"))
    return Probe(trials=(whole, part), **found)


def best(work: Callable[[], Any], threads: int, times: int = 3) -> float:
    """The shortest of some runs in seconds, after one that warms up.

    On one thread the process's own time is taken, which other programs cannot disturb.
    """
    clock = time.process_time if threads == 1 else time.perf_counter
    work()
    took = []
    for _ in range(times):
        began = clock()
        work()
        took.append(clock() - began)
    return min(took)


def _products(threads: int) -> float:
    """Operations a second of the product that a feed-forward layer is."""
    import numpy as np

    left, right = np.ones((_ROWS, _WIDTH), np.float32), np.ones((_WIDTH, 4 * _WIDTH), np.float32)
    return 2.0 * _ROWS * _WIDTH * 4 * _WIDTH / best(lambda: left @ right, threads)


def _bandwidth(threads: int) -> float:
    """Bytes a second that weights are read at: a matrix times a vector."""
    import numpy as np

    matrix, vector = np.ones(_READ, np.float32), np.ones(_READ[1], np.float32)
    return matrix.nbytes / best(lambda: matrix @ vector, threads)


def _measure(order: Mapping[str, Any]) -> dict[str, Any]:
    from auricle.audio import Audio
    from auricle.engines import DecodeOptions, LoadOptions, load_engine
    from auricle.features import log_mel

    threads = order["threads"] or machine.cores()
    engine: Any = load_engine(LoadOptions(model=NAME, engine="ctranslate2", threads=threads))
    audio = Audio.load(order["recording"], rate=engine.rate).slice(0.0, _LONGEST)
    parts = (audio, audio.slice(0.0, min(_PART, audio.duration / 2)))
    trials = []
    for part in parts:
        seconds = best(lambda part=part: engine.transcribe([part], DecodeOptions()), threads)  # type: ignore[misc]
        seconds -= best(lambda part=part: log_mel(part.samples, 80, round(100 * part.duration)), threads)  # type: ignore[misc]
        (transcript,) = engine.transcribe([part], DecodeOptions())
        trials.append((part.duration, engine.count_tokens(transcript.text), seconds))
    kind = engine.info.compute_type.split("_")[0]
    return {
        "trials": trials,
        "precision": kind if kind in ("int8", "float16") else "float32",
        "memory": machine.peak_memory(),
        "threads": threads,
        "device": engine.info.device,
        "products": _products(threads),
        "bandwidth": _bandwidth(threads),
    }


def _main() -> None:
    from auricle.errors import AuricleError

    try:
        sys.stdout.write(json.dumps(_measure(json.load(sys.stdin))))
    except AuricleError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _main()
