"""Hugging Face checkpoint → ONNX, in the layout of Optimum, which ONNX Runtime's users and browsers read.

Of a Whisper: ``encoder_model.onnx``, ``decoder_model.onnx`` for the first tokens,
``decoder_with_past_model.onnx`` for each one after them, and both in ``decoder_model_merged.onnx``, with
names of inputs and outputs as Optimum gives them. Of a CTC model: ``model.onnx``. The graphs are traced
by torch.export and written by onnxscript (docs/decisions/0014-fine-tuning.md); weights stay in float32.
Whisper's encoder takes windows of 30 s, any number of them; everything else takes any length.
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import shutil
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from auricle.errors import ModelError, missing_extra
from auricle.models.folders import ModelFolder, read_json, weights
from auricle.models.kinds import Kind, kind_of
from auricle.models.onnx_merge import merge

ENCODER, DECODER, STEP = "encoder_model.onnx", "decoder_model.onnx", "decoder_with_past_model.onnx"
MERGED, CTC = "decoder_model_merged.onnx", "model.onnx"
_SMALL = (".json", ".txt", ".model", ".md", ".yaml")
_LARGE = 1_800_000_000  # bytes of weights beyond which they lie beside the graph: a file holds 2 GB at most
_TOKENS, _PAST = 4, 5  # lengths in the example inputs; any that are neither 0 nor 1


def require() -> None:
    """Raises MissingExtraError where what writes or checks ONNX is not installed."""
    try:
        import onnxruntime
        import onnxscript
        import torch
        import transformers

        _ = onnxruntime, onnxscript, torch, transformers
    except ImportError as error:
        raise missing_extra("Writing ONNX", "onnx") from error


def check_onnx(folder: ModelFolder) -> Kind:
    """The kind of a checkpoint that can be written. Raises ModelError for others, MissingExtraError."""
    require()
    if folder.layout != "huggingface":
        return "whisper"
    kind = kind_of(read_json(folder.path / "config.json"), folder.path)
    if kind not in ("whisper", "ctc"):
        raise ModelError(f"{folder.name} is a {kind} model; Whisper and CTC models can be written as ONNX.")
    return kind


def convert_to_onnx(folder: ModelFolder, out: Path) -> None:
    """Write the graphs of a Hugging Face checkpoint, and its small files, into the folder ``out``.

    Raises ModelError where the model is neither Whisper nor CTC, MissingExtraError.
    """
    kind = check_onnx(folder)
    with _calm():
        if kind == "whisper":
            _whisper(folder, out)
        else:
            _ctc(folder, out)
    big = {file.name for file in weights(folder.path)}
    for file in folder.path.iterdir():
        small = file.suffix in _SMALL and file.name not in big and "safetensors" not in file.name
        if small and file.is_file():
            shutil.copyfile(file, out / file.name)


def past_names(layers: int, half: str) -> list[str]:
    """Inputs of the step for one half of the cache, "decoder" or "encoder", layer after layer.

    >>> past_names(1, "encoder")
    ['past_key_values.0.encoder.key', 'past_key_values.0.encoder.value']
    """
    return [f"past_key_values.{layer}.{half}.{what}" for layer in range(layers) for what in ("key", "value")]


def present_names(layers: int, halves: Sequence[str]) -> list[str]:
    """Outputs of a decoder for these halves of the cache, layer after layer."""
    return [
        f"present.{layer}.{half}.{what}"
        for layer in range(layers)
        for half in halves
        for what in ("key", "value")
    ]


def cache_name(model: Any) -> str:
    """What this release of Transformers calls the keys and values that a decoder is given back."""
    named = inspect.signature(type(model).forward).parameters
    return "cache" if "cache" in named else "past_key_values"


def _whisper(folder: ModelFolder, out: Path) -> None:
    import torch
    from torch.export import Dim
    from transformers import WhisperForConditionalGeneration

    model = _opened(WhisperForConditionalGeneration, folder)
    config = model.config
    layers, heads, width = config.decoder_layers, config.decoder_attention_heads, config.d_model
    frames, batch = config.max_source_positions, Dim("batch_size")
    large = _is_large(model)
    _write(
        _encoder(model),
        out / ENCODER,
        {"input_features": torch.zeros(2, config.num_mel_bins, 2 * frames)},
        ["last_hidden_state"],
        {"input_features": {0: batch}},
        large,
    )
    _write(
        _decoder(model),
        out / DECODER,
        {
            "input_ids": torch.zeros(2, _TOKENS, dtype=torch.long),
            "encoder_hidden_states": torch.zeros(2, frames, width),
        },
        ["logits", *present_names(layers, ("decoder", "encoder"))],
        {
            "input_ids": {0: batch, 1: Dim("decoder_sequence_length")},
            "encoder_hidden_states": {0: batch, 1: Dim("encoder_sequence_length")},
        },
        large,
    )
    own = {0: batch, 2: Dim("past_decoder_sequence_length")}
    cross = {0: batch, 2: Dim("encoder_sequence_length")}
    names = [*past_names(layers, "decoder"), *past_names(layers, "encoder")]
    past = [
        torch.zeros(2, heads, length, width // heads) for length in (_PAST, frames) for _ in range(2 * layers)
    ]
    _write(
        _step(model),
        out / STEP,
        {"input_ids": torch.zeros(2, 1, dtype=torch.long), **dict(zip(names, past, strict=True))},
        ["logits", *present_names(layers, ("decoder",))],
        {"input_ids": {0: batch}, "past": (own,) * 2 * layers + (cross,) * 2 * layers},
        large,
    )
    merge(out / DECODER, out / STEP, out / MERGED, present_names(layers, ("encoder",)), large=large)


def _encoder(model: Any) -> Any:
    """Spectrograms to states."""
    import torch

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = model.model.encoder

        def forward(self, input_features: Any) -> Any:
            return self.inner(input_features).last_hidden_state

    return Encoder()


def _decoder(model: Any) -> Any:
    """Tokens and states to logits, with keys and values of both attentions, layer after layer."""
    import torch

    cache = cache_name(model)

    class Decoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.head = model.model.decoder, model.proj_out

        def forward(self, input_ids: Any, encoder_hidden_states: Any) -> Any:
            found = self.inner(
                input_ids=input_ids, encoder_hidden_states=encoder_hidden_states, use_cache=True
            )
            kept = getattr(found, cache)
            halves = zip(kept.self_attention_cache.layers, kept.cross_attention_cache.layers, strict=True)
            parts = [
                part for own, cross in halves for part in (own.keys, own.values, cross.keys, cross.values)
            ]
            return (self.head(found.last_hidden_state), *parts)

    return Decoder()


def _step(model: Any) -> Any:
    """One token, and keys and values before it, to logits, with those of the decoder's own attention."""
    import torch
    from transformers import DynamicCache, EncoderDecoderCache

    cache, layers, width = cache_name(model), model.config.decoder_layers, model.config.d_model

    class Step(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.head = model.model.decoder, model.proj_out

        def forward(self, input_ids: Any, *past: Any) -> Any:
            own, cross = DynamicCache(), DynamicCache()
            for layer in range(layers):
                own.update(*past[2 * layer : 2 * layer + 2], layer)
                cross.update(*past[2 * (layers + layer) : 2 * (layers + layer) + 2], layer)
            kept = {cache: EncoderDecoderCache(own, cross)}
            # Keys and values of the cross-attention are in the cache: states are asked for, and not used.
            nothing = input_ids.new_zeros((1, 1, width), dtype=past[0].dtype)
            found = self.inner(input_ids=input_ids, encoder_hidden_states=nothing, use_cache=True, **kept)
            parts = [part for layer in own.layers for part in (layer.keys, layer.values)]
            return (self.head(found.last_hidden_state), *parts)

    return Step()


def _is_large(model: Any) -> bool:
    return int(sum(part.nbytes for part in model.parameters())) > _LARGE


def _ctc(folder: ModelFolder, out: Path) -> None:
    import torch
    from torch.export import Dim
    from transformers import AutoModelForCTC

    from auricle.audio import Audio
    from auricle.engines.transformers.sound import Sound

    model = _opened(AutoModelForCTC, folder)
    sound = Sound(folder)
    clip = Audio(np.sin(np.arange(3 * sound.rate) / 20).astype(np.float32), sound.rate)
    inputs, _ = sound.inputs([clip, clip.slice(0.0, 2.5)], "cpu", torch.float32)
    if model.config.to_dict().get("feat_extract_norm") == "group":
        del inputs["attention_mask"]  # models of this kind hear their padding, and were trained to

    class Frames(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, *values: Any) -> Any:
            return self.inner(**dict(zip(inputs, values, strict=True))).logits

    shape = {0: Dim("batch_size"), 1: Dim("sequence_length")}
    large = _is_large(model)
    _write(Frames(), out / CTC, inputs, ["logits"], {"values": (shape,) * len(inputs)}, large)


def _opened(auto: Any, folder: ModelFolder) -> Any:
    """The model in float32, with attention as plain products, which every runtime knows."""
    import torch

    from auricle.engines.transformers.opening import explained, quiet

    with quiet(), explained(folder):
        model = auto.from_pretrained(
            str(folder.path),
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            attn_implementation="eager",
        )
    return model.eval()


def _write(
    module: Any, path: Path, inputs: dict[str, Any], outputs: list[str], shapes: dict[str, Any], large: bool
) -> None:
    """Trace ``module`` on example inputs and write its graph; raises ModelError where it cannot be traced."""
    import torch

    try:
        with torch.inference_mode(False), torch.no_grad():
            program = torch.onnx.export(
                module.eval(),
                tuple(inputs.values()),
                dynamo=True,
                verbose=False,
                input_names=list(inputs),
                output_names=outputs,
                dynamic_shapes=shapes,
            )
        program.save(str(path), external_data=large)
    except OSError:
        raise
    except Exception as error:  # the exporter raises what it likes
        first = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise ModelError(f"torch cannot trace {path.stem} of this model: {first[0][:200]}") from error


@contextlib.contextmanager
def _calm() -> Iterator[None]:
    """Keep what the exporter tells its developers off the terminal."""
    names = ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")
    levels = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
