"""OpenVINO: imported without what it does not need, and told how much to keep.

Its converter of models, two thirds of the import, asks who is there; it stays where it is for those who
import it by its own name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# What was prepared for a length of sound or text is kept for the next of that length, 2 MB each. To prepare
# takes 2 to 6 ms, and a recording has hundreds of lengths: this many parts are kept, enough for one of them.
KEPT = 16

_CONVERTER = "openvino.tools.ovc"
_LIBRARY_KEEPS = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"  # is read once, when the first graph is compiled


def openvino() -> Any:
    """The module."""
    if "openvino" not in sys.modules and _CONVERTER not in sys.modules:
        sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # "there is none", which OpenVINO allows for
        try:
            import openvino
        finally:
            del sys.modules[_CONVERTER]
    import openvino

    return openvino


@contextmanager
def keeping_little() -> Iterator[None]:
    """While graphs are compiled: tell the library under OpenVINO how much to keep.

    And nobody else, as torch has a copy of its own.
    """
    if _LIBRARY_KEEPS in os.environ:
        yield
        return
    os.environ[_LIBRARY_KEEPS] = str(KEPT)
    try:
        yield
    finally:
        os.environ.pop(_LIBRARY_KEEPS, None)
