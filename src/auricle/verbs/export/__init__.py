"""A checkpoint in another layout, with the proof that it writes the same.

    >>> from auricle.verbs.export import export
    >>> export("checkpoints/accent", "accent-ct2", to="ct2").parity.same      # doctest: +SKIP
    True

Every export ends in a comparison: the same clips through both, texts and word times side by side. An
export that differs is taken away again, unless differences are allowed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.audio import Audio
from auricle.errors import ModelError, OptionError, OutputError
from auricle.models import ModelFolder, resolve
from auricle.models.folders import read_json
from auricle.models.kinds import kind_of
from auricle.models.to_onnx import ENCODER, check_onnx, convert_to_onnx
from auricle.options import build, option
from auricle.verbs.export.parity import Parity, compare_engines, engine, sounds

__all__ = ["ExportError", "ExportOptions", "Exported", "Parity", "export"]

LAYOUTS = ("ct2", "hf", "ggml", "onnx")
STORED = ("float16", "int8", "int8_float16")
_SIDE = ("auricle.json", "README.md", "recipe.yaml")


class ExportError(ModelError):
    """What was exported does not write what the checkpoint writes."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written, and how it is proven."""

    to: str = option(
        "ct2",
        "layout to write: CTranslate2's, Hugging Face's, whisper.cpp's one file, or ONNX graphs",
        choices=LAYOUTS,
    )
    store: str = option("float16", "how CTranslate2's weights are stored", choices=STORED)
    clips: str = option("", "dataset to prove it on; the bundled sample if not given", metavar="DATA")
    count: int = option(30, "clips that are heard through both")
    language: str | None = option(None, "language spoken in them, for models that know several")
    allow: int = option(0, "clips that may differ; they are listed")


@dataclass(frozen=True, slots=True)
class Exported:
    """The new folder (of ggml: the new file), and what the comparison found."""

    folder: Path
    parity: Parity


def export(
    checkpoint: str | Path,
    output: str | Path,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    **options: object,
) -> Exported:
    """Write a checkpoint in another layout and prove that it writes the same.

    ``options`` are the fields of ExportOptions. Raises ExportError where the two differ on more clips
    than are allowed (the export is taken away), ModelError, OptionError, OutputError.
    """
    chosen = build(ExportOptions, options)
    source, target = resolve(str(checkpoint)), Path(output)
    _check(source, target, chosen)
    heard = sounds(chosen.clips, chosen.count)
    temporary = _written(source, target, chosen)
    try:
        made = temporary / target.name if chosen.to == "ggml" else temporary
        more: dict[str, Any] = {"language": chosen.language, "on_progress": on_progress}
        if chosen.to == "onnx":
            parity = _heard_through(source, made, heard, more)
        else:
            with _readable(source, made) as (first, second):
                parity = compare_engines([engine(str(first)), engine(str(second))], heard, **more)
        if len(parity.differences) > chosen.allow:
            raise ExportError(
                f"the export differs on {len(parity.differences)} of {parity.clips} clips, the first: "
                f"{parity.differences[0].line()}. Nothing was kept. To keep it, type: --allow "
                f"{len(parity.differences)}"
            )
        made.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Exported(target, parity)


def _heard_through(
    source: ModelFolder, made: Path, heard: list[tuple[str, Audio]], more: dict[str, Any]
) -> Parity:
    from auricle.models.to_huggingface import huggingface_folder
    from auricle.verbs.export.onnx import engines, whole_windows

    pair = engines(huggingface_folder(source), made)
    return compare_engines(pair, whole_windows(heard) if (made / ENCODER).is_file() else heard, **more)


@contextmanager
def _readable(source: ModelFolder, made: Path) -> Iterator[tuple[Path, Path]]:
    """What engines here can run of both: the weights of a ggml file are read back into a checkpoint.

    Raises ExportError where the file does not hold the weights of ``source``.
    """
    if made.is_dir():
        yield source.path, made
        return
    from auricle.models.from_ggml import check_ggml, huggingface_from_ggml
    from auricle.models.to_huggingface import huggingface_folder

    folder = huggingface_folder(source).path
    try:
        found = check_ggml(made, folder)
    except ModelError as error:
        raise ExportError(str(error)) from error
    yield folder, huggingface_from_ggml(found, folder, made.parent / "read-back")


def _check(source: ModelFolder, target: Path, options: ExportOptions) -> None:
    if options.to == "onnx":
        check_onnx(source)
    wanted = {"onnx": "onnx", "ct2": "ctranslate2", "hf": "huggingface", "ggml": "ggml"}[options.to]
    if source.layout == wanted:
        raise OptionError(f"{source.path} has the layout {options.to} already.")
    if options.count < 1 or options.allow < 0:
        raise OptionError("count must be at least 1, and allow at least 0.")
    if options.to == "ggml":
        _check_ggml(source, target, options)
        return
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(f"{target} is not empty. Name a folder that does not exist yet")
    if options.to == "ct2":
        kind = kind_of(read_json(source.path / "config.json"), source.path)
        if kind != "whisper":
            raise ModelError(f"CTranslate2 runs Whisper; {source.name} is a {kind} model. It runs as it is.")


def _check_ggml(source: ModelFolder, target: Path, options: ExportOptions) -> None:
    if options.store != "float16":
        raise OptionError(
            "whisper.cpp's file is written in float16. Leave store out, and run whisper.cpp's quantize on it."
        )
    if target.exists():
        raise OutputError(f"{target} exists already. Name a file that does not exist yet")
    if (
        source.layout == "huggingface"
        and kind_of(read_json(source.path / "config.json"), source.path) != "whisper"
    ):
        raise ModelError(f"whisper.cpp runs Whisper, and {source.name} is none.")


def _written(source: ModelFolder, target: Path, options: ExportOptions) -> Path:
    """The export in a folder beside the target; of ggml, the file in it. Raises OutputError, ModelError."""
    from auricle.models.convert import convert
    from auricle.models.to_ggml import convert_to_ggml
    from auricle.models.to_huggingface import convert_to_huggingface, huggingface_folder

    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            target.rmdir()
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name[:40]}."))
        if options.to == "ct2":
            convert(source.path, temporary, options.store)
        elif options.to == "hf":
            convert_to_huggingface(source, temporary)
        elif options.to == "onnx":
            convert_to_onnx(huggingface_folder(source), temporary)
        else:
            convert_to_ggml(source, temporary / target.name)
            return temporary
        for name in _SIDE:
            if (source.path / name).is_file():
                shutil.copyfile(source.path / name, temporary / name)
        temporary.chmod(0o755)
    except BaseException as error:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OutputError) or not isinstance(error, OSError):
            raise
        raise OutputError(
            f"cannot write {target}: {error.strerror or error}. Make room on the disk"
        ) from error
    return temporary
