"""What the benchmarks share: data, normalised WER, peers in environments of their own, paired runs."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = HERE / "peers"
ENVIRONMENTS = ROOT / ".auricle" / "peers"


def speech() -> Path:
    """The folder of recordings: AURICLE_SPEECH, or ../shared/speech beside the checkout."""
    folder = Path(os.environ.get("AURICLE_SPEECH") or ROOT.parent / "shared" / "speech")
    if not folder.is_dir():
        sys.exit(f"there are no recordings in {folder}. Set AURICLE_SPEECH.")
    return folder


@dataclass(frozen=True)
class Clip:
    """One row of a manifest."""

    path: Path
    text: str
    row: dict[str, Any]


def clips(corpus: str, limit: int | None = None) -> list[Clip]:
    """The clips of one corpus that have a text."""
    folder = speech() / corpus
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines()]
    found = [Clip(folder / row["audio"], row["text"], row) for row in rows if row.get("text")]
    return found[:limit]


@dataclass(frozen=True)
class Score:
    """Errors over a corpus, as counts."""

    errors: int
    words: int

    @property
    def rate(self) -> float:
        return self.errors / self.words


def score(references: Sequence[str], hypotheses: Sequence[str], *, normalised: bool = True) -> Score:
    """Corpus WER with the English normaliser of Whisper, or as written."""
    import jiwer
    from whisper_normalizer.english import EnglishTextNormalizer

    clean = EnglishTextNormalizer() if normalised else str
    found = jiwer.process_words([clean(text) for text in references], [clean(text) for text in hypotheses])
    words = found.hits + found.substitutions + found.deletions
    return Score(found.substitutions + found.deletions + found.insertions, words)


def peer_python(name: str, *packages: str) -> Path:
    """The interpreter of a peer's own environment, made on first use."""
    folder = ENVIRONMENTS / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"installing {' '.join(packages)} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


class Worker:
    """A tool in a process of its own: one JSON line in, one JSON line out."""

    def __init__(self, name: str, python: Path, script: Path, *arguments: str, threads: int = 2) -> None:
        limits = {
            "OMP_NUM_THREADS": str(threads),
            "MKL_NUM_THREADS": str(threads),
            "OPENBLAS_NUM_THREADS": "1",
        }
        self.name = name
        self._process = subprocess.Popen(
            [python, script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | limits,
        )

    def run(self, path: Path | Sequence[Path]) -> dict[str, Any]:
        """Transcribe one file, or many: text (or texts), seconds (wall), peak (MiB)."""
        assert self._process.stdin
        assert self._process.stdout
        asked = str(path) if isinstance(path, Path) else [str(one) for one in path]
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} failed")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)


def serve(
    transcribe: Callable[[str], str],
    many: Callable[[list[str]], list[str]] | None = None,
    out: TextIO | None = None,
    also: Callable[[], float] = lambda: 0.0,
) -> None:
    """The worker's side: read a path or a list of them, write text, seconds and peak memory.

    A tool that hears many files together gives ``many``; the others take them one by one. One with
    processes of its own says in ``also`` how many MiB those took.
    """
    import resource
    import time

    for line in sys.stdin:
        asked = json.loads(line)
        began = time.perf_counter()
        if isinstance(asked, str):
            text: str | list[str] = transcribe(asked)
        else:
            text = many(asked) if many else [transcribe(path) for path in asked]
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + also()
        print(json.dumps({"text": text, "seconds": seconds, "peak": peak}), file=out, flush=True)


def sound(path: str) -> Any:
    """A file as float32 mono samples at 16 kHz, for tools that decode none or need ffmpeg for it."""
    import av
    import numpy as np

    with av.open(path) as container:
        resampler = av.AudioResampler("flt", "mono", 16_000)
        parts = [
            frame.to_ndarray().ravel()
            for decoded in [*container.decode(audio=0), None]
            for frame in resampler.resample(decoded)
        ]
    return np.concatenate(parts)


@contextlib.contextmanager
def stdout_for_answers() -> Iterator[TextIO]:
    """The real stdout; what a library prints there goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    yield answers


def interleaved(
    workers: Sequence[Worker], path: Path, rounds: int
) -> Iterator[tuple[Worker, int, dict[str, Any]]]:
    """Run all workers in turn: once to warm up (round 0, not to be counted), then ``rounds`` times."""
    for number in range(rounds + 1):
        for worker in workers:
            yield worker, number, worker.run(path)


def spread(values: Sequence[float]) -> str:
    """Median, with the range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"
