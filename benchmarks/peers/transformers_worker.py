"""The pipeline of Transformers on the embedded weights. Arguments: folder, type, batch size."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
import torch
from common import serve, sound
from transformers import pipeline

folder, kind, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(2)
listen = pipeline(
    "automatic-speech-recognition", folder, dtype=getattr(torch, kind), device="cpu", batch_size=batch
)


def one(samples: object) -> dict[str, object]:
    """What the pipeline takes."""
    return {"raw": samples, "sampling_rate": 16_000}


def transcribe(path: str) -> str:
    """The text of one file; what is over 30 s goes the sequential way, which needs timestamps."""
    samples = sound(path)
    found = listen(one(samples), return_timestamps=len(samples) > 30 * 16_000)
    return str(found["text"])


def many(paths: list[str]) -> list[str]:
    """The texts of short files, in batches."""
    return [str(found["text"]) for found in listen([one(sound(path)) for path in paths])]


serve(transcribe, many)
