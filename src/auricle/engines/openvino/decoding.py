"""One run of the decoder: what its inputs are, and how its memory of the text is kept short.

Knows: how rows and windows stand in the graph's inputs. Refuses to know: what makes a text good
(search.py), who writes when (writing.py), audio.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle import openvino_library
from auricle.engines.openvino import graphs
from auricle.engines.openvino.compiled import Decoder
from auricle.engines.openvino.sound import Floats, Sound

Ints = npt.NDArray[np.int64]


class Session:
    """The decoder with what it has read so far: rows, each of which began at its own time.

    Rows that begin later see nothing of what was written before them: the keys of that time are
    masked for them, and the places of their tokens count from their own beginning.
    """

    def __init__(self, decoder: Decoder, sound: Sound) -> None:
        openvino = openvino_library.openvino()

        self._openvino = openvino
        self._request, self._embeddings, self._sound = decoder.request, decoder.embeddings, sound
        self._held: dict[int, Any] = {}  # OpenVINO does not keep the arrays that it reads
        self.length = 0  # tokens that the decoder keeps of each row
        self.restart()
        self.listen()

    def restart(self) -> None:
        """Forget all rows."""
        self._request.reset_state()
        self.length = 0

    def listen(self) -> None:
        """Take the sound as it is now; the rows of the next ``feed`` are those of its windows."""
        if not len(self._sound):
            return
        self._set(graphs.CROSS_MASK, self._sound.mask)
        for number, array in enumerate(self._sound.arrays):
            self._set(graphs.CROSS + number, array)

    def forget(self, count: int) -> None:
        """Drop the ``count`` oldest tokens of all rows: those that no row sees any more."""
        for state in self._request.query_state():
            left = np.ascontiguousarray(state.state.data[:, :, count:])
            state.state = self._openvino.Tensor(left)
        self.length -= count

    def feed(
        self, tokens: Ints, rows: Sequence[int], keep: Sequence[int], began: Sequence[int] | None = None
    ) -> Floats:
        """Logits [rows, kept, vocabulary] after new ``tokens`` [rows, new]; ``rows`` are those gone on from.

        ``began`` is for each row how many tokens were there before it; nothing where it is not given.
        What is returned is the decoder's own memory, good until the next call.
        """
        count, new = tokens.shape
        first = np.zeros(1, np.int64) if began is None else np.asarray(began, np.int64)
        places = self.length - first[:, None] + np.arange(new)
        self._set(graphs.TOKENS, self._embeddings(tokens))
        self._set(graphs.AT, np.array(np.broadcast_to(places, (count, new)), order="C"))
        self._set(graphs.ROWS, np.array(rows, np.int32))
        self._set(graphs.KEEP, np.array(keep, np.int64))
        self._set(graphs.SELF_MASK, _mask(first, new, self.length + new))
        self._request.infer(share_outputs=True)
        self.length += new
        found: Floats = self._request.get_output_tensor(0).data
        return found

    def queries(self, number: int) -> Floats:
        """Queries [windows, heads, new, head width] of the last call, of the ``number``-th such layer."""
        found: Floats = self._request.get_output_tensor(1 + number).data
        return found

    def _set(self, place: int, array: npt.NDArray[Any]) -> None:
        self._held[place] = array
        if array.dtype == np.uint16:
            kind, shape = self._openvino.Type.bf16, self._openvino.Shape(array.shape)
            self._request.set_input_tensor(place, self._openvino.Tensor(array, shape, kind))
        else:
            self._request.set_input_tensor(place, self._openvino.Tensor(array, shared_memory=True))


def _mask(began: Ints, new: int, total: int) -> Floats:
    """[rows, 1, new, total]: no token sees those after it, nor what was there before its row began."""
    mask = np.zeros((len(began), 1, new, total), np.float32)
    mask[np.broadcast_to((np.arange(total) < began[:, None])[:, None, None], mask.shape)] = -np.inf
    if new > 1:
        mask[..., total - new :] += np.triu(np.full((new, new), -np.inf, np.float32), 1)
    return mask
