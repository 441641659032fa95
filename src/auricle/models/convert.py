"""Hugging Face Whisper checkpoint → CTranslate2 folder, once, kept in Auricle's cache.

Works on numpy alone: neither torch nor transformers. A converted folder appears whole or not at
all, so two processes that convert the same checkpoint at once both end with one good copy.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from auricle import storage
from auricle.errors import OutputError
from auricle.models import whisper_tokens as tokens
from auricle.models.checkpoint import Tensors, header
from auricle.models.folders import ModelFolder, layout_of, read_json, weights
from auricle.models.whisper_weights import Dimensions, fill

_VERSION = 1  # goes into the key: raise it when what is written changes
_COPIED = ("preprocessor_config.json", "generation_config.json")
_TEXTS = ("config.json", "tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json", *_COPIED)
_STALE = 24 * 3600  # seconds after which an unfinished folder is taken for abandoned


def ctranslate2_folder(folder: ModelFolder) -> ModelFolder:
    """The same model in CTranslate2's layout: as it is, or converted, or converted before.

    Raises ModelError where the checkpoint cannot be converted, OutputError where the cache cannot
    be written.
    """
    if folder.layout == "ctranslate2":
        return folder
    if not (target := converted_path(folder.path)).is_dir():
        with _publish(target) as temporary:
            convert(folder.path, temporary)
    return replace(folder, path=target, layout=layout_of(target))


def converted_path(source: Path) -> Path:
    """Where the conversion of a checkpoint lies, or would lie."""
    return storage.cache_dir() / "converted" / _key(source)


def convert(source: Path, target: Path, quantization: str = "float16") -> None:
    """Write a checkpoint's CTranslate2 files into an existing, empty folder.

    ``quantization`` is how weights are stored: float16, int8 (half the size again) or what else the
    library stores; what is computed in is chosen on loading.

    Raises ModelError where the checkpoint is no Whisper, or not whole; OSError where writing fails.
    """
    from ctranslate2.specs.whisper_spec import WhisperSpec

    config = read_json(source / "config.json")
    dims = Dimensions.of(config)
    tokenizer = tokens.load_tokenizer(source)
    generation = _read_optional(source / "generation_config.json")
    spec = WhisperSpec(dims.encoder_layers, dims.encoder_heads, dims.decoder_layers, dims.decoder_heads)
    fill(spec, Tensors(weights(source)), dims)
    spec.register_vocabulary(tokens.vocabulary(tokenizer, dims.vocabulary))
    spec.config.suppress_ids = tokens.suppressed(tokenizer, (generation, config))
    spec.config.suppress_ids_begin = tokens.suppressed_first(tokenizer, (generation, config))
    spec.config.lang_ids = tokens.languages(tokenizer, generation)
    spec.config.alignment_heads = tokens.alignment_heads(generation, dims.decoder_layers, dims.decoder_heads)
    spec.validate()
    spec.optimize(quantization=quantization)
    spec.save(str(target))
    _side_files(source, target, tokenizer, dims)


def _side_files(source: Path, target: Path, tokenizer: Any, dims: Dimensions) -> None:
    """The tokenizer and the configurations; the mel bands are written down where nothing says them."""
    if (source / "tokenizer.json").is_file():
        shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")
    else:
        tokenizer.save(str(target / "tokenizer.json"))
    for name in _COPIED:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    if not (target / "preprocessor_config.json").is_file():
        sound = {"feature_size": dims.mels, "sampling_rate": 16000, "hop_length": 160, "n_fft": 400}
        (target / "preprocessor_config.json").write_text(json.dumps(sound, indent=2), "utf-8")


def _read_optional(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def _key(source: Path) -> str:
    """A name for the state of a checkpoint: texts by content, weights by place, size, time and header."""
    digest = hashlib.sha256(str(_VERSION).encode())
    for name in _TEXTS:
        if (path := source / name).is_file():
            digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    for path in weights(source):
        status = path.stat()
        digest.update(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\0".encode() + header(path))
    return digest.hexdigest()[:32]


@contextlib.contextmanager
def _publish(target: Path) -> Iterator[Path]:
    """A folder to write into, which becomes ``target`` at the end unless another process was faster."""
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        yield temporary
        _settle(temporary, target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}. Set AURICLE_CACHE") from error
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)


def _settle(temporary: Path, target: Path) -> None:
    """Flush the files to disk and give the folder its name; one that is there already is as good."""
    for path in temporary.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    temporary.chmod(0o755)
    try:
        temporary.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _sweep(parent: Path) -> None:
    """Remove what killed processes left behind."""
    for path in parent.glob(".*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE:
                shutil.rmtree(path, ignore_errors=True)
