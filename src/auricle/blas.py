"""numpy's matrix products on one thread.

The library under them (OpenBLAS) wakes all processors for a product, and they go on turning for a while in
case another comes. Ours are small and come between other work, so that costs what is computed beside them
a fifth of its time and more (docs/log.md, 2026-11-27). The command line says so before numpy is loaded; this
is for programs that have loaded it. Giving the threads back wakes them once more, so it is for long work.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_inside = 0  # how many are at it
_before: Any = None  # what gives the threads back


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Products of numpy on one thread until the last of those who asked for it is out."""
    global _inside, _before
    with _lock:
        _inside += 1
        if _inside == 1:
            _before = _libraries().limit(limits=1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _before.restore_original_limits()


@functools.cache
def _libraries() -> Any:
    """The copies of OpenBLAS in this process: none where numpy uses something else."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(internal_api="openblas")
