"""Scores of speakers and of word times as a person reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from auricle.cli.figures import count, percent, rate_dict, table
from auricle.verbs.score import Score, SpeakerScore, TimeScore


def rule(found: Score | SpeakerScore | TimeScore) -> str:
    """The normaliser in one line."""
    language = f"language {found.language}" if found.language else "no language given"
    return f"normaliser {found.normalizer} {found.normalizer_version}, {language}"


def as_dict(found: SpeakerScore) -> dict[str, Any]:
    """A score of speakers for JSON: fractions and seconds."""
    values = dataclasses.asdict(found)
    for name in ("cp", "cp_orthographic", "tcp"):
        rate = getattr(found, name)
        values[name] = rate_dict(rate) if rate is not None else None
    values["diarization"]["rate"] = found.diarization.rate
    return values


def page(found: SpeakerScore) -> Iterator[str]:
    """The word scores and the diarization error rate."""
    people = count(found.speakers, "speaker")
    yield f"{count(found.recordings, 'recording')}, {people} (one that is in several counts in each)"
    if found.missed or found.extra:
        yield f"the hypotheses have {found.missed} of them too few and {found.extra} too many"
    yield from _words(found)
    yield ""
    yield from _diarization(found)


def _words(found: SpeakerScore) -> Iterator[str]:
    if found.cp is None or found.cp_orthographic is None or found.tcp is None:
        yield "no text in the files: no word scores"
        return
    yield rule(found)
    yield ""
    rows = [["", "rate", "errors", "sub", "del", "ins", "of"]]
    labels = (
        ("cpWER normalised", found.cp),
        ("cpWER orthographic", found.cp_orthographic),
        (f"tcpWER normalised, {found.word_collar:g} s", found.tcp),
    )
    for label, rate in labels:
        counts = (rate.errors, rate.substitutions, rate.deletions, rate.insertions, rate.reference)
        rows.append([label, percent(rate.rate), *(f"{one:,}" for one in counts)])
    yield from table(rows)


def _diarization(found: SpeakerScore) -> Iterator[str]:
    made = found.diarization
    collar = f"collar {found.collar:g} s" if found.collar else "no collar"
    yield f"diarization error rate {percent(made.rate)} ({collar}, overlaps scored)"
    rows = [
        [name, f"{seconds:.2f} s"]
        for name, seconds in (
            ("missed", made.missed),
            ("false alarm", made.false_alarm),
            ("wrong speaker", made.confused),
            ("speech of the references", made.speech),
        )
    ]
    yield from table(rows, indent=2)


def times(found: TimeScore) -> Iterator[str]:
    """The errors of word starts, in milliseconds."""
    yield f"{count(found.recordings, 'recording')}, {count(found.words, 'word')} with times"
    yield rule(found)
    starts = found.starts
    if starts is None:
        yield "no word matches: nothing can be said of times"
        return
    share = percent(starts.matched / starts.reference)
    yield f"{count(starts.matched, 'word')} ({share}) are in both, and in these figures"
    yield ""
    rows = [
        ["mean (later is +)", f"{starts.mean * 1000:+.0f} ms"],
        ["mean distance", f"{starts.mean_distance * 1000:.0f} ms"],
        ["half within", f"{starts.p50 * 1000:.0f} ms"],
        ["90 % within", f"{starts.p90 * 1000:.0f} ms"],
        ["95 % within", f"{starts.p95 * 1000:.0f} ms"],
        ["farthest", f"{starts.worst * 1000:.0f} ms"],
        ["within 50 ms", percent(starts.within_50)],
        ["within 100 ms", percent(starts.within_100)],
        ["within 200 ms", percent(starts.within_200)],
    ]
    yield from table(rows)
