"""whisper.cpp on the embedded weights, greedy. Arguments: a ggml file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from common import serve, sound, stdout_for_answers
from pywhispercpp.model import Model

with stdout_for_answers() as answers:  # whisper.cpp prints what it loads
    model = Model(sys.argv[1], n_threads=2, print_progress=False, print_realtime=False)
    serve(lambda path: " ".join(one.text.strip() for one in model.transcribe(sound(path))), out=answers)
