"""Memory that nobody needs any more: what the C library's heap keeps, and files that are mapped.

Where a system has no such thing, nothing happens.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
from typing import Any

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h
LARGE = 4 << 20  # bytes that go back as soon as they are free
_libraries: list[Any] = []  # the C library, once small is asked for


def keep_small() -> None:
    """Let all threads allocate from one heap, and let what is large go back as soon as it is free.

    glibc gives each thread a heap of its own, and MKL (which CTranslate2 computes with) has one
    more; each keeps what a window took (docs/log.md, 2026-11-26). Comes before MKL is loaded.
    """
    os.environ.setdefault("MKL_DISABLE_FAST_MM", "1")
    if sys.platform == "linux":
        import ctypes  # which most commands do without

        with contextlib.suppress(OSError, AttributeError):  # musl has no mallopt
            library = ctypes.CDLL(None)
            library.mallopt(_M_ARENA_MAX, 1)
            library.mallopt(_M_MMAP_THRESHOLD, LARGE)
            _libraries[:] = [library]


def return_from(size: int) -> None:
    """Let what has ``size`` bytes and more go back as soon as it is free, where ``keep_small`` was asked for.

    An engine says so when it is loaded, and the last one counts: openvino seldom takes a megabyte, and
    CTranslate2 does at each step, so that it would wait for fresh pages.
    """
    for library in _libraries:
        library.mallopt(_M_MMAP_THRESHOLD, size)


def give_back() -> None:
    """Give the free pages of the heap back to the system: 23 of the 44 MiB of a model put away."""
    if sys.platform == "linux":
        import ctypes  # which most commands do without

        with contextlib.suppress(OSError, AttributeError):  # musl has no malloc_trim
            ctypes.CDLL(None).malloc_trim(0)


def let_go(data: Any) -> None:
    """Take the file that an array lies in out of memory; what is read again comes from the file again."""
    while data is not None and not isinstance(data, mmap.mmap):
        data = data.obj if isinstance(data, memoryview) else getattr(data, "base", None)
    if data is not None and hasattr(data, "madvise"):  # not on Windows
        data.madvise(mmap.MADV_DONTNEED)
