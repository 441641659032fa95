"""The utterances of a training: opened, checked, styled, dealt into what is learnt and what decides.

Nothing is kept of a sound but its length: it is read again each time it is needed, so that no
spectrogram lies on a disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from auricle.errors import DatasetError
from auricle.verbs.datasets import Dataset, Utterance, open_dataset
from auricle.verbs.datasets.check import KINDS, Checked, CheckOptions, check
from auricle.verbs.datasets.needs import Needs
from auricle.verbs.datasets.text import same_text
from auricle.verbs.finetune.recipe import DataOptions
from auricle.verbs.finetune.targets import styled

# Between the splits of one dataset these are told, and refused only where they are asked about.
_SHARED = ("shared-speaker", "shared-text", "shared-audio")
# Faults of texts: none where a model writes its own.
_TEXTS = ("no-text", "markup", "too-many-labels", "unknown-letters", "odd-speed")


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance to learn from: its text as it is learnt, and its seconds."""

    utterance: Utterance
    text: str
    seconds: float
    replay: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that a training hears. ``fingerprints`` are those of the datasets, by name."""

    train: tuple[Example, ...]
    replay: tuple[Example, ...]
    dev: tuple[Example, ...]
    guard: tuple[Example, ...]
    fingerprints: dict[str, str]
    left_out: dict[str, int]


def opened(spec: str, options: DataOptions | None = None, language: str | None = None) -> Dataset:
    """``DATASET`` or ``DATASET@SPLIT``. Raises what ``open_dataset`` raises."""
    name, at, split = spec.rpartition("@")
    if not at or Path(spec).expanduser().exists():
        name, split = spec, ""
    columns = options or DataOptions()
    return open_dataset(
        name,
        split=split or None,
        audio_column=columns.audio_column,
        text_column=columns.text_column,
        language=None,
    )


def gather(
    options: DataOptions,
    needs: Needs,
    *,
    seed: int = 0,
    own_words: bool = False,
    on_progress: Callable[[str, float], None] | None = None,
) -> Material:
    """Open and check all data of a recipe; with ``own_words``, replay needs no texts.

    Raises DatasetError where faults have to be dealt with first, and what opening raises.
    """
    prints: dict[str, str] = {}
    lost: dict[str, int] = {}

    def read(specs: Iterable[str], replay: bool = False, texts: bool = True) -> list[Example]:
        found: list[Example] = []
        for spec in specs:
            dataset = opened(spec, options)
            found += _checked(dataset, spec, options, needs, lost, on_progress, replay=replay, texts=texts)
            prints[spec] = dataset.fingerprint
        return found

    train = read(options.train)
    replay = read(options.replay, replay=True, texts=not own_words)
    guard = read(options.guard, replay=True)
    if options.dev:
        dev = read((options.dev,))
        dev = sorted(dev, key=lambda item: _draw(item.utterance.id, seed))[: options.dev_size]
    else:
        train, dev = _held_out(train, options.dev_size, seed)
    if not train or not dev:
        raise DatasetError(
            f"{' and '.join(options.train)} has too few utterances to learn from and to choose by. "
            "Name a dataset to choose by: data.dev"
        )
    return Material(tuple(train), tuple(replay), tuple(dev), tuple(guard), prints, lost)


def _checked(
    dataset: Dataset,
    spec: str,
    options: DataOptions,
    needs: Needs,
    lost: dict[str, int],
    on_progress: Callable[[str, float], None] | None,
    *,
    replay: bool,
    texts: bool,
) -> list[Example]:
    """The utterances of one dataset that a model can learn from."""
    ends: list[float] = [0.0]

    def heard(seconds: float) -> None:
        ends.append(seconds)
        if on_progress is not None:
            on_progress(spec, seconds)

    aside = () if texts else _TEXTS
    drop = tuple(kind for kind in options.drop if kind not in aside)
    keep = tuple({*options.keep, *_SHARED, *aside} - {*drop})
    asked = CheckOptions(needs.model, drop=drop, keep=keep)
    style = "as-is" if replay else options.text
    found = check(dataset, asked, needs=needs, written=lambda text: styled(text, style), on_progress=heard)
    if not found.fit:
        raise DatasetError(_unfit(found, spec))
    dropped = found.dropped()
    for kind, listed in found.findings.items():
        if found.fates[kind] == "drop":
            lost[kind] = lost.get(kind, 0) + len(listed)
    return [
        Example(item, styled(item.text or "", style), ends[place + 1] - ends[place], replay)
        for place, item in enumerate(dataset)
        if place not in dropped
    ]


def _unfit(found: Checked, spec: str) -> str:
    parts = [f"{len(found.findings[kind])} {kind} ({KINDS[kind][1]})" for kind in found.open]
    first = found.findings[found.open[0]][0]
    return (
        f"{spec} is not fit for {found.model} yet: {', '.join(parts)}; the first is {first.id}"
        f"{f', {first.detail}' if first.detail else ''}. Type: --set data.drop=[{','.join(found.open)}]"
    )


def _held_out(items: Sequence[Example], count: int, seed: int) -> tuple[list[Example], list[Example]]:
    """What stays, and about ``count`` utterances of speakers that are in the other part never.

    No more than a fifth is taken. Where speakers are few or not known, utterances of one text stay
    together, unless there are only a few texts, as in a closed domain.
    """
    count = min(count, len(items) // 5)
    speakers = {item.utterance.speaker for item in items}
    by_speaker = len(speakers) > 4 and None not in speakers
    by_text = 2 * len({same_text(item.text) for item in items}) > len(items)
    groups: dict[str, list[Example]] = {}
    for item in items:
        name = item.utterance.speaker if by_speaker else same_text(item.text) if by_text else None
        groups.setdefault(name or item.utterance.id, []).append(item)
    taken: set[str] = set()
    size = 0
    for name in sorted(groups, key=lambda one: _draw(one, seed)):
        if size >= count:
            break
        taken.add(name)
        size += len(groups[name])
    out = [item for name in taken for item in groups[name]]
    out.sort(key=lambda item: item.utterance.id)
    held = {id(item) for item in out}
    return [item for item in items if id(item) not in held], out


def _draw(name: str, seed: int) -> bytes:
    """A place in an order that has nothing to do with the name's own."""
    return hashlib.blake2b(f"{seed}\0{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
