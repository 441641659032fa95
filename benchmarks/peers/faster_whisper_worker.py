"""faster-whisper on the embedded weights. Arguments: folder, sequential|batched, beam size."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from common import serve
from faster_whisper import BatchedInferencePipeline, WhisperModel

folder, mode, beam = sys.argv[1:4]
model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=2)
batched = BatchedInferencePipeline(model)


def transcribe(path: str) -> str:
    """The text of one file."""
    if mode == "batched":
        segments, _ = batched.transcribe(path, language="en", batch_size=8, beam_size=int(beam))
    else:
        segments, _ = model.transcribe(path, language="en", beam_size=int(beam))
    return " ".join(segment.text.strip() for segment in segments)


serve(transcribe)
