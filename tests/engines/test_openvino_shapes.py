"""Every published shape of Whisper, with random weights, through the graphs: the logits of Transformers.

`pytest -m slow -s tests/engines/test_openvino_shapes.py`; the largest take 14 GB of memory and of disk.
"""

from __future__ import annotations

import gc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from auricle.engines.openvino.compiled import Compiled
from auricle.engines.openvino.decoding import Session
from auricle.engines.openvino.silence import STATES, Places
from auricle.engines.openvino.sound import Floats, Sound
from auricle.models import machine

pytestmark = pytest.mark.slow

# Width, layers of the encoder and of the decoder, heads, mel bands, tokens: as the cards of the models say.
SHAPES = {
    "tiny": (384, 4, 4, 6, 80, 51865),
    "base": (512, 6, 6, 8, 80, 51865),
    "small": (768, 12, 12, 12, 80, 51865),
    "medium": (1024, 24, 24, 16, 80, 51865),
    "large-v2": (1280, 32, 32, 20, 80, 51865),
    "large-v3": (1280, 32, 32, 20, 128, 51866),
    "turbo": (1280, 32, 4, 20, 128, 51866),
    "distil-large-v3": (1280, 32, 2, 20, 128, 51866),
}
IDS = [50258, 50259, 50359, 7, 1000, 42]
# How far a logit may be off, as a share of the logits' standard deviation: at most, and root mean square.
TOLERANCES = {"float32": (0.001, 0.0001), "int8": (0.3, 0.05)}


def checkpoint(folder: Path, shape: tuple[int, ...], mel: Floats) -> Floats:
    """Write one, and give the logits [tokens, vocabulary] that Transformers has for it in float32."""
    import torch
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    width, encoder, decoder, heads, mels, vocabulary = shape
    config = WhisperConfig(
        vocab_size=vocabulary,
        d_model=width,
        encoder_layers=encoder,
        decoder_layers=decoder,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        num_mel_bins=mels,
    )
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(config).half().float().eval()
    with torch.inference_mode():
        found = model(input_features=torch.from_numpy(mel), decoder_input_ids=torch.tensor([IDS]))
    logits: Floats = found.logits[0].numpy()
    model.half().save_pretrained(folder)
    return logits


def ours(folder: Path, mel: Floats, compute_type: str) -> Floats:
    """The same logits from the graphs."""
    where: Any = SimpleNamespace(layout="huggingface", path=folder)
    (worker,) = Compiled(where, (), compute_type).workers(1, machine.cores())
    every, nothing = np.arange(STATES), np.zeros(STATES, np.float32)
    sound = Sound()
    states = worker.encode(mel, Places(2 * STATES, every, every, nothing))
    sound.put(nothing, worker.keys(states))
    return Session(worker.decoder, sound).feed(np.array([IDS]), [0], range(len(IDS)))[0].copy()


@pytest.mark.parametrize("name", SHAPES)
def test_a_published_shape(name: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    shape = SHAPES[name]
    needed = 16 if shape[0] == 1280 and shape[2] == 32 else 8
    _, free = machine.memory()
    if free is not None and free < needed * 2**30:
        pytest.skip(f"{needed} GB of memory are needed")
    rng = np.random.default_rng(1)
    mel = rng.uniform(-1, 1, (1, shape[4], 2 * STATES)).astype(np.float32)
    expected = checkpoint(tmp_path, shape, mel)
    gc.collect()
    for compute_type, (most, usual) in TOLERANCES.items():
        difference = (ours(tmp_path, mel, compute_type) - expected) / expected.std()
        gc.collect()
        mean = float(np.sqrt(np.mean(difference**2)))
        print(f"{name} {compute_type}: at most {np.abs(difference).max():.4f}, usually {mean:.4f}")
        assert np.abs(difference).max() < most
        assert mean < usual
