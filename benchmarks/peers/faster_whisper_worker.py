"""faster-whisper on the embedded weights. Arguments: folder, sequential|batched, beam size, processes.

With several processes each has its own model and a share of two threads; files go to whichever is free.
"""

from __future__ import annotations

import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from common import serve

THREADS = 2
folder, mode, beam, *more = sys.argv[1:]
processes = int(more[0]) if more else 1
loaded: dict[str, Any] = {}


def load() -> None:
    """The model of this process."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    threads = max(THREADS // processes, 1)
    loaded["model"] = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads)
    loaded["batched"] = BatchedInferencePipeline(loaded["model"])


def transcribe(path: str) -> str:
    """The text of one file."""
    if mode == "batched":
        segments, _ = loaded["batched"].transcribe(path, language="en", batch_size=8, beam_size=int(beam))
    else:
        segments, _ = loaded["model"].transcribe(path, language="en", beam_size=int(beam))
    return " ".join(segment.text.strip() for segment in segments)


def told(path: str) -> tuple[str, float]:
    """The text of one file and the peak memory of the process that wrote it, in MiB."""
    return transcribe(path), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if processes == 1:
        load()
        serve(transcribe)
    else:
        peaks: dict[int, float] = {}

        def many(paths: list[str]) -> list[str]:
            """Files among the processes, the next to whichever is free."""
            found = list(pool.map(told, paths))
            peaks[0] = processes * max(peak for _, peak in found)
            return [text for text, _ in found]

        with ProcessPoolExecutor(processes, initializer=load) as pool:
            serve(lambda path: many([path])[0], many, also=lambda: peaks[0])
