"""An uploaded file as our decoder takes it: bytes to seek in, and a name that says nothing but the kind."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import IO

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


class Upload:
    """Reads the bytes of ``file``. Of the client's name only the ending is kept: it is no path here."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        suffix = PurePosixPath(name.replace("\\", "/").replace("\0", "")).suffix
        self.name = f"upload{suffix if _SUFFIX.fullmatch(suffix) else ''}"

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place; some files of Python's return nothing there."""
        self._file.seek(offset, whence)
        return self._file.tell()

    def tell(self) -> int:
        """The place."""
        return self._file.tell()

    def seekable(self) -> bool:
        """It always is."""
        return True
