"""Short windows give what windows of 30 s give."""

from __future__ import annotations

import numpy as np
import pytest

from auricle import features
from auricle.audio import Audio
from auricle.engines.whisper import WhisperTokens
from auricle.models import resolve
from auricle.models.to_huggingface import huggingface_folder
from auricle.verbs.finetune.batches import decoder_side
from auricle.verbs.finetune.targets import WhisperTargets
from auricle.verbs.finetune.windows import LONGEST, ShortWindows, window_frames

torch = pytest.importorskip("torch")
TEXT = "And so, my fellow Americans."


def test_windows_are_rounded_up_and_never_too_long() -> None:
    assert window_frames(4.1, 0.5) == 500
    assert window_frames(29.9, 0.5) == LONGEST


@pytest.mark.parametrize(("stride", "near"), [(8, 0.02), (24, 0.04)])
def test_the_loss_is_that_of_the_padded_window(jfk: Audio, stride: int, near: float) -> None:
    """Mean over the tokens of the embedded model; a window that is cut short is 0.1 and more away."""
    from transformers import WhisperForConditionalGeneration

    folder = huggingface_folder(resolve("tiny.en")).path
    model = WhisperForConditionalGeneration.from_pretrained(folder).eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    targets = WhisperTargets(tokens := WhisperTokens.load(folder), (tokens.start,))
    sound = jfk.slice(0.0, 3.2)
    batch = decoder_side([targets(TEXT)], tokens.end)

    def loss(frames: int) -> float:
        mel = features.log_mel(sound.samples, 80, frames)[None]
        with torch.no_grad():
            return float(model(input_features=torch.from_numpy(np.ascontiguousarray(mel)), **batch).loss)

    whole = loss(LONGEST)
    windows = ShortWindows(model, stride)
    short = loss(window_frames(3.2, 0.5))
    assert short == pytest.approx(whole, abs=near)
    assert loss(LONGEST) == whole
    windows.remove()
    assert model.model.encoder.embed_positions.weight.shape == (1500, 384)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    with pytest.raises(ValueError, match="expects the mel input features"):
        loss(600)
