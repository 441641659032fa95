"""What the Hugging Face cache holds: which models, how much they weigh, and taking them away.

Knows the cache and Auricle's own conversions only; a folder of the user is never touched.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from auricle.errors import ModelError, OutputError
from auricle.models.catalogue import ModelInfo, find
from auricle.models.convert import converted_path


@dataclass(frozen=True, slots=True)
class Download:
    """One repository in the cache: its folder, its snapshots (one a revision) and its size in bytes."""

    hub_id: str
    path: Path
    snapshots: tuple[Path, ...]
    size: int

    @property
    def info(self) -> ModelInfo | None:
        """Its row in the catalogue, where it has one."""
        return find(self.hub_id)


def cache_folder() -> Path:
    """Where huggingface_hub keeps what was downloaded."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def downloads() -> list[Download]:
    """All models of the cache, by name. A folder that cannot be read is left out."""
    found = []
    for folder in sorted(cache_folder().glob("models--*")):
        with contextlib.suppress(OSError):
            found.append(_download(folder))
    return found


def downloaded(hub_id: str) -> Download | None:
    """A repository of the cache, or None where it is not there."""
    folder = cache_folder() / f"models--{hub_id.replace('/', '--')}"
    return _download(folder) if folder.is_dir() else None


def remove(download: Download) -> int:
    """Take a repository out of the cache, with Auricle's conversions of it. Returns the bytes freed.

    Raises ModelError where the folder lies outside the cache, OutputError where it cannot be removed.
    """
    cache = cache_folder().resolve()
    if download.path.resolve().parent != cache:
        raise ModelError(f"{download.path} is not in the cache of {cache}, so it stays.")
    conversions = [path for path in _conversions(download.snapshots) if path.is_dir()]
    freed = download.size + _weight(conversions)
    try:
        for path in conversions:
            shutil.rmtree(path)
        shutil.rmtree(download.path)
        shutil.rmtree(cache / ".locks" / download.path.name, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"cannot remove {download.path}: {error.strerror or error}") from error
    return freed


def _download(folder: Path) -> Download:
    snapshots = tuple(sorted(path for path in (folder / "snapshots").glob("*") if path.is_dir()))
    hub_id = folder.name.removeprefix("models--").replace("--", "/")
    return Download(hub_id, folder, snapshots, _weight([folder]))


def _conversions(snapshots: Iterable[Path]) -> Iterable[Path]:
    """Where Auricle's CTranslate2 conversions of these snapshots would lie."""
    for snapshot in snapshots:
        with contextlib.suppress(ModelError, OSError):
            yield converted_path(snapshot)


def _weight(folders: Iterable[Path]) -> int:
    """Bytes of all files; those of a snapshot are links into the same folder and count once."""
    files = (path for folder in folders for path in folder.rglob("*") if not path.is_symlink())
    return sum(_bytes(path) for path in files)


def _bytes(path: Path) -> int:
    """The size of a file; 0 for a folder, and for what has just been taken away."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
