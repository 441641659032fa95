"""openai-whisper on the embedded weights. Arguments: a .pt file, beam size."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
import torch
import whisper
from common import serve, sound

weights, beam = sys.argv[1:3]
torch.set_num_threads(2)
model = whisper.load_model(weights, device="cpu")
search = {} if beam == "1" else {"beam_size": int(beam)}
serve(lambda path: model.transcribe(sound(path), language="en", fp16=False, **search)["text"])
