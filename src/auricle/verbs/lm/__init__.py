"""Language models for decoding: a corpus of text becomes an ARPA file.

>>> from auricle.verbs.lm import estimate
>>> model = estimate([["one", "two"], ["one", "three"]], order=2)
>>> round(10 ** model.score(["one"], "two"), 2)
0.33
"""

from auricle.verbs.lm.build import BuildOptions, Built, build_model
from auricle.verbs.lm.kneser_ney import estimate, estimated

__all__ = ["BuildOptions", "Built", "build_model", "estimate", "estimated"]
