"""The options of ``compare``."""

from __future__ import annotations

from dataclasses import dataclass

from auricle.options import option


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """What is tested, and how often chance is asked."""

    orthographic: bool = option(False, "test the orthographic score in the place of the normalised one")
    common: bool = option(
        False, "compare over the utterances that all runs have; the result is marked PARTIAL"
    )
    alpha: float = option(0.05, "probability of seeing a difference between equals")
    samples: int = option(2000, "samples of the bootstrap", metavar="N")
    seed: int = option(0, "seed of the bootstrap", metavar="N")
