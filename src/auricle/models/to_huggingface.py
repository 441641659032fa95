"""CTranslate2 folder → Hugging Face checkpoint of Whisper, on numpy alone: where fine-tuning starts.

The way back is ``convert.py``; both share the table of weights. What comes out is what
``WhisperForConditionalGeneration.save_pretrained`` and its processor would leave, so that every
tool of that library can load it: weights (float32), configuration, generation configuration,
tokenizer and feature extractor.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.errors import ModelError, OutputError
from auricle.models import whisper_tokens as tokens
from auricle.models.ctranslate2_file import Variables, read_variables
from auricle.models.folders import ModelFolder, layout_of, read_json
from auricle.models.whisper_weights import Dimensions, is_absent_bias, places
from auricle.storage import cache_dir

_VERSION = 1  # of what is written, for what is kept in the cache
_RATE, _HOP, _WINDOW, _SECONDS = 16_000, 160, 400, 30
_HEAD_WIDTH = 64  # of every published Whisper, where the file does not say
_ENGLISH_END = 50256  # English models have one token less before "<|endoftext|>" than multilingual ones

Arrays = dict[str, NDArray[np.float32]]


def convert_to_huggingface(folder: ModelFolder, out: Path) -> ModelFolder:
    """Write a Whisper of CTranslate2's layout as a Hugging Face checkpoint folder ``out``.

    The folder appears whole or not at all, and must not exist yet (or be empty).

    Raises ModelError where the model is no Whisper or is quantised, OutputError where it cannot be
    written or something is in the way.
    """
    if folder.layout != "ctranslate2":
        raise ModelError(
            f"{folder.name} is a Hugging Face checkpoint already. Use it as it is: {folder.path}"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} is not empty. Name a folder that does not exist yet")
    with _whole(out) as temporary:
        _write(folder.path, temporary)
    return replace(folder, path=out, layout=layout_of(out), origin="local")


def huggingface_folder(folder: ModelFolder) -> ModelFolder:
    """The same model as a Hugging Face checkpoint: as it is, or converted once into Auricle's cache.

    Raises ModelError, OutputError.
    """
    if folder.layout == "huggingface":
        return folder
    status = (folder.path / "model.bin").stat()
    state = f"{folder.path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\0{_VERSION}"
    target = cache_dir() / "converted" / f"hf-{hashlib.sha256(state.encode()).hexdigest()[:32]}"
    if target.is_dir():
        return replace(folder, path=target, layout="huggingface")
    return replace(convert_to_huggingface(folder, target), origin=folder.origin)


def _write(source: Path, target: Path) -> None:
    variables = read_variables(source / "model.bin", "WhisperSpec")
    dims = dimensions(variables, source)
    lists = read_json(source / "config.json")
    tokenizer = tokens.load_tokenizer(source)
    write_safetensors(target / "model.safetensors", _tensors(variables, dims))
    ids = _ids(tokenizer)
    generation = _generation(tokenizer, ids, lists, dims)
    _write_json(target / "config.json", _config(dims, ids, generation))
    _write_json(target / "generation_config.json", generation)
    _write_json(target / "preprocessor_config.json", _features(dims))
    _write_tokenizer(target, tokenizer, ids, dims.vocabulary)


def dimensions(variables: Variables, source: Path) -> Dimensions:
    """The sizes, from the shapes of the weights and the counts of heads beside them."""
    try:
        width, mels, _ = variables["encoder/conv1/weight"].shape
        sides = {side: _layers(variables, side) for side in ("encoder", "decoder")}
        heads = {side: _heads(variables, side, width) for side in sides}
        return Dimensions(
            width=width,
            encoder_layers=sides["encoder"],
            encoder_heads=heads["encoder"],
            encoder_ffn=len(variables["encoder/layer_0/ffn/linear_0/weight"]),
            decoder_layers=sides["decoder"],
            decoder_heads=heads["decoder"],
            decoder_ffn=len(variables["decoder/layer_0/ffn/linear_0/weight"]),
            mels=mels,
            frames=len(variables["encoder/position_encodings/encodings"]),
            positions=len(variables["decoder/position_encodings/encodings"]),
            vocabulary=len(variables["decoder/embeddings/weight"]),
        )
    except (KeyError, ValueError) as error:
        raise ModelError(f"{source} is no Whisper in CTranslate2's layout: it lacks {error}.") from error


def _layers(variables: Variables, side: str) -> int:
    return sum(
        name.startswith(f"{side}/layer_") and name.endswith("/ffn/layer_norm/gamma") for name in variables
    )


def _heads(variables: Variables, side: str, width: int) -> int:
    stored = variables.get(f"{side}/num_heads")
    return int(stored) if stored is not None else max(1, width // _HEAD_WIDTH)


def _tensors(variables: Variables, dims: Dimensions) -> Arrays:
    """All tensors under Hugging Face's names, in float32: float16 weights lose nothing."""
    found: Arrays = {}
    for place in places(dims):
        value = variables.get(place.variable)
        if value is None or value.shape[1:] != place.shape[1:]:
            raise ModelError(f"model.bin has no {place.variable} of the shape that a Whisper has.")
        if value.dtype.kind != "f":
            raise ModelError("its weights are quantised, which cannot be undone. Convert a float16 model.")
        for name, part in zip(place.tensors, np.split(value, len(place.tensors)), strict=True):
            if not is_absent_bias(name):
                found[f"model.{name}"] = part.astype(np.float32)
    projection = variables.get("decoder/projection/weight")
    if projection is not None and not np.array_equal(projection, variables["decoder/embeddings/weight"]):
        raise ModelError("its vocabulary projection is not its embedding, which Whisper's always is.")
    return found


def _ids(tokenizer: Any) -> dict[str, int]:
    """The tokens that have a meaning, by our name for them."""
    names = {
        "end": "<|endoftext|>",
        "start": "<|startoftranscript|>",
        "previous": "<|startofprev|>",
        "no_timestamps": "<|notimestamps|>",
        "translate": "<|translate|>",
        "transcribe": "<|transcribe|>",
    }
    found = {key: tokenizer.token_to_id(token) for key, token in names.items()}
    if missing := [names[key] for key, value in found.items() if value is None]:
        raise ModelError(f"the tokenizer lacks {missing[0]}, so it is none of Whisper's.")
    return found


def _config(dims: Dimensions, ids: Mapping[str, int], generation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "architectures": ["WhisperForConditionalGeneration"],
        "model_type": "whisper",
        "dtype": "float32",
        "activation_function": "gelu",
        "scale_embedding": False,
        "is_encoder_decoder": True,
        "use_cache": True,
        "d_model": dims.width,
        "num_hidden_layers": dims.encoder_layers,
        "encoder_layers": dims.encoder_layers,
        "encoder_attention_heads": dims.encoder_heads,
        "encoder_ffn_dim": dims.encoder_ffn,
        "decoder_layers": dims.decoder_layers,
        "decoder_attention_heads": dims.decoder_heads,
        "decoder_ffn_dim": dims.decoder_ffn,
        "num_mel_bins": dims.mels,
        "max_source_positions": dims.frames,
        "max_target_positions": dims.positions,
        "vocab_size": dims.vocabulary,
        "bos_token_id": generation["bos_token_id"],
        "eos_token_id": ids["end"],
        "pad_token_id": generation["pad_token_id"],
        "decoder_start_token_id": ids["start"],
        **dict.fromkeys(("dropout", "attention_dropout", "activation_dropout"), 0.0),
        **dict.fromkeys(("encoder_layerdrop", "decoder_layerdrop"), 0.0),
        "init_std": 0.02,
        "apply_spec_augment": False,
        "median_filter_width": 7,
    }


def _generation(
    tokenizer: Any, ids: Mapping[str, int], lists: Mapping[str, Any], dims: Dimensions
) -> dict[str, Any]:
    """How to decode; the lists under CTranslate2's names become those under Hugging Face's."""
    named = {
        "suppress_tokens": lists.get("suppress_ids"),
        "begin_suppress_tokens": lists.get("suppress_ids_begin"),
        "alignment_heads": lists.get("alignment_heads"),
    }
    multilingual = ids["end"] != _ENGLISH_END
    found = {
        "suppress_tokens": tokens.suppressed(tokenizer, (named,)),
        "begin_suppress_tokens": tokens.suppressed_first(tokenizer, (named,)),
        "alignment_heads": tokens.alignment_heads(named, dims.decoder_layers, dims.decoder_heads),
        "bos_token_id": ids["end"] if multilingual else ids["start"],
        "eos_token_id": ids["end"],
        "pad_token_id": ids["end"],
        "decoder_start_token_id": ids["start"],
        "prev_sot_token_id": ids["previous"],
        "no_timestamps_token_id": ids["no_timestamps"],
        "max_initial_timestamp_index": 50,
        "max_length": dims.positions,
        "return_timestamps": False,
        "is_multilingual": multilingual,
    }
    if multilingual:
        found["lang_to_id"] = _languages(tokenizer)
        found["task_to_id"] = {task: ids[task] for task in ("transcribe", "translate")}
    return found


def _languages(tokenizer: Any) -> dict[str, int]:
    return {tokenizer.id_to_token(index): index for index in tokens.languages(tokenizer, {})}


def _features(dims: Dimensions) -> dict[str, Any]:
    return {
        "feature_extractor_type": "WhisperFeatureExtractor",
        "processor_class": "WhisperProcessor",
        "feature_size": dims.mels,
        "sampling_rate": _RATE,
        "hop_length": _HOP,
        "n_fft": _WINDOW,
        "chunk_length": _SECONDS,
        "n_samples": _SECONDS * _RATE,
        "nb_max_frames": _SECONDS * _RATE // _HOP,
        "padding_side": "right",
        "padding_value": 0.0,
        "return_attention_mask": False,
    }


def _write_tokenizer(target: Path, tokenizer: Any, ids: Mapping[str, int], size: int) -> None:
    """tokenizer.json with all timestamps, the older files beside it, and what says which tokenizer it is."""
    whole = json.loads(tokenizer.to_str())
    known = {token["content"]: token["id"] for token in whole["added_tokens"]}
    whole["added_tokens"] += [
        _timestamp(index, name)
        for index, name in enumerate(tokens.vocabulary(tokenizer, size))
        if index > ids["no_timestamps"] and name not in known
    ]
    added = {token["content"]: token["id"] for token in whole["added_tokens"]}
    _write_json(target / "tokenizer.json", whole)
    _write_json(target / "vocab.json", whole["model"]["vocab"])
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in whole["model"]["merges"]]
    (target / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), "utf-8")
    _write_json(target / "added_tokens.json", added)
    _write_json(
        target / "tokenizer_config.json",
        {
            "tokenizer_class": "WhisperTokenizer",
            "processor_class": "WhisperProcessor",
            "model_max_length": 1024,
            "add_prefix_space": False,
            "add_bos_token": False,
            "errors": "replace",
            "return_attention_mask": False,
            **{f"{role}_token": "<|endoftext|>" for role in ("bos", "eos", "unk", "pad")},
        },
    )


def _timestamp(index: int, name: str) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": index, "content": name, **flags, "special": False}


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


def write_safetensors(path: Path, arrays: Arrays) -> None:
    """By the letter of the format, which ``checkpoint.py`` describes; the header fills up to 8 bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array, "<f4").tobytes())


@contextlib.contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A folder to write into that becomes ``out`` at the end."""
    temporary: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name[:40]}."))
        yield temporary
        for path in temporary.iterdir():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.chmod(0o755)
        temporary.rename(out)
    except OSError as error:
        raise OutputError(f"cannot write {out}: {error.strerror or error}") from error
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
