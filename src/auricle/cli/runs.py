"""The figures of a run as a person reads them: percentages, and what stands beside every one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from auricle.cli.console import clock, printable
from auricle.cli.figures import count, percent, table
from auricle.metrics import ErrorRate
from auricle.verbs.evaluate.run import Run

SLICES, WORDS, REVIEWED = 5, 8, 3  # how many are printed; report.json has them all
_NAMES = {"normalized": "normalised", "orthographic": "orthographic", "characters": "normalised"}


def summary(run: Run) -> str:
    """The result of a run in some lines, the mark of a partial one first."""
    return "".join(f"{printable(line)}\n" for line in _lines(run))


def _lines(run: Run) -> Iterator[str]:
    found, story = run.findings, run.story
    length = f"{count(found['utterances'], 'utterance')}, {clock(found['speed']['audio'])}"
    yield f"{story.model} on {Path(story.dataset).name}: {length}"
    if run.mark:
        yield f"  {run.mark}"
    yield from table([_HEAD, *(_rate(name, rate) for name, rate in found["scores"].items())], indent=2)
    yield from _notes(found["scores"]["normalized"])
    yield f"  normaliser {story.normalizer} {story.normalizer_version}"
    yield from _normalizing(found["normalizing"])
    yield from _said_of_nothing(found["hallucination"])
    yield from _speed(found["speed"], story.protocol)
    yield from _when(found.get("when", {}))  # runs of before it was looked at have none
    yield from _where(found["where"])
    yield f"  run {run.path}"


_WHO = (
    ("cpWER normalised", "cp"),
    ("orthographic", "cp_orthographic"),
    ("tcpWER", "tcp"),
    ("diarization error rate", "diarization"),
)
_HEAD = ["", "rate", "95 % interval", "errors", "sub", "del", "ins", "of"]


def _rate(name: str, rate: Mapping[str, Any]) -> list[str]:
    of = rate["hits"] + rate["substitutions"] + rate["deletions"]
    kinds = [rate["substitutions"], rate["deletions"], rate["insertions"]]
    numbers = [f"{one:,}" for one in (sum(kinds), *kinds, of)]
    return [f"{rate['measure']} {_NAMES[name]}", percent(rate["rate"]), _between(rate["interval"]), *numbers]


def _between(interval: Mapping[str, Any] | None) -> str:
    return "–" if interval is None else f"{100 * interval['low']:.2f} to {100 * interval['high']:.2f} %"


def _notes(rate: Mapping[str, Any]) -> Iterator[str]:
    """What the rate and its interval are of, where they are."""
    interval = rate["interval"]
    if rate["rate"] is None:
        yield "  no rate: there is no word in the references to divide by"
    elif interval is None:
        yield "  no interval: fewer than 5 utterances, or the same rate in all"
    else:
        note = f"; {interval['note']}" if interval["note"] else ""
        yield f"  intervals: bootstrap over {count(interval['clusters'], interval['by'])}{note}"
    aloud = ErrorRate(**{item.name: rate[item.name] for item in dataclasses.fields(ErrorRate)}).aloud
    if aloud:
        yield f"  {aloud}"


def _normalizing(found: Mapping[str, Any]) -> Iterator[str]:
    """How much of the score is the normaliser's, and what to distrust."""
    rungs = [f"{one['forgiven']} {percent(one['rate'])}" for one in found["rungs"]]
    if any(one["rate"] is not None for one in found["rungs"]):
        yield f"  when this counts as no error: {', '.join(rungs)}"
    yield from (f"  warning: {line}" for line in found["warnings"])


def _said_of_nothing(found: Mapping[str, Any]) -> Iterator[str]:
    if found["clips"]:
        words, seconds = count(found["tokens"], "word"), clock(found["seconds"])
        clips = f"in {found['clips_with_text']} of {count(found['clips'], 'clip')}"
        hour = f"{found['per_hour']:.1f} clips an hour"
        yield f"  text where nothing is said: {clips}, {words} in {seconds}: {hour}"


def _speed(found: Mapping[str, Any], protocol: Mapping[str, Any]) -> Iterator[str]:
    if found["rtfx"] is None:
        return
    device = " ".join(filter(None, (protocol["device"], protocol["compute_type"])))
    how = f"{device}, {count(protocol['threads'], 'thread')}"
    latency = found["latency"]
    late = f", latency {latency['p50']:.2f} s (95 %: {latency['p95']:.2f} s)" if latency else ""
    memory = f", {found['peak_memory'] / 2**20:.0f} MiB" if found["peak_memory"] else ""
    yield f"  RTFx {found['rtfx']:.1f}{late}{memory} · {how}, batch {protocol['batch_size']}"
    yield f"  timed: {protocol['timed']}; first batch once before"


def _when(found: Mapping[str, Any]) -> Iterator[str]:
    """When words were said and by whom, where the dataset says it."""
    if starts := found.get("word_starts"):
        halves = f"half within {1000 * starts['p50']:.0f} ms, 90 % within {1000 * starts['p90']:.0f} ms"
        both = f" ({starts['matched']} of {starts['reference']} words are in both)"
        mean = f"{1000 * starts['mean']:+.0f} ms on average"
        yield f"  word starts: {halves}, {mean}{both}"
    who = found.get("speakers")
    if who and "cp" in who:
        scores = [f"{name} {percent(who[key]['rate'])}" for name, key in _WHO if who[key]]
        of = f"{count(who['speakers'], 'speaker')} in {count(who['recordings'], 'recording')}"
        yield f"  {of}: {', '.join(scores)}"
    if who and who["note"]:
        yield f"  speakers: {who['note']}"


def _where(found: Mapping[str, Any]) -> Iterator[str]:
    """Where it fails, in a line or a few for each way of looking."""
    yield from _slices(found["slices"])
    yield from _confused(found["confusions"])
    named = [f"{one['errors']:,} {one['name']}" for one in found["named"] if one["errors"]]
    if named:
        yield f"  the orthographic errors: {', '.join(named)}"
    yield from _written(found["written"])
    yield from _recalled(found["rare_words"], found["keywords"])
    yield from _sure_of_words(found["calibration"], found["review"])


def _slices(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The worst of those whose interval leaves out the rate of all."""
    apart = [one for one in found if one["apart"]]
    if not apart:
        return
    yield "  parts of the data that stand apart, the worst first (one in twenty does by chance):"
    worst = sorted(apart, key=lambda one: -one["rate"])[:SLICES]
    yield from table([_slice(one) for one in worst], indent=4)


def _slice(one: Mapping[str, Any]) -> list[str]:
    size = count(one["utterances"], "utterance")
    return [f"{one['column']} {one['value']}", percent(one["rate"]), _between(one["interval"]), size]


def _confused(found: Mapping[str, Any]) -> Iterator[str]:
    kinds = {
        "taken for another": [f"{one} → {other} {times}" for one, other, times in found["substitutions"]],
        "left out": [f"{word} {times}" for word, times in found["deletions"]],
        "put in": [f"{word} {times}" for word, times in found["insertions"]],
    }
    for title, items in kinds.items():
        if items:
            yield f"  most {title}: {', '.join(items[:WORDS])}"


def _written(found: Mapping[str, Any]) -> Iterator[str]:
    rates = found["rates"]
    marks = [f"{mark} {percent(rates[mark]['f1'])}" for mark in ("all", ".", ",", "?") if mark in rates]
    if marks:
        yield f"  punctuation, F1: {', '.join(marks)}"
    else:
        yield "  punctuation: the references have none to compare with"
    if found["casing"] is None:
        yield "  casing: the references have one case only"
    else:
        yield f"  casing: {percent(found['casing'])} of the words that are right are in the right case"


def _recalled(rare: Mapping[str, Any], keywords: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if rare["said"]:
        missed = ", ".join(word for word, _ in rare["missed"][:WORDS])
        lost = f"; not: {missed} …" if missed else ""
        yield f"  rare words: {percent(rare['rate'])} of {rare['said']} heard ({rare['source']}){lost}"
    for one in keywords:
        said = f"{one['heard']} of {one['said']} heard" if one["said"] else "never said"
        yield f"  keyword {one['word']}: {said}, {one['false']} times written where it was not said"


def _sure_of_words(found: Mapping[str, Any] | None, review: Mapping[str, Any] | None) -> Iterator[str]:
    if found is None or review is None:
        return
    yield (
        f"  confidence of {found['of']}: {percent(found['confidence'])} on average, "
        f"{percent(found['right'])} are right (calibration error {percent(found['ece'])})"
    )
    if review["found"] is not None:
        share = percent(review["found"])
        yield f"  checking the tenth with the least confidence finds {share} of the errors, first:"
        yield from (f"    {one['id']}" for one in review["first"][:REVIEWED])
