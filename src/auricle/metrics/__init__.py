"""How wrong a text is, in counts that add: WER, CER, alignments; hallucination; speed.

    >>> from auricle import metrics
    >>> found = metrics.wer("the cat sat on the mat", "the cat sit on the")
    >>> found.errors, found.reference
    (2, 6)
    >>> (found + metrics.wer("hello", "hello")).errors
    2

A corpus figure is the sum of its utterances, never a mean of their rates. Texts are compared as
they are given: ``auricle.normalize`` is what makes them alike first. Rates are fractions; only
what a person reads has percentages. Knows nothing of files, models and datasets.
"""

from __future__ import annotations

from auricle.metrics.align import Step, align, cer, cer_each, wer, wer_each
from auricle.metrics.confusions import Confusions
from auricle.metrics.counts import ErrorRate, Hallucination
from auricle.metrics.speed import Latency, Protocol, Throughput
from auricle.metrics.tokens import characters, unspaced, words

__all__ = [
    "Confusions",
    "ErrorRate",
    "Hallucination",
    "Latency",
    "Protocol",
    "Step",
    "Throughput",
    "align",
    "cer",
    "cer_each",
    "characters",
    "unspaced",
    "wer",
    "wer_each",
    "words",
]
