"""``profile``: what is in a dataset, in numbers.

    >>> profile(open_dataset("corpus")).hours     # doctest: +SKIP
    1.72

One pass over the sound; memory holds a few hundred bytes an utterance. Refuses to judge: what is
wrong for a purpose is said by ``check``.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle.verbs.datasets.crew import measure_all
from auricle.verbs.datasets.dataset import Dataset
from auricle.verbs.datasets.measure import Measured, alike
from auricle.verbs.datasets.text import Style, Texts, same_text
from auricle.verbs.datasets.utterance import Fingerprint, Utterance

FORMAT = 1  # of the JSON
_BINS = 24
_SHARES = (0, 5, 25, 50, 75, 95, 100)


@dataclass(frozen=True, slots=True)
class Spread:
    """How a quantity is spread: quantiles at 0, 5, 25, 50, 75, 95, 100 %, and a histogram.

    ``bins`` are (from, to, count); the last takes all that is higher than the 99th percentile.
    """

    quantiles: tuple[float, ...]
    mean: float
    bins: tuple[tuple[float, float, int], ...]

    @staticmethod
    def of(values: Sequence[float]) -> Spread | None:
        """The spread of some numbers; None where there are none."""
        if not values:
            return None
        numbers = np.asarray(values, float)
        low, high = float(numbers.min()), float(np.percentile(numbers, 99))
        counts, edges = np.histogram(np.minimum(numbers, max(high, low)), _BINS, (low, max(high, low + 1e-9)))
        bins = tuple(
            (float(a), float(b), int(count))
            for a, b, count in zip(edges[:-1], edges[1:], counts, strict=True)
        )
        quantiles = tuple(float(value) for value in np.percentile(numbers, _SHARES))
        return Spread(quantiles, float(numbers.mean()), bins)


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance as the profile keeps it; ``path`` is empty where the sound is not a file."""

    id: str
    text: str | None
    speaker: str | None
    split: str | None
    duration: float
    words: int
    level: float
    silence: float
    snr: float
    clipped: float
    error: str
    path: str
    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything ``profile`` finds. Hours and seconds are of decoded sound.

    ``growth`` is (words read, different words among them); ``same_audio`` and ``near_audio`` are
    groups of ids that hold the same samples, and pairs that are one recording in another form.
    """

    name: str
    fingerprint: str
    utterances: int
    hours: float
    speakers: int
    languages: Mapping[str, int]
    splits: Mapping[str, int]
    duration: Spread | None
    words_a_minute: Spread | None
    snr: Spread | None
    silence: Spread | None
    level: Spread | None
    by_speaker: Spread | None
    rates: Mapping[str, int]
    channels: Mapping[str, int]
    codecs: Mapping[str, int]
    clipped: int
    unreadable: int
    without_text: int
    words: int
    vocabulary: int
    growth: tuple[tuple[int, int], ...]
    letters: Mapping[str, int]
    shares: Mapping[str, float]
    style: Style
    same_text: int
    same_audio: tuple[tuple[str, ...], ...]
    near_audio: tuple[tuple[str, str], ...]
    faults: Mapping[str, int]
    clips: tuple[Clip, ...]

    def to_json(self) -> dict[str, Any]:
        """The profile as JSON holds it, without the clips."""
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        del values["clips"]
        return {"format": FORMAT, **{name: _plain(value) for name, value in values.items()}}


def profile(dataset: Dataset, on_progress: Callable[[float], None] | None = None) -> Profile:
    """Hear all of a dataset once. ``on_progress`` is told the seconds of sound heard so far.

    Raises DatasetError where the dataset has nothing.
    """
    profiler = Profiler()
    with closing(measure_all(dataset)) as heard:
        for item, measured in heard:
            profiler.add(item, measured)
            if on_progress is not None:
                on_progress(profiler.seconds)
    return profiler.result(dataset)


class Profiler:
    """Adds up utterances."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._texts = Texts()
        self._total = Fingerprint()
        self._clips: list[Clip] = []
        self._prints: list[tuple[float, bytes, bytes]] = []
        self._speakers: dict[str, float] = defaultdict(float)
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._said: Counter[str] = Counter()

    def add(self, item: Utterance, heard: Measured) -> None:
        """Count one utterance in."""
        self.seconds += heard.duration
        count = self._texts.add(item.text, item.language) if item.text else 0
        if item.text:
            self._said[same_text(item.text)] += 1
        split = item.columns.get("split")
        self._clips.append(_clip(item, heard, count, split if isinstance(split, str) else None))
        self._prints.append((heard.duration, heard.sketch, heard.digest))
        self._counts["languages"][item.language or "unknown"] += 1
        if isinstance(split, str):
            self._counts["splits"][split] += 1
        if heard.error:
            return
        self._total.add(item)
        self._speakers[item.speaker or ""] += heard.duration
        for name, value in (("rates", heard.rate), ("channels", heard.channels), ("codecs", heard.codec)):
            self._counts[name][str(value)] += 1

    def result(self, dataset: Dataset) -> Profile:
        """The figures."""
        good = [clip for clip in self._clips if not clip.error]
        spoken = [clip for clip in good if clip.words and clip.duration > 0.2]
        named = [seconds for name, seconds in self._speakers.items() if name]
        texts = self._texts
        return Profile(
            name=dataset.name,
            fingerprint=self._total.hexdigest(),
            utterances=len(self._clips),
            hours=self.seconds / 3600,
            speakers=len(named),
            languages=dict(self._counts["languages"]),
            splits=dict(self._counts["splits"]),
            duration=Spread.of([clip.duration for clip in good]),
            words_a_minute=Spread.of([60 * clip.words / clip.duration for clip in spoken]),
            snr=Spread.of([clip.snr for clip in good]),
            silence=Spread.of([clip.silence for clip in good]),
            level=Spread.of([clip.level for clip in good]),
            by_speaker=Spread.of([seconds / 60 for seconds in named]),
            rates=dict(self._counts["rates"].most_common()),
            channels=dict(self._counts["channels"].most_common()),
            codecs=dict(self._counts["codecs"].most_common()),
            clipped=sum(clip.clipped > CLIPPED for clip in good),
            unreadable=len(self._clips) - len(good),
            without_text=sum(clip.text is None for clip in self._clips),
            words=texts.words,
            vocabulary=texts.vocabulary,
            growth=(*texts.growth, (texts.words, texts.vocabulary)),
            letters=dict(texts.letters.most_common()),
            shares=texts.shares,
            style=texts.style,
            same_text=sum(count - 1 for count in self._said.values()),
            same_audio=self._same(),
            near_audio=self._near(),
            faults=dict(dataset.faults.counts),
            clips=tuple(self._clips),
        )

    def _same(self) -> tuple[tuple[str, ...], ...]:
        groups: dict[bytes, list[str]] = defaultdict(list)
        for clip, (_, _, digest) in zip(self._clips, self._prints, strict=True):
            if digest:
                groups[digest].append(clip.id)
        return tuple(tuple(ids) for ids in groups.values() if len(ids) > 1)

    def _near(self) -> tuple[tuple[str, str], ...]:
        pairs = alike([(length, sketch) for length, sketch, _ in self._prints])
        return tuple(
            (self._clips[a].id, self._clips[b].id)
            for a, b in pairs
            if self._prints[a][2] != self._prints[b][2]
        )


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if isinstance(value, Spread | Style) else value


CLIPPED = 0.001  # share of samples at full scale from which a clip counts as clipped


def _clip(item: Utterance, heard: Measured, count: int, split: str | None) -> Clip:
    return Clip(
        id=item.id,
        text=item.text,
        speaker=item.speaker,
        split=split,
        duration=heard.duration,
        words=count,
        level=heard.level,
        silence=heard.silence,
        snr=heard.snr,
        clipped=heard.clipped,
        error=heard.error,
        path=str(item.audio.path or ""),
        start=item.audio.start,
        end=item.audio.end,
    )


def stated_seconds(dataset: Iterable[Utterance]) -> float | None:
    """The sum of the durations a dataset states; None where one does not."""
    total = 0.0
    for item in dataset:
        if item.duration is None:
            return None
        total += item.duration
    return total
