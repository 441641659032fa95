"""A Whisper checkpoint for building graphs: every tensor by its name, one at a time, from either layout.

Knows: where a tensor lies in a CTranslate2 folder or a Hugging Face checkpoint, and what the
checkpoint says of its tokens. Refuses to know: graphs, precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from auricle import heap
from auricle.engines.openvino.silence import STATES
from auricle.errors import ModelError
from auricle.models import ModelFolder
from auricle.models import whisper_tokens as lists
from auricle.models.checkpoint import Tensors
from auricle.models.ctranslate2_file import Variables, read_variables
from auricle.models.folders import read_json, weights
from auricle.models.to_huggingface import dimensions
from auricle.models.whisper_weights import Dimensions, places

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Array = npt.NDArray[Any]  # of floating-point numbers


class Weights(Protocol):
    """The tensors of a checkpoint under Hugging Face's names, without "model."."""

    dims: Dimensions

    def read(self, name: str) -> Array | None:
        """A tensor as it is stored; None where the checkpoint has none of that name.

        "proj_out.weight" is there only where it is not the embedding, which Whisper's always is.
        """
        ...

    def rows(self, name: str, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Some rows of a matrix, in float32. Nothing else of the file stays in memory."""
        ...


@dataclass(frozen=True, slots=True)
class TokenLists:
    """What a checkpoint says of its tokens: ids never written, and (layer, head) pairs that follow time."""

    suppressed: tuple[int, ...]
    alignment_heads: tuple[tuple[int, int], ...]


def open_weights(folder: ModelFolder) -> Weights:
    """The weights of a folder of either layout; nothing is read before it is asked for.

    Raises ModelError where it is no Whisper, not whole, or quantised already.
    """
    if folder.layout == "ctranslate2":
        return _FromCTranslate2(folder.path)
    return _FromHuggingFace(folder.path)


def files(folder: ModelFolder) -> tuple[Path, ...]:
    """The files that the graphs of a folder are made from: weights and their shape. Raises ModelError."""
    whole = (folder.path / "model.bin",) if folder.layout == "ctranslate2" else weights(folder.path)
    return (folder.path / "config.json", *whole)


def runs(folder: ModelFolder) -> bool:
    """Whether this engine can run a checkpoint: weights as they are, for windows of 30 s."""
    try:
        return open_weights(folder).dims.frames == STATES
    except ModelError:
        return False


def token_lists(folder: ModelFolder, dims: Dimensions, tokenizer: Tokenizer) -> TokenLists:
    """The lists of a checkpoint, or what openai/whisper derives where it has none. Raises ModelError."""
    configs = _configs(folder)
    heads = lists.alignment_heads(configs[0], dims.decoder_layers, dims.decoder_heads)
    return TokenLists(
        tuple(lists.suppressed(tokenizer, configs)),
        tuple((layer, head) for layer, head in heads),
    )


def _configs(folder: ModelFolder) -> tuple[Mapping[str, Any], ...]:
    """Where the lists may stand, under Hugging Face's names."""
    config = read_json(folder.path / "config.json")
    if folder.layout == "ctranslate2":
        named = {
            "suppress_tokens": config.get("suppress_ids"),
            "begin_suppress_tokens": config.get("suppress_ids_begin"),
            "alignment_heads": config.get("alignment_heads"),
        }
        return (named,)
    path = folder.path / "generation_config.json"
    return (read_json(path) if path.is_file() else {}, config)


class _FromCTranslate2:
    """Tensors of ``model.bin``, where queries, keys and values lie one below the other."""

    def __init__(self, folder: Path) -> None:
        self._variables: Variables = read_variables(folder / "model.bin", "WhisperSpec")
        self.dims = dimensions(self._variables, folder)
        self._places = {
            name: (place.variable, number, len(place.tensors))
            for place in places(self.dims)
            for number, name in enumerate(place.tensors)
        }
        self._places["proj_out.weight"] = ("decoder/projection/weight", 0, 1)
        self._embedding = self._variables["decoder/embeddings/weight"]
        if self._embedding.dtype.kind != "f":
            raise ModelError(f"{folder} is quantised already. Type: --engine ctranslate2")

    def read(self, name: str) -> Array | None:
        """A tensor as it is stored; None where the checkpoint has none of that name."""
        variable, number, parts = self._places[name]
        value = self._variables.get(variable)
        if value is None or (name == "proj_out.weight" and np.shares_memory(value, self._embedding)):
            return None
        size = len(value) // parts
        return value[number * size : (number + 1) * size]

    def rows(self, name: str, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Some rows of a matrix, in float32."""
        matrix = self.read(name)
        assert matrix is not None, name
        found = np.asarray(matrix[numbers], np.float32)
        heap.let_go(matrix)
        return found


class _FromHuggingFace:
    """Tensors of safetensors files."""

    def __init__(self, folder: Path) -> None:
        self.dims = Dimensions.of(read_json(folder / "config.json"))
        self._tensors = Tensors(weights(folder))
        self._prefix = "model." if "model.encoder.conv1.weight" in self._tensors else ""
        self._shapes = {name: place.shape for place in places(self.dims) for name in place.tensors}
        self._shapes["proj_out.weight"] = (self.dims.vocabulary, self.dims.width)

    def read(self, name: str) -> Array | None:
        """A tensor as it is stored; None where the checkpoint has none of that name."""
        stored = name if name == "proj_out.weight" else f"{self._prefix}{name}"
        if stored not in self._tensors and name.endswith(("k_proj.bias", "proj_out.weight")):
            return None
        return self._tensors.read(stored, self._shapes[name])

    def rows(self, name: str, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Some rows of a matrix, in float32."""
        return self._tensors.rows(f"{self._prefix}{name}", self._shapes[name], numbers)
