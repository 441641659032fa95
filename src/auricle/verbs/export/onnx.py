"""Hearing clips through the graphs of an export to ONNX, by the search that the checkpoint is heard with.

Only the numbers come from ONNX Runtime: prompts, rules and texts are those of the transformers
engine, so a text that differs comes from the graphs. For the exports' proof alone, not an engine to choose.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from auricle.audio import Audio
from auricle.engines import Engine, LoadOptions
from auricle.engines.transformers.ctc import CTCEngine
from auricle.engines.transformers.opening import inference
from auricle.engines.transformers.whisper import WhisperEngine
from auricle.engines.whisper_windows import WINDOW
from auricle.models import ModelFolder
from auricle.models.onnx_merge import SWITCH
from auricle.models.to_onnx import CTC, DECODER, ENCODER, MERGED, cache_name, past_names, present_names


def engines(source: ModelFolder, made: Path) -> tuple[Engine, Engine]:
    """The checkpoint in float32, and the graphs in ``made``. Raises ModelError."""
    options = LoadOptions(str(source.path), compute_type="float32", device="cpu")
    if (made / CTC).is_file():
        heard = CTCEngine(source, options)
        return heard, OnnxCTC(heard, source, made)
    whisper = WhisperEngine(source, options)
    return whisper, OnnxWhisper(whisper, source, made)


def whole_windows(sounds: Sequence[tuple[str, Audio]]) -> list[tuple[str, Audio]]:
    """The clips with silence up to 30 s, which is what the graph of Whisper's encoder takes."""
    found = []
    for name, audio in sounds:
        missing = round(WINDOW * audio.rate) - len(audio.samples)
        found.append((name, Audio(np.pad(audio.samples, (0, max(missing, 0))), audio.rate)))
    return found


class OnnxCTC(CTCEngine):
    """The engine of a CTC model whose frames come from ``model.onnx``."""

    def __init__(self, heard: CTCEngine, source: ModelFolder, made: Path) -> None:
        super().__init__(source, LoadOptions(str(source.path)), model=heard._model)
        self._session = _session(made / CTC)

    @inference
    def _compute(self, batch: Sequence[Audio]) -> list[Any]:
        import torch

        inputs, mask = self._sound.inputs(batch, "cpu", torch.float32)
        wanted = {value.name for value in self._session.get_inputs()}
        fed = {name: value.numpy() for name, value in inputs.items() if name in wanted}
        logits = torch.from_numpy(self._session.run(["logits"], fed)[0]).log_softmax(-1).numpy()
        return [
            row[:length] for row, length in zip(logits, self._lengths(mask, logits.shape[1]), strict=True)
        ]


class OnnxWhisper(WhisperEngine):
    """The engine of a Whisper whose states and logits come from its graphs; words have no times."""

    accepts = WhisperEngine.accepts - {"words"}

    def __init__(self, heard: WhisperEngine, source: ModelFolder, made: Path) -> None:
        self._encoder, self._decoder, merged = (_session(made / name) for name in (ENCODER, DECODER, MERGED))
        model = copy.copy(heard._model)
        model.__class__ = _through(type(model))
        model.session = merged
        super().__init__(source, LoadOptions(str(source.path)), model=model)
        self._measures = True

    def _encode(self, batch: Sequence[Audio]) -> Any:
        import torch

        from auricle import features

        bands = self._model.config.num_mel_bins
        mels = np.stack([features.log_mel(audio.samples, bands, 100 * round(WINDOW)) for audio in batch])
        return torch.from_numpy(self._encoder.run(None, {"input_features": mels})[0])

    def _logits(self, states: Any, ids: list[list[int]]) -> Any:
        import torch

        fed = {"input_ids": np.array(ids, np.int64), "encoder_hidden_states": states.numpy()}
        return torch.from_numpy(self._decoder.run(["logits"], fed)[0])


def _through(kind: Any) -> Any:
    """A class of Whisper whose decoder is a session of ONNX Runtime.

    The search of the library reads the signature of ``forward``, so it is that of the model.
    """

    class Through(kind):  # type: ignore[misc]
        session: Any

        @functools.wraps(kind.forward)
        def forward(self, *, encoder_outputs: Any, decoder_input_ids: Any, **more: Any) -> Any:
            """As the library's own, for a search that keeps keys and values."""
            import torch
            from transformers import DynamicCache, EncoderDecoderCache
            from transformers.modeling_outputs import Seq2SeqLMOutput

            name = cache_name(self)
            kept = more.get(name) or EncoderDecoderCache(DynamicCache(), DynamicCache())
            own, cross = kept.self_attention_cache, kept.cross_attention_cache
            layers, heads = self.config.decoder_layers, self.config.decoder_attention_heads
            later = own.get_seq_length() > 0
            fed = {
                "input_ids": decoder_input_ids.numpy(),
                "encoder_hidden_states": encoder_outputs.last_hidden_state.numpy(),
                SWITCH: np.array([later]),
            }
            nothing = torch.zeros(len(decoder_input_ids), heads, 0, self.config.d_model // heads)
            for half, held in (("decoder", own), ("encoder", cross)):
                parts = [part for layer in held.layers for part in (layer.keys, layer.values)]
                given = parts if later else [nothing] * (2 * layers)
                fed |= {
                    name: part.numpy() for name, part in zip(past_names(layers, half), given, strict=True)
                }
            logits, *found = self.session.run(["logits", *present_names(layers, ("decoder", "encoder"))], fed)
            for layer in range(layers):
                keys, values, *heard = map(torch.from_numpy, found[4 * layer : 4 * layer + 4])
                if later:
                    own.layers[layer].keys, own.layers[layer].values = keys, values
                else:
                    own.update(keys, values, layer)
                    cross.update(*heard, layer)
                    kept.is_updated[layer] = True
            return Seq2SeqLMOutput(logits=torch.from_numpy(logits), **{name: kept})

    return Through


def _session(path: Path) -> Any:
    import onnxruntime

    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), quiet, providers=["CPUExecutionProvider"])
