"""Where things are kept, and writing them so that a file is either whole or not there."""

from __future__ import annotations

import contextlib
import glob
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from auricle.errors import OutputError

_PART = ".part"


def cache_dir() -> Path:
    """The folder for what can be made or fetched again: AURICLE_CACHE, or the system's place for it."""
    if chosen := os.environ.get("AURICLE_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "auricle" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "auricle"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "auricle"


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` beside ``path``, flush it to disk, then rename it into place.

    Raises OutputError (disk full, no permission, a folder in the way); ``path`` is then as it was.
    """
    with write_whole(path) as file:
        file.write(data)


@contextlib.contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """A file beside ``path`` to write into, which takes its place at the end; as ``write_atomic``."""
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(21, "there is a folder of that name")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path), suffix=_PART)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        os.replace(temporary, path)  # noqa: PTH105 (Path.replace says the same with a longer name)
    except BaseException as error:  # Ctrl-C too leaves nothing behind
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        if isinstance(error, OSError):
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
        raise


def remove_parts(path: Path) -> None:
    """Remove what a process that was killed had written of ``path`` beside it."""
    for part in path.parent.glob(f"{glob.escape(_prefix(path))}*{_PART}"):
        with contextlib.suppress(OSError):
            part.unlink()


def _prefix(path: Path) -> str:
    """How the temporary file of ``path`` begins; with the whole of a long name it would be too long."""
    return f".{path.name[:40]}."


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
