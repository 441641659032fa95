"""Samples to what a model wants to hear, by the checkpoint's own feature extractor, always with a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auricle.audio import Audio
from auricle.engines.transformers.opening import explained, quiet
from auricle.errors import ModelError
from auricle.features import RATE
from auricle.models import ModelFolder


class Sound:
    """The feature extractor of one checkpoint. It is given 16 kHz, whatever the model was trained on."""

    rate = RATE

    def __init__(self, folder: ModelFolder, multiple: int | None = None) -> None:
        """``multiple`` is what the number of samples has to be one of, where the model wants that."""
        from transformers import AutoFeatureExtractor

        names = ("preprocessor_config.json", "processor_config.json")
        if not any((folder.path / name).is_file() for name in names):
            raise ModelError(
                f"{folder.path} lacks {names[0]}, so how it wants to hear sound is unknown. "
                "Copy it from the base model."
            )
        with quiet(), explained(folder):
            self._extractor = AutoFeatureExtractor.from_pretrained(str(folder.path), local_files_only=True)
        self._multiple = multiple
        self._own = int(getattr(self._extractor, "sampling_rate", RATE))

    def inputs(self, batch: Sequence[Audio], device: Any, dtype: Any) -> tuple[dict[str, Any], Any]:
        """What to call the model with, and the mask [batch, samples or frames] of what is real."""
        found = self._extractor(
            [audio.resample(self._own).samples for audio in batch],
            sampling_rate=self._own,
            padding=True,
            pad_to_multiple_of=self._multiple,
            return_attention_mask=True,
            return_tensors="pt",
        )
        inputs = {
            name: value.to(device, dtype) if value.is_floating_point() else value.to(device)
            for name, value in found.items()
        }
        return inputs, inputs["attention_mask"]
