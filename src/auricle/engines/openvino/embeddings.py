"""What the decoder reads of each token: rows of the checkpoint's table, read when their tokens first come.

In the graph the whole table would be in memory, 20 MB of tiny's, for the few thousand tokens that a
recording has: the system reads a file in pieces, and each piece of the table has some token of every text.

Knows: which rows have been read. Refuses to know: where they lie in a file, what becomes of them.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.engines.openvino.sound import Floats
from auricle.engines.openvino.weights import Weights

_TABLE = "decoder.embed_tokens.weight"
_FIRST, _MOST = 512, 8192  # rows that there is room for


class Embeddings:
    """Token ids to vectors, for all workers of an engine."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._places = np.full(weights.dims.vocabulary, -1, np.int32)  # of each token among the rows
        self._rows = np.empty((_FIRST, weights.dims.width), np.float32)
        self._count = 0
        self._lock = threading.Lock()

    def __call__(self, tokens: npt.NDArray[Any]) -> Floats:
        """Vectors [..., width] of token ids [...], in float32."""
        with self._lock:
            places = self._places[tokens]
            if (places < 0).any():
                self._read(tokens)
                places = self._places[tokens]
            found: Floats = self._rows[places]
            return found

    def _read(self, tokens: npt.NDArray[Any]) -> None:
        """Make sure of the rows of ``tokens``; where there would be too many, forget the others."""
        new = np.unique(tokens[self._places[tokens] < 0])
        if self._count + len(new) > _MOST:
            self._places[:] = -1
            self._count, new = 0, np.unique(tokens)
        end = self._count + len(new)
        if end > len(self._rows):
            grown = np.empty((max(end, 2 * len(self._rows)), self._rows.shape[1]), np.float32)
            grown[: self._count] = self._rows[: self._count]
            self._rows = grown
        self._rows[self._count : end] = self._weights.rows(_TABLE, new)
        self._places[new] = np.arange(self._count, end)
        self._count = end
