"""openvino-genai on the embedded weights, exported by optimum-intel. Arguments: the folder."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
import openvino_genai
from common import serve, sound

pipeline = openvino_genai.WhisperPipeline(sys.argv[1], "CPU", INFERENCE_NUM_THREADS=2)
# Without timestamps it decodes 30 s and drops what follows, so long files need them.
serve(lambda path: str(pipeline.generate(sound(path), return_timestamps=True)))
