"""What came of a run, as report.json has it: rates as fractions, counts beside every rate.

Knows the parts of the report and their order. Each part is computed in a module of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from auricle.metrics import Confusions, ErrorRate, Hallucination
from auricle.metrics.confidence import Speakers, interval
from auricle.verbs.evaluate.calibration import calibration, review
from auricle.verbs.evaluate.marks import Written, written
from auricle.verbs.evaluate.named import named_errors
from auricle.verbs.evaluate.normalizing import Normalizing, normalizing
from auricle.verbs.evaluate.options import ScoreOptions
from auricle.verbs.evaluate.recall import keywords, rare_words
from auricle.verbs.evaluate.run import Run
from auricle.verbs.evaluate.scoring import Counts, Texts, count_each, latency, prepare
from auricle.verbs.evaluate.slices import Slice, slices
from auricle.verbs.evaluate.when import speakers, word_starts

TOP = 20  # errors of each kind that are listed


def findings(run: Run, options: ScoreOptions, memory: int | None) -> dict[str, Any]:
    """Everything that is said of a run; ``memory`` is the most the process held, in bytes."""
    texts = prepare(run.rows, options.normalizer)
    each = count_each(texts)
    total = sum(each, Counts())
    return {
        "mark": run.mark,
        "utterances": len(run.rows),
        "failed": len(run.failed),
        "scores": scores(each, [row.speaker for row in run.rows], run.story.seed),
        "hallucination": hallucination(total.hallucination),
        "normalizing": _normalizing(normalizing(texts)),
        "speed": speed(run, total, memory),
        "when": {"word_starts": word_starts(texts), "speakers": speakers(texts)},
        "where": where(texts, each, options, run.story.seed),
    }


def where(texts: Sequence[Texts], each: Sequence[Counts], options: ScoreOptions, seed: int) -> dict[str, Any]:
    """Where it fails."""
    rare = rare_words(texts)
    return {
        "slices": [
            _slice(item) for item in slices([item.row for item in texts], each, options.slices, seed=seed)
        ],
        "confusions": asdict(Confusions.of(((item.reference, item.hypothesis) for item in texts), TOP)),
        "named": [asdict(item) for item in named_errors(texts)],
        "rare_words": asdict(rare) | {"rate": rare.rate},
        "keywords": [
            asdict(item) | {"rate": item.rate}
            for item in keywords(texts, options.keywords, options.normalizer)
        ],
        "written": _written(written(texts)),
        "calibration": _optional(calibration(texts, each)),
        "review": _optional(review(texts, each)),
    }


def _normalizing(found: Normalizing) -> dict[str, Any]:
    rungs = [{"forgiven": rung.forgiven, "rate": rung.rate.rate, **asdict(rung.rate)} for rung in found.rungs]
    return {"rungs": rungs, "changes": asdict(found.changes), "warnings": list(found.warnings)}


def _slice(item: Slice) -> dict[str, Any]:
    return asdict(item) | {"measure": item.errors.measure, "rate": item.errors.rate}


def _written(found: Written) -> dict[str, Any]:
    marks = [*found.punctuation, *([found.capitals] if found.capitals else [])]
    rates = {one.mark: {"precision": one.precision, "recall": one.recall, "f1": one.f1} for one in marks}
    return asdict(found) | {"casing": found.casing, "rates": rates}


def _optional(value: Any) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


def scores(each: Sequence[Counts], names: Speakers, seed: int) -> dict[str, Any]:
    """The three error rates, each with its counts and its 95 % interval."""
    return {
        "normalized": rate([item.normalized for item in each], names, seed),
        "orthographic": rate([item.orthographic for item in each], names, seed),
        "characters": rate([item.characters for item in each], names, seed),
    }


def rate(each: Sequence[ErrorRate], names: Speakers, seed: int) -> dict[str, Any]:
    """One error rate: a fraction, None where there is nothing to divide by."""
    found = sum(each, ErrorRate(unit=each[0].unit)) if each else ErrorRate()
    sure = interval(each, names, seed=seed)
    return {
        "measure": found.measure,
        "rate": found.rate,
        "interval": asdict(sure) | {"note": sure.note} if sure else None,
        **asdict(found),
    }


def hallucination(found: Hallucination) -> dict[str, Any]:
    """Text where nothing is said."""
    return {"rate": found.rate, "per_hour": found.per_hour, **asdict(found)}


def speed(run: Run, total: Counts, memory: int | None) -> dict[str, Any]:
    """How fast, with what was timed in ``protocol`` of the story."""
    found = latency(run.rows)
    return {
        "rtfx": total.throughput.rtfx,
        **asdict(total.throughput),
        "latency": asdict(found) if found else None,
        "peak_memory": memory,
    }


def recorded_memory(run: Run) -> int:
    """The most memory that an earlier process recorded, in bytes; 0 where none did."""
    return int(run.findings.get("speed", {}).get("peak_memory") or 0)


def peak_memory() -> int:
    """The most memory this process has held, in bytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most if sys.platform == "darwin" else most * 1024)
