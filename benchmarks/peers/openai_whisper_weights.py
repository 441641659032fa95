"""Arrays of an .npz file as a checkpoint of openai-whisper. Arguments: .npz, sizes as JSON, .pt to write."""

from __future__ import annotations

import json
import sys

import numpy as np
import torch

arrays, sizes, out = sys.argv[1:4]
with np.load(arrays) as stored:
    state = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files}
torch.save({"dims": json.loads(sizes), "model_state_dict": state}, out)
