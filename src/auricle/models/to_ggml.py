"""Whisper checkpoint → one file of whisper.cpp (ggml), on numpy alone.

The format, as whisper.cpp's loader reads it: a magic number and eleven sizes, the mel filters, the
base vocabulary as bytes, then each weight with its name as OpenAI published it. Matrices are
float16, vectors and positions float32; whisper.cpp's own ``quantize`` makes smaller files of it.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from auricle import features
from auricle.errors import ModelError, OutputError
from auricle.models import whisper_tokens as tokens
from auricle.models.checkpoint import Tensors
from auricle.models.folders import ModelFolder, read_json, weights
from auricle.models.to_huggingface import huggingface_folder
from auricle.models.whisper_weights import Dimensions, is_absent_bias, places
from auricle.storage import write_whole

MAGIC = 0x67676D6C
_FLOAT32, _FLOAT16 = 0, 1
_END = "<|endoftext|>"  # the first token that is not text; whisper.cpp adds those from here on itself
_CONVOLUTION_BIASES = ("encoder.conv1.bias", "encoder.conv2.bias")

# Hugging Face's names of a layer's parts, and OpenAI's.
_PARTS = {
    "self_attn.q_proj": "attn.query",
    "self_attn.k_proj": "attn.key",
    "self_attn.v_proj": "attn.value",
    "self_attn.out_proj": "attn.out",
    "self_attn_layer_norm": "attn_ln",
    "encoder_attn.q_proj": "cross_attn.query",
    "encoder_attn.k_proj": "cross_attn.key",
    "encoder_attn.v_proj": "cross_attn.value",
    "encoder_attn.out_proj": "cross_attn.out",
    "encoder_attn_layer_norm": "cross_attn_ln",
    "fc1": "mlp.0",
    "fc2": "mlp.2",
    "final_layer_norm": "mlp_ln",
}
_ROOT = {
    "encoder.embed_positions.weight": "encoder.positional_embedding",
    "decoder.embed_positions.weight": "decoder.positional_embedding",
    "decoder.embed_tokens.weight": "decoder.token_embedding.weight",
    "encoder.layer_norm.weight": "encoder.ln_post.weight",
    "encoder.layer_norm.bias": "encoder.ln_post.bias",
    "decoder.layer_norm.weight": "decoder.ln.weight",
    "decoder.layer_norm.bias": "decoder.ln.bias",
}

Array = NDArray[np.float32] | NDArray[np.float16]


def convert_to_ggml(folder: ModelFolder, out: Path) -> Path:
    """Write a Whisper as the file ``out`` for whisper.cpp; it appears whole or not at all.

    Raises ModelError where the model is no Whisper or its weights are quantised, OutputError where
    the file cannot be written or there is one already.
    """
    if out.exists():
        raise OutputError(f"{out} exists already. Name a file that does not exist yet")
    source = huggingface_folder(folder).path
    dims = Dimensions.of(read_json(source / "config.json"))
    if own := tokens.added_languages(tokens.load_tokenizer(source)):
        raise ModelError(
            f"whisper.cpp counts the languages of a model by the size of its vocabulary, and {folder.name} "
            f"has a token for {next(iter(own))!r} besides. Type: --to ct2"
        )
    with write_whole(out) as file:
        _write_head(file, dims)
        _write_filters(file, dims.mels)
        _write_vocabulary(file, source, dims.vocabulary)
        for name, tensor in openai_weights(source):
            _write_tensor(file, name, tensor)
    return out


def openai_weights(source: Path) -> Iterator[tuple[str, Array]]:
    """The weights of a Hugging Face checkpoint folder under OpenAI's names, as they are stored.

    Raises ModelError where one is missing or has another shape than config.json says.
    """
    stored = Tensors(weights(source))
    prefix = "model." if "model.encoder.conv1.weight" in stored else ""
    for place in places(Dimensions.of(read_json(source / "config.json"))):
        for name in place.tensors:
            if not is_absent_bias(name):
                yield openai_name(name), stored.read(f"{prefix}{name}", place.shape)


def openai_name(name: str) -> str:
    """OpenAI's name of a weight from Hugging Face's, without "model."."""
    side, _, rest = name.partition(".")
    if not rest.startswith("layers."):
        return _ROOT.get(name, name)
    _, number, part = rest.split(".", 2)
    inner, _, kind = part.rpartition(".")
    return f"{side}.blocks.{number}.{_PARTS[inner]}.{kind}"


def spoken_tokens(source: Path, size: int) -> list[bytes]:
    """The tokens that are text, as bytes; whisper.cpp adds the others itself. Raises ModelError."""
    words = tokens.vocabulary(tokens.load_tokenizer(source), size)
    if _END not in words:
        raise ModelError(f"{source}: the tokenizer has no {_END}, which every Whisper has.")
    return [_bytes(word) for word in words[: words.index(_END)]]


def _write_head(file: BinaryIO, dims: Dimensions) -> None:
    encoder = (dims.frames, dims.width, dims.encoder_heads, dims.encoder_layers)
    decoder = (dims.positions, dims.width, dims.decoder_heads, dims.decoder_layers)
    file.write(_integers(MAGIC, dims.vocabulary, *encoder, *decoder, dims.mels, _FLOAT16))


def _write_filters(file: BinaryIO, mels: int) -> None:
    filters = features.mel_filters(mels)
    file.write(_integers(*filters.shape) + filters.astype("<f4").tobytes())


def _write_vocabulary(file: BinaryIO, source: Path, size: int) -> None:
    text = spoken_tokens(source, size)
    file.write(_integers(len(text)))
    for word in text:
        file.write(_integers(len(word)) + word)


def _write_tensor(file: BinaryIO, name: str, tensor: Array) -> None:
    """One weight: its dimensions last to first, its name, its values."""
    if name in _CONVOLUTION_BIASES:
        tensor = tensor.reshape(-1, 1)  # added to [width, frames]
    small = tensor.ndim < 2 or name in _CONVOLUTION_BIASES or name.endswith("positional_embedding")
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(tensor, "<f4" if small else "<f2")
    if not np.isfinite(values).all():
        raise ModelError(f"the tensor {name} holds values that are not finite in float16.")
    written = name.encode()
    file.write(_integers(values.ndim, len(written), _FLOAT32 if small else _FLOAT16, *values.shape[::-1]))
    file.write(written + values.tobytes())


def _integers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def _bytes(word: str) -> bytes:
    """The bytes of a token: byte-level BPE writes each byte as one printable character."""
    table = _table()
    return bytes(table[sign] for sign in word)


@functools.cache
def _table() -> dict[str, int]:
    """The byte of each character: printable ones are themselves, the others from U+0100 on (as in GPT-2)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    shown = {chr(byte): byte for byte in printable}
    return shown | {chr(256 + number): byte for number, byte in enumerate(others)}
