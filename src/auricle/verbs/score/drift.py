"""How much of a score is the normaliser's: the same texts under four rules, and a warning.

From rung to rung more is forgiven: nothing (orthographic), letter case, punctuation, and all that
the normaliser forgives. A normaliser that breaks words shows as a jump at the last rung.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from auricle.metrics import ErrorRate, wer
from auricle.normalize import Normalizer, normalizer

# Numbers, contractions and fillers move the count of words by a few per cent and take away some errors;
# marks taken for spaces make 5 words of 4 in Hindi and 5 of 2 in Dhivehi.
_WORDS = 1.2
_VANISHED = 0.5
_FEWEST = 10  # errors that must be there before their vanishing means something


@dataclass(frozen=True, slots=True)
class Rung:
    """The errors that are left when ``forgiven`` counts as none."""

    forgiven: str
    rate: ErrorRate


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The rungs, orthographic first and normalised last."""

    rungs: tuple[Rung, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is implausible between the rung before the last and the last."""
        return tuple(_implausible(self.rungs[-2].rate, self.rungs[-1].rate))


def sensitivity(
    references: Sequence[str],
    hypotheses: Sequence[str],
    clean: Normalizer,
    normalized: ErrorRate,
    orthographic: ErrorRate | None = None,
) -> Sensitivity:
    """The errors of the same texts under each rule; ``normalized`` are those under ``clean``.

    ``orthographic`` are those under none, where they are known.
    """
    plain, bare = normalizer("none"), normalizer("multilingual")
    forgiving = f"all that {clean.name} forgives"
    if clean == bare:
        last = (Rung("case and punctuation", normalized), Rung(forgiving, normalized))
    else:
        last = (
            Rung("case and punctuation", _rate(references, hypotheses, bare)),
            Rung(forgiving, normalized),
        )
    case = _rate(references, hypotheses, lambda text: plain(text).lower())
    first = orthographic or _rate(references, hypotheses, plain)
    return Sensitivity((Rung("nothing", first), Rung("case", case), *last))


def _rate(references: Sequence[str], hypotheses: Sequence[str], rule: Callable[[str], str]) -> ErrorRate:
    return wer([rule(text) for text in references], [rule(text) for text in hypotheses])


def _implausible(bare: ErrorRate, clean: ErrorRate) -> Iterator[str]:
    if not bare.reference:
        return
    grown = clean.reference / bare.reference
    if grown > _WORDS or grown < 1 / _WORDS:
        yield (
            f"the normaliser makes {clean.reference} words of {bare.reference}: it breaks or joins words, "
            "and its score is not to be trusted. Type: --normalizer multilingual"
        )
    if bare.errors >= _FEWEST and clean.errors < bare.errors * _VANISHED:
        yield (
            f"{bare.errors - clean.errors} of the {bare.errors} errors beyond case and punctuation vanish in "
            "the normaliser: look at what it rewrites before you trust its score."
        )
    if clean.errors >= _FEWEST and bare.errors < clean.errors * _VANISHED:
        yield (
            f"the normaliser makes {clean.errors} errors of {bare.errors}: look at what it rewrites before "
            "you trust its score."
        )
