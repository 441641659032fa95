"""OpenVINO, imported without its converter of models, two thirds of the import, which asks who is there.

The converter stays where it is for those who import it by its own name.
"""

from __future__ import annotations

import sys
from typing import Any

_CONVERTER = "openvino.tools.ovc"


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
