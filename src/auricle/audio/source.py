"""Where sound comes from: a path, "-" for standard input, bytes, or an open file.

All become a seekable file of bytes. FFmpeg only ever sees that file, never a name it could
interpret, so ``%d``, ``concat:`` or ``http:`` in a name mean nothing and no network is touched.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import sys
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from auricle.errors import AudioError, AuricleError, MissingFileError, OptionError, OutputError, nearest

Readable = str | PathLike[str] | bytes | IO[bytes]

CHUNK = 1 << 20  # bytes
STDIN = "standard input"
_PROTOCOL = re.compile(r"(concat|concatf|subfile|file|pipe|fd|data|crypto|cache|async|tcp|udp|rtp):")


@dataclass(frozen=True, slots=True)
class Source:
    """An open file of ``size`` bytes. ``name`` is for messages; ``close`` leaves a caller's own file open."""

    file: IO[bytes]
    name: str
    size: int
    closing: ExitStack

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened here, and delete what was spooled."""
        self.closing.close()

    def head(self, size: int = 4096) -> bytes:
        """The first bytes."""
        return self._read_at(0, size)

    def tail(self, size: int) -> bytes:
        """The last bytes."""
        return self._read_at(max(self.size - size, 0), size)

    def fingerprint(self) -> str:
        """SHA-256 of all bytes, in hexadecimal. The place of reading is kept."""
        digest = hashlib.sha256()
        place = self.file.tell()
        self.file.seek(0)
        with reading(self.name):
            while data := self.file.read(CHUNK):
                digest.update(data)
        self.file.seek(place)
        return digest.hexdigest()

    def _read_at(self, place: int, size: int) -> bytes:
        before = self.file.tell()
        with reading(self.name):
            self.file.seek(place)
            data = self.file.read(size)
        self.file.seek(before)
        return data


class Feed:
    """A file for FFmpeg that ends where it cannot be read any further; ``error`` says why."""

    def __init__(self, source: Source) -> None:
        self.name = str(getattr(source.file, "name", "sound"))  # raw formats are known by their suffix
        self.error: OSError | None = None
        self._file = source.file
        self.seek, self.tell = source.file.seek, source.file.tell
        self.seek(0)

    def read(self, size: int) -> bytes:
        """Up to so many bytes."""
        try:
            return self._file.read(size)
        except OSError as error:
            self.error = error
            return b""


class reading:  # noqa: N801 (used like a function)
    """Turns an OSError of the machine into an AudioError with the name of the file."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError) and not isinstance(error, AuricleError):
            raise AudioError(f"{self.name} cannot be read: {error.strerror or error}.") from error


def fingerprint(source: Readable) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal; read in pieces.

    Raises what ``open_audio`` raises for a source that cannot be read, and OptionError for "-":
    standard input can be read once only, so ask the AudioStream.
    """
    if source == "-":
        raise OptionError("standard input can be read once only. Use open_audio('-').fingerprint().")
    with open_source(source) as opened:
        return opened.fingerprint()


def open_source(source: Readable) -> Source:
    """Open what the caller gave.

    Raises MissingFileError, AudioError (a folder, a device, empty, unreadable, an address) or
    OutputError (no space for a temporary copy of what cannot be sought in).
    """
    with ExitStack() as undo:
        file, name = _handle(source, undo)
        with reading(name):
            _check_bytes(file, name)
            if name == STDIN or not file.seekable():
                file = _spool(file, name, undo)
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
        if not size:
            raise AudioError(f"{name} is empty (0 bytes). Record or copy it again.")
        return Source(file, name, size, undo.pop_all())


def _handle(source: Readable, undo: ExitStack) -> tuple[IO[bytes], str]:
    """The file and its name; ``undo`` closes it if we opened it."""
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source), "this data"
    if isinstance(source, str) and source == "-":
        return _stdin(), STDIN
    if isinstance(source, str | PathLike):
        return undo.enter_context(_open(Path(source).expanduser(), str(source))), str(source)
    if not all(callable(getattr(source, method, None)) for method in ("read", "seek", "seekable", "tell")):
        raise OptionError(f"audio is read from a path, bytes or an open file, not {type(source).__name__}.")
    return source, str(getattr(source, "name", "this file"))


def _stdin() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.isatty():
        raise AudioError("nothing comes in on standard input. Pipe a file into it: … - < FILE")
    return sys.stdin.buffer


def _open(path: Path, name: str) -> IO[bytes]:
    with reading(name):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError, ValueError):
            raise _missing(path, name) from None
        if stat.S_ISDIR(mode):
            raise AudioError(f"{name} is a folder. Name a file in it, such as {path / '*.wav'}")
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise AudioError(f"{name} is a device, not a file. Record it to a file first.")
        return path.open("rb")


def _missing(path: Path, name: str) -> AudioError | MissingFileError:
    if "://" in name:
        return AudioError(f"{name} is an address, and only local files are read. Download it first.")
    if _PROTOCOL.match(name):
        return AudioError(f"{name} is no file, and FFmpeg's protocols are off. Name the file itself.")
    if not path.parent.is_dir():
        return MissingFileError(f"there is no file {name}, nor the folder {path.parent}. Check the path.")
    with suppress(OSError, ValueError):
        hint = nearest(path.name, [item.name for item in islice(path.parent.iterdir(), 2000)])
        if hint.startswith("Did you mean"):
            return MissingFileError(f"there is no file {name}. {hint}")
    return MissingFileError(f"there is no file {name}. Check the name.")


def _check_bytes(file: IO[bytes], name: str) -> None:
    if not isinstance(file.read(0), bytes):
        raise OptionError(f"{name} gives text, not bytes. Open it with mode 'rb'.")


def _spool(stream: IO[bytes], name: str, undo: ExitStack) -> IO[bytes]:
    """A temporary copy, because an MP4 may have its index at the end. ``undo`` deletes it."""
    try:
        copy: IO[bytes] = undo.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    except OSError as error:
        raise _no_room(name, error) from error
    while data := stream.read(CHUNK):
        try:
            copy.write(data)
        except OSError as error:
            raise _no_room(name, error) from error
    return copy


def _no_room(name: str, error: OSError) -> OutputError:
    folder = tempfile.gettempdir()
    return OutputError(f"no temporary copy of {name} in {folder}: {error.strerror or error}. Set TMPDIR.")
