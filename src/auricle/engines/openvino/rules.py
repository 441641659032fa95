"""What token may follow what: Whisper's rules, over logits in numpy.

No sign that nobody says; a segment between two timestamps, which go forward in time; a timestamp
where all of them together are likelier than any text.

Source: openai/whisper's published decoding rules, which Radford et al. 2022 (§4.5) describe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from auricle.engines.openvino.weights import TokenLists
from auricle.engines.whisper import WhisperTokens

Floats = npt.NDArray[np.float32]
_NEVER = np.float32(-np.inf)
_APART = 1024  # logits that are added to one another are so far apart
_FIRST_TIMESTAMP = 50  # steps of 0.02 s: the first segment begins within a second


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one checkpoint: ids that are never written, and where the kinds of tokens begin."""

    never: npt.NDArray[np.int64]
    end: int
    stamps: int  # the id of the timestamp 0.00

    @staticmethod
    def of(tokens: WhisperTokens, lists: TokenLists) -> Rules:
        """The rules for a tokenizer and the lists of its checkpoint."""
        never = {*lists.suppressed, *range(tokens.end + 1, tokens.first_timestamp)}
        return Rules(np.array(sorted(never - {tokens.end}), np.int64), tokens.end, tokens.first_timestamp)

    def apply(self, logits: Floats, written: Sequence[int]) -> None:
        """Take away from ``logits`` [vocabulary], in place, what may not follow ``written``."""
        logits[self.never] = _NEVER
        if not written:
            logits[: self.stamps] = _NEVER
            logits[self.stamps + _FIRST_TIMESTAMP + 1 :] = _NEVER
            return
        self._keep_order(logits, written)
        stamps = logits[self.stamps :]
        likeliest = stamps.max()
        if likeliest == _NEVER:
            return
        together = likeliest + np.log(np.exp(stamps - likeliest).sum())
        if together > logits[: self.stamps].max():
            logits[: self.stamps] = _NEVER

    def _keep_order(self, logits: Floats, written: Sequence[int]) -> None:
        """Timestamps in pairs, except the first and the last, and none before the one before."""
        after = written[-1] >= self.stamps
        paired = len(written) < 2 or written[-2] >= self.stamps
        if after and paired:
            logits[self.stamps :] = _NEVER
            return
        if after:
            logits[: self.end] = _NEVER
        last = next((token for token in reversed(written) if token >= self.stamps), None)
        if last is not None:
            logits[self.stamps : last if after else last + 1] = _NEVER


def log_sum(logits: Floats) -> float:
    """The logarithm of the sum of exponentials, over what is allowed."""
    highest = logits.max()
    shares = np.exp(logits - highest)
    even = len(shares) // _APART * _APART
    sums = shares[:even].reshape(-1, _APART).sum(axis=0)  # whole rows at once
    return float(highest + np.log(sums.sum() + shares[even:].sum()))
