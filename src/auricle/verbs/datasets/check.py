"""``check``: what is wrong with a dataset for training or testing one model, and what to do about it.

Kinds that would spoil or stop a training must be dealt with (dropped, split or kept by name); the
others are told and kept. Thresholds stand beside their kind, with where they come from.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from auricle.errors import OptionError, nearest
from auricle.options import option
from auricle.verbs.datasets.crew import measure_all
from auricle.verbs.datasets.dataset import Dataset
from auricle.verbs.datasets.faults import KINDS as LEAVES_OUT
from auricle.verbs.datasets.measure import Measured, alike
from auricle.verbs.datasets.needs import Needs, needs_of
from auricle.verbs.datasets.profile import CLIPPED
from auricle.verbs.datasets.text import is_empty, markup, missing_letters, same_text
from auricle.verbs.datasets.utterance import Utterance

# Kind → whether it has to be dealt with, and what it means.
KINDS: Mapping[str, tuple[bool, str]] = {
    "unreadable": (True, "the sound is missing or cannot be decoded"),
    "no-text": (True, "no transcript, or nothing in it that can be said"),
    "markup": (True, "tags, entities or notes in brackets in the transcript"),
    "too-long": (True, "longer than the model hears at once"),
    "too-many-labels": (True, "more tokens than the model writes at once"),
    "unknown-letters": (True, "characters that the model's vocabulary lacks"),
    "shared-speaker": (True, "the speaker is in another split too"),
    "shared-text": (True, "the text is in another split too"),
    "shared-audio": (True, "the recording is in another split too"),
    "odd-speed": (False, "far more or fewer characters a second than the rest"),
    "clipped": (False, "0.1 % of the samples or more are at full scale"),
    "near-silent": (False, "the loud parts are below -50 dB of full scale"),
    "low-rate": (False, "recorded at a lower rate than the model hears"),
    "duplicate-audio": (False, "the same recording as another one of its split"),
}
_SILENT = -50.0  # dB; the softest of 1,510 clips of speechocean762 has -37.5
_FEWEST = 20  # utterances from which an outlier can be told
_FAR = 6.0  # robust standard deviations of the logarithm of characters a second
_NARROW = 0.15  # the least deviation assumed, so that texts that are all alike have no outliers
_FASTEST = 40.0  # characters a second; nobody speaks so fast in any script


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What it is checked for, and what is done with each kind of fault."""

    model: str = option("tiny.en", "model it is checked for", hidden=True)
    drop: tuple[str, ...] = option((), "kinds to leave out of --output: a kind, or all", metavar="KIND")
    keep: tuple[str, ...] = option((), "kinds to accept as they are: a kind, or all", metavar="KIND")
    split_long: bool = option(False, "cut what is too long at pauses, by listening to it")


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one utterance."""

    kind: str
    id: str
    detail: str
    place: int


@dataclass(frozen=True, slots=True)
class Checked:
    """All faults. ``fates`` says for each kind found what will be done: drop, split or keep.

    ``open`` are the kinds that still have to be dealt with; without any the dataset is fit.
    """

    name: str
    model: str
    utterances: int
    seconds: float
    findings: Mapping[str, tuple[Finding, ...]]
    fates: Mapping[str, str] = field(default_factory=dict)

    @property
    def open(self) -> tuple[str, ...]:
        """Kinds that must be dealt with and are not."""
        return tuple(kind for kind in self.findings if KINDS[kind][0] and self.fates[kind] == "")

    @property
    def fit(self) -> bool:
        """Whether nothing is left to be dealt with."""
        return not self.open

    def dropped(self) -> frozenset[int]:
        """The places of the utterances that are left out; rows that were never opened have none."""
        kinds = (kind for kind in self.findings if self.fates[kind] == "drop")
        return frozenset(found.place for kind in kinds for found in self.findings[kind] if found.place >= 0)

    def split(self) -> frozenset[int]:
        """The places of those that are cut, and not left out."""
        return (
            frozenset(f.place for f in self.findings.get("too-long", ())) - self.dropped()
            if self._cuts
            else (frozenset())
        )

    @property
    def _cuts(self) -> bool:
        return self.fates.get("too-long") == "split"


def check(
    dataset: Dataset,
    options: CheckOptions | None = None,
    *,
    needs: Needs | None = None,
    written: Callable[[str], str] = str,
    on_progress: Callable[[float], None] | None = None,
) -> Checked:
    """Hear all of a dataset once and list its faults for a model.

    ``written`` is how a text will be written before a model learns it; its letters and tokens are what
    counts. ``on_progress`` is told the seconds of sound heard so far. Raises OptionError for an unknown
    kind, ModelError where the model cannot be found.
    """
    chosen = options or CheckOptions()
    _check_kinds(chosen)
    search = _Search(needs or needs_of(chosen.model), written)
    with closing(measure_all(dataset)) as clips:
        for item, heard in clips:
            search.add(item, heard)
            if on_progress is not None:
                on_progress(search.seconds)
    found = search.result()
    if unread := tuple(_left_out(dataset)):
        found["unreadable"] = (*found.get("unreadable", ()), *unread)
    return Checked(
        dataset.name,
        chosen.model,
        search.count,
        search.seconds,
        {kind: found[kind] for kind in KINDS if found.get(kind)},
        {kind: _fate(kind, chosen) for kind in KINDS},
    )


def _left_out(dataset: Dataset) -> Iterator[Finding]:
    """A finding for each row that was left out on opening; the first few of a kind say where."""
    for kind, examples in dataset.faults.examples.items():
        if LEAVES_OUT[kind][0]:
            yield from (Finding("unreadable", item.where, item.detail or kind, -1) for item in examples)
            more = dataset.faults.counts[kind] - len(examples)
            yield from (Finding("unreadable", "", kind, -1) for _ in range(more))


def _check_kinds(options: CheckOptions) -> None:
    for kind in (*options.drop, *options.keep):
        if kind not in KINDS and kind != "all":
            raise OptionError(f"there is no kind of fault {kind!r}. {nearest(kind, [*KINDS, 'all'])}")
    both = set(options.drop) & set(options.keep)
    if both:
        raise OptionError(f"{', '.join(sorted(both))} cannot be both dropped and kept.")


def _fate(kind: str, options: CheckOptions) -> str:
    """What was chosen for a kind by its name, then for all; nothing where it has to be chosen still."""
    if kind in options.keep:
        return "keep"
    if kind in options.drop:
        return "drop"
    if kind == "too-long" and options.split_long:
        return "split"
    if "all" in options.drop and KINDS[kind][0]:
        return "drop"
    return "keep" if "all" in options.keep or not KINDS[kind][0] else ""


class _Search:
    """Adds up utterances, and compares them with each other at the end."""

    def __init__(self, needs: Needs, written: Callable[[str], str]) -> None:
        self.seconds = 0.0
        self.count = 0
        self._needs, self._written = needs, written
        self._found: dict[str, list[Finding]] = defaultdict(list)
        self._items: list[tuple[str, str | None]] = []  # id, split
        self._prints: list[tuple[float, bytes]] = []
        self._speeds: list[tuple[int, float]] = []
        self._speakers: dict[str, set[str]] = defaultdict(set)
        self._texts: dict[str, set[str]] = defaultdict(set)
        self._owners: list[tuple[str | None, str | None]] = []  # speaker, text

    def add(self, item: Utterance, heard: Measured) -> None:
        place = self.count
        self.count += 1
        self.seconds += heard.duration
        split = item.columns.get("split")
        named = split if isinstance(split, str) else None
        self._items.append((item.id, named))
        self._prints.append((heard.duration, heard.sketch))
        for kind, detail in (*self._of_text(item), *self._of_sound(heard)):
            self._found[kind].append(Finding(kind, item.id, detail, place))
        text = same_text(item.text) if item.text and not is_empty(item.text) else None
        self._owners.append((item.speaker, text))
        if named is not None:
            if item.speaker:
                self._speakers[item.speaker].add(named)
            if text:
                self._texts[text].add(named)
        self._speed(place, text, heard)

    def _of_text(self, item: Utterance) -> Iterator[tuple[str, str]]:
        text = item.text
        if text is None or is_empty(text):
            yield "no-text", "no transcript" if text is None else repr(text)
            return
        if tag := markup(text):
            yield "markup", tag
        text = self._written(text)
        if self._needs.alphabet is not None and (lacking := missing_letters(text, self._needs.alphabet)):
            yield "unknown-letters", lacking
        if self._needs.tokens and self._needs.labels and len(text) > self._needs.labels // 4:
            count = self._needs.tokens(text)
            if count > self._needs.labels:
                yield "too-many-labels", f"{count} tokens, {self._needs.labels} fit"

    def _of_sound(self, heard: Measured) -> Iterator[tuple[str, str]]:
        if heard.error:
            yield "unreadable", heard.error
            return
        if heard.duration > self._needs.longest:
            yield "too-long", f"{heard.duration:.1f} s, {self._needs.longest:g} s fit"
        if heard.clipped > CLIPPED:
            yield "clipped", f"{heard.clipped:.1%} of the samples"
        if heard.level < _SILENT:
            yield "near-silent", f"{heard.level:.0f} dB"
        if heard.rate < self._needs.rate:
            yield "low-rate", f"{heard.rate} Hz"

    def _speed(self, place: int, text: str | None, heard: Measured) -> None:
        spoken = heard.duration * (1 - heard.silence)
        if text and spoken > 0.3:
            self._speeds.append((place, len(text.replace(" ", "")) / spoken))

    def result(self) -> dict[str, tuple[Finding, ...]]:
        self._odd_speeds()
        for place, (owner, text) in enumerate(self._owners):
            identifier, split = self._items[place]
            if split is not None:
                self._shared(
                    "shared-speaker", place, identifier, self._speakers.get(owner or "", set()) - {split}
                )
                self._shared("shared-text", place, identifier, self._texts.get(text or "", set()) - {split})
        self._twice()
        return {kind: tuple(listed) for kind, listed in self._found.items()}

    def _odd_speeds(self) -> None:
        """Outliers by the median and the median deviation of the logarithm (Iglewicz and Hoaglin 1993)."""
        if not self._speeds:
            return
        logs = np.log(np.array([speed for _, speed in self._speeds]) + 1e-3)
        middle = float(np.median(logs))
        deviation = max(float(np.median(np.abs(logs - middle))) * 1.4826, _NARROW)
        for (place, speed), value in zip(self._speeds, logs, strict=True):
            far = abs(value - middle) > _FAR * deviation and len(logs) >= _FEWEST
            if far or speed > _FASTEST:
                detail = f"{speed:.1f} characters a second, most have {math.exp(middle):.1f}"
                self._found["odd-speed"].append(Finding("odd-speed", self._items[place][0], detail, place))

    def _shared(self, kind: str, place: int, identifier: str, others: Iterable[str]) -> None:
        if listed := sorted(others):
            self._found[kind].append(Finding(kind, identifier, f"also in {', '.join(listed)}", place))

    def _twice(self) -> None:
        for one, other in alike(self._prints):
            first, second = sorted((one, other))
            kind = "duplicate-audio" if self._items[first][1] == self._items[second][1] else "shared-audio"
            detail = f"as {self._items[first][0]}"
            self._found[kind].append(Finding(kind, self._items[second][0], detail, second))


def kept(items: Iterable[Utterance], checked: Checked) -> Iterator[tuple[Utterance, bool]]:
    """The utterances that stay, each with whether it is to be cut."""
    dropped, cut = checked.dropped(), checked.split()
    for place, item in enumerate(items):
        if place not in dropped:
            yield item, place in cut


def first(findings: Sequence[Finding], count: int = 3) -> Sequence[Finding]:
    """A few examples."""
    return findings[:count]
