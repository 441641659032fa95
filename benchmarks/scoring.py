"""How fast the scorer is, and how true its statistics are.

    python benchmarks/scoring.py speed       # a million words on one core: processor seconds
    python benchmarks/scoring.py intervals   # how often a 95 % interval holds the true rate
    python benchmarks/scoring.py alarms      # how often two equals are told apart at 5 %

The simulations are those of the tests in tests/metrics, with more corpora.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from auricle.metrics import cer, wer
from auricle.metrics.significance import mapsswe
from auricle.normalize import Normalizer, normalizer
from auricle.verbs.score import Pair, Pairs, score_pairs

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "metrics"))

UTTERANCES, LENGTH = 66_667, 15


def texts() -> tuple[list[str], list[str]]:
    """A million words, and a hypothesis with 15 % errors."""
    chooser = random.Random(0)
    letters = "etaoinshrdlu"
    known = ["".join(chooser.choices(letters, k=chooser.randint(2, 9))) for _ in range(5000)]
    references = [chooser.choices(known, k=LENGTH) for _ in range(UTTERANCES)]
    found = [
        [
            chooser.choice(known) if chooser.random() < 0.1 else word
            for word in text
            if chooser.random() > 0.05
        ]
        for text in references
    ]
    return [" ".join(text).capitalize() + "." for text in references], [" ".join(text) for text in found]


def timed(name: str, call: Callable[[], object]) -> None:
    """Print the processor seconds of a call."""
    began = time.process_time()
    call()
    print(f"{name:<40}{time.process_time() - began:6.1f} s", flush=True)


def normalised(clean: Normalizer, texts: list[str]) -> list[str]:
    return [clean(text) for text in texts]


def scored(name: str, rows: list[Pair]) -> object:
    return score_pairs(Pairs(tuple(rows)), normalizer(name))


def speed() -> None:
    references, hypotheses = texts()
    print(f"{UTTERANCES * LENGTH:,} reference words in {UTTERANCES:,} utterances, processor seconds")
    timed("metrics.wer", lambda: wer(references, hypotheses))
    timed("metrics.cer", lambda: cer(references, hypotheses))
    other = random.Random(1).sample(hypotheses, len(hypotheses))
    timed("mapsswe of two runs", lambda: mapsswe(references, hypotheses, other))
    for name, language in (
        ("none", None),
        ("multilingual", "cy"),
        ("multilingual", "de"),
        ("whisper-english", "en"),
    ):
        clean = normalizer(name, language)
        timed(
            f"normalise the references, {name} {language or ''}",
            partial(normalised, clean, references),
        )
    rows = [
        Pair(str(at), *two, f"s{at % 300}") for at, two in enumerate(zip(references, hypotheses, strict=True))
    ]
    for name in ("none", "multilingual", "whisper-english"):
        timed(
            f"all of auricle score, {name}",
            partial(scored, name, rows),
        )


def intervals() -> None:
    from test_metrics_confidence import covered

    print("speakers  spread of their rates  covered")
    for speakers, spread in ((10, 0.3), (20, 0.3), (40, 0.4), (100, 0.5), (200, 0.8), (20, 0.8)):
        print(
            f"{speakers:>8}  {spread:>21}  {covered(3000, speakers, spread, samples=1000):7.1%}", flush=True
        )


def alarms() -> None:
    import test_metrics_confidence as bootstrap
    import test_metrics_significance as matched

    print(f"paired bootstrap  {bootstrap.false_alarms(4000, samples=1000):.2%}", flush=True)
    print(f"matched pairs     {matched.false_alarms(5000):.2%}", flush=True)


def main() -> None:
    parts = {"speed": speed, "intervals": intervals, "alarms": alarms}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
