"""Whisper's weights under both their names: Hugging Face's and CTranslate2's.

``fill`` brings a checkpoint into a ``WhisperSpec``; ``to_huggingface.py`` goes the other way. Every
tensor is read with the shape that config.json implies, and becomes float16: that is how Whisper is
published for CTranslate2, which widens or quantises it again for the device it runs on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.errors import ModelError
from auricle.models.checkpoint import Tensors

Half = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The sizes of a Whisper model, as config.json gives them."""

    width: int
    encoder_layers: int
    encoder_heads: int
    encoder_ffn: int
    decoder_layers: int
    decoder_heads: int
    decoder_ffn: int
    mels: int
    frames: int
    positions: int
    vocabulary: int

    @staticmethod
    def of(config: Mapping[str, Any]) -> Dimensions:
        """Read from config.json. Raises ModelError for a field missing, or an architecture that differs."""
        if config.get("scale_embedding") or config.get("activation_function", "gelu") != "gelu":
            raise ModelError("config.json: only gelu, without scale_embedding, can be converted.")
        fields = "d_model encoder_layers encoder_attention_heads encoder_ffn_dim decoder_layers"
        fields += " decoder_attention_heads decoder_ffn_dim num_mel_bins max_source_positions"
        fields += " max_target_positions vocab_size"
        values = [config.get(field) for field in fields.split()]
        sizes = [value for value in values if type(value) is int and value > 0]
        if len(sizes) < len(values):
            wrong = next(f for f, value in zip(fields.split(), values, strict=True) if value not in sizes)
            raise ModelError(f"config.json lacks {wrong}, or it is no size.")
        dims = Dimensions(*sizes)
        if dims.width % dims.encoder_heads or dims.width % dims.decoder_heads:
            raise ModelError(f"config.json: the heads do not divide d_model, {dims.width}.")
        return dims


@dataclass(frozen=True, slots=True)
class Place:
    """A variable of CTranslate2, and the tensors of Hugging Face that lie in it one below the other.

    ``shape`` is that of each tensor. Keys have no bias in Whisper, which is a bias of zeros.
    """

    variable: str
    tensors: tuple[str, ...]
    shape: tuple[int, ...]


def places(dims: Dimensions) -> Iterator[Place]:
    """Every weight of Whisper under both its names; those of Hugging Face without "model."."""
    width = dims.width
    yield from _pair("encoder/conv1", "encoder.conv1", (width, dims.mels, 3))
    yield from _pair("encoder/conv2", "encoder.conv2", (width, width, 3))
    for side, length in (("encoder", dims.frames), ("decoder", dims.positions)):
        name = f"{side}.embed_positions.weight"
        yield Place(f"{side}/position_encodings/encodings", (name,), (length, width))
        yield from _norm(f"{side}/layer_norm", f"{side}.layer_norm", width)
    yield Place("decoder/embeddings/weight", ("decoder.embed_tokens.weight",), (dims.vocabulary, width))
    for number in range(dims.encoder_layers):
        yield from _layer("encoder", number, width, dims.encoder_ffn)
    for number in range(dims.decoder_layers):
        yield from _layer("decoder", number, width, dims.decoder_ffn)


def _layer(side: str, number: int, width: int, inner: int) -> Iterator[Place]:
    there, here = f"{side}/layer_{number}", f"{side}.layers.{number}"
    yield from _attention(f"{there}/self_attention", f"{here}.self_attn", ("qkv", "o"), width)
    if side == "decoder":  # queries come from the text, keys and values from the sound
        yield from _attention(f"{there}/attention", f"{here}.encoder_attn", ("q", "kv", "o"), width)
    yield from _pair(f"{there}/ffn/linear_0", f"{here}.fc1", (inner, width))
    yield from _pair(f"{there}/ffn/linear_1", f"{here}.fc2", (width, inner))
    yield from _norm(f"{there}/ffn/layer_norm", f"{here}.final_layer_norm", width)


def _attention(there: str, here: str, linears: tuple[str, ...], width: int) -> Iterator[Place]:
    """Matrices that CTranslate2 keeps together: "qkv" is queries, keys and values, "o" the way out."""
    for number, letters in enumerate(linears):
        names = tuple(f"{here}.{'out' if letter == 'o' else letter}_proj" for letter in letters)
        for part, shape in (("weight", (width, width)), ("bias", (width,))):
            tensors = tuple(f"{name}.{part}" for name in names)
            yield Place(f"{there}/linear_{number}/{part}", tensors, shape)
    yield from _norm(f"{there}/layer_norm", f"{here}_layer_norm", width)


def _pair(there: str, here: str, shape: tuple[int, ...]) -> Iterator[Place]:
    yield Place(f"{there}/weight", (f"{here}.weight",), shape)
    yield Place(f"{there}/bias", (f"{here}.bias",), shape[:1])


def _norm(there: str, here: str, width: int) -> Iterator[Place]:
    yield Place(f"{there}/gamma", (f"{here}.weight",), (width,))
    yield Place(f"{there}/beta", (f"{here}.bias",), (width,))


def is_absent_bias(tensor: str) -> bool:
    """Whether this is the bias of keys, which checkpoints leave out."""
    return tensor.endswith("k_proj.bias")


def fill(spec: Any, tensors: Tensors, dims: Dimensions) -> None:
    """Set all weights of a WhisperSpec. Raises ModelError where the checkpoint does not fit."""
    prefix = "model." if "model.encoder.conv1.weight" in tensors else ""
    for place in places(dims):
        parts = [_read(tensors, f"{prefix}{name}", place.shape) for name in place.tensors]
        _set(spec, place.variable, parts[0] if len(parts) == 1 else np.concatenate(parts))
    spec.decoder.projection.weight = spec.decoder.embeddings.weight  # tied, unless stored apart
    if "proj_out.weight" in tensors:
        spec.decoder.projection.weight = _read(tensors, "proj_out.weight", (dims.vocabulary, dims.width))


def _read(tensors: Tensors, name: str, shape: tuple[int, ...]) -> Half:
    """One tensor. Raises ModelError where it is missing, misshapen, or too large for float16."""
    if is_absent_bias(name) and name not in tensors:
        return np.zeros(shape, np.float16)
    array = tensors.read(name, shape)
    with np.errstate(over="ignore"):
        half = array.astype(np.float16, copy=False)
    if not np.isfinite(half).all():
        raise ModelError(f"the tensor {name} holds values that are not finite in float16.")
    return half


def _set(spec: Any, variable: str, value: Half) -> None:
    """Set an attribute by its path; "layer_3" is the item 3 of the list "layer"."""
    *path, last = variable.split("/")
    for part in path:
        name, _, number = part.rpartition("_")
        spec = getattr(spec, part) if hasattr(spec, part) else getattr(spec, name)[int(number)]
    setattr(spec, last, value)
