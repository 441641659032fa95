"""A model's folder: which of the two layouts it has, and what is missing where it has neither.

``ctranslate2``: model.bin, config.json and a tokenizer. ``huggingface``: config.json with a
model_type, and model.safetensors whole or in shards. Pickles (pytorch_model.bin) are never loaded:
opening one runs whatever code it holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from auricle.errors import ModelError
from auricle.models.catalogue import ModelInfo
from auricle.models.kinds import kind_of

Layout = Literal["ctranslate2", "huggingface"]
Origin = Literal["local", "embedded", "cache", "hub"]

INDEX = "model.safetensors.index.json"
_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "pytorch_model.pt")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on this machine, complete as far as its files' names tell.

    ``revision`` is the commit of a Hub repository, the SHA-256 of embedded weights, or None.
    ``origin`` is where it was found: "hub" means that it was downloaded just now.
    """

    path: Path
    layout: Layout
    name: str
    revision: str | None = None
    info: ModelInfo | None = None
    origin: Origin = "local"


def layout_of(folder: Path, *, allow_pickle: bool = False) -> Layout:
    """The layout of a folder, known by its files; pickled weights count where they are allowed.

    Raises ModelError, one line: what was looked for and what is missing.
    """
    if (folder / "model.bin").is_file():
        _require_ctranslate2(folder)
        return "ctranslate2"
    if weights(folder) or (allow_pickle and is_pickled(folder)):
        _require_huggingface(folder)
        return "huggingface"
    raise ModelError(_no_weights(folder))


def is_pickled(folder: Path) -> bool:
    """Whether the folder has pickled weights that Transformers would open."""
    return any((folder / name).is_file() for name in _PICKLES[:2])


def is_model(folder: Path) -> bool:
    """Whether the folder holds weights in either layout."""
    return (folder / "model.bin").is_file() or bool(weights(folder))


def weights(folder: Path) -> tuple[Path, ...]:
    """The safetensors files of a Hugging Face checkpoint; empty where it has none.

    Raises ModelError where the index cannot be read or names a shard that is not there.
    """
    if (whole := folder / "model.safetensors").is_file():
        return (whole,)
    if not (folder / INDEX).is_file():
        return ()
    shards = _shards(folder)
    if missing := [shard.name for shard in shards if not shard.is_file()]:
        raise ModelError(f"{folder} lacks {len(missing)} of {len(shards)} shards, such as {missing[0]}.")
    return shards


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises ModelError where it cannot be read or is no object."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} holds a JSON {type(value).__name__}, not an object.")
    return value


def refuse_file(path: Path) -> ModelError:
    """The error for a file where a folder was wanted, naming what it seems to be."""
    return ModelError(f"{path} is {_kind_of(path)}; Auricle loads folders. {_what_to_give(path)}")


def _shards(folder: Path) -> tuple[Path, ...]:
    """The files that the index names; a name with a separator could point anywhere, so it is refused."""
    mapping = read_json(folder / INDEX).get("weight_map")
    names = sorted(set(mapping.values())) if isinstance(mapping, dict) else []
    if not names or not all(isinstance(name, str) and Path(name).name == name for name in names):
        raise ModelError(f"{folder / INDEX} does not name the shards of a checkpoint.")
    return tuple(folder / name for name in names)


def _require_ctranslate2(folder: Path) -> None:
    missing = [] if (folder / "config.json").is_file() else ["config.json"]
    if not (folder / "tokenizer.json").is_file() and not any(folder.glob("vocabulary.*")):
        missing.append("tokenizer.json or vocabulary.json")
    if missing:
        raise ModelError(f"{folder} has a CTranslate2 model.bin but lacks {' and '.join(missing)}.")


def _require_huggingface(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} has weights but lacks config.json.")
    kind_of(read_json(folder / "config.json"), folder)


def _no_weights(folder: Path) -> str:
    if (folder / "adapter_config.json").is_file():
        return f"{folder} is a LoRA adapter without its model. Merge it into the base model first."
    if any((folder / name).is_file() for name in _PICKLES):
        return (
            f"{folder} has its weights only as a pickle, which could run code, so Auricle does not open it. "
            "Save it again with save_pretrained(FOLDER, safe_serialization=True). If you trust who made it, "
            "type: --engine transformers --allow-pickle"
        )
    if any(folder.glob("*.onnx")):
        return f"{folder} holds ONNX graphs, for ONNX Runtime. Give the checkpoint they were made from."
    return (
        f"{folder} holds no model: looked for model.bin (CTranslate2), "
        f"model.safetensors and {INDEX} (Hugging Face)."
    )


def _kind_of(path: Path) -> str:
    """What a file seems to be, by its first bytes or its ending."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        return f"a file that cannot be read ({error.strerror})"
    if magic in (b"lmgg", b"ggml"):
        return "a GGML file of whisper.cpp"
    if magic == b"GGUF":
        return "a GGUF file of llama.cpp or whisper.cpp"
    endings = {".pt": "a pickle of PyTorch", ".onnx": "an ONNX graph", ".nemo": "a NeMo archive"}
    return endings.get(path.suffix.lower(), "a file")


def _what_to_give(path: Path) -> str:
    if path.name in ("model.bin", "model.safetensors", "config.json"):
        return f"Give the one it lies in: {path.parent}"
    return "Give a folder, a Hugging Face id (owner/name) or a name such as tiny.en"
