"""What is known of a model, for programs."""

from __future__ import annotations

import dataclasses
from typing import Any

from auricle.models.catalogue import ModelInfo


def as_record(info: ModelInfo) -> dict[str, Any]:
    """All facts under their names, with ``weights``: bytes at each precision (parameters × bytes of one)."""
    facts = {item.name: getattr(info, item.name) for item in dataclasses.fields(info)}
    return facts | {
        "wer": [dataclasses.asdict(rate) for rate in info.wer],
        "shape": dataclasses.asdict(info.shape) if info.shape else None,
        "sources": dict(info.sources),
        "weights": {name: info.weights(name) for name in info.precisions},
    }
