"""Splits that do not leak: speakers, or texts, or both, stay whole on one side.

The order in which groups are dealt out is a hash of the seed and the group's name, so the same
seed gives the same splits on every machine, and a few more utterances move few of the others.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from auricle.errors import DatasetError, OptionError
from auricle.options import option
from auricle.verbs.datasets.text import same_text
from auricle.verbs.datasets.utterance import Utterance

BY = ("speaker", "text", "both")


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """How utterances are dealt out."""

    by: str = option("speaker", "what must not be in two splits", choices=BY)
    test: float = option(0.1, "share of the sound for testing")
    validation: float = option(0.1, "share of the sound for validation")
    seed: int = option(0, "another seed deals them out otherwise")


@dataclass(frozen=True, slots=True)
class Part:
    """One split: how many utterances, seconds, speakers and groups it got."""

    name: str
    utterances: int
    seconds: float
    speakers: int
    groups: int


def partition(items: Sequence[Utterance], options: SplitOptions) -> list[Utterance]:
    """The utterances in their order, each with its split in ``columns["split"]``.

    Raises OptionError for impossible shares, DatasetError where a speaker is not named or there are
    too few groups for the splits asked for.
    """
    _check(items, options)
    groups = _groups(items, options.by)
    order = sorted(groups, key=lambda name: _rank(name, options.seed))
    split_of = _deal(order, groups, items, options)
    return [_assigned(item, split_of[place]) for place, item in enumerate(items)]


def describe(items: Sequence[Utterance], by: str) -> list[Part]:
    """What each split came to, train first."""
    parts: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        parts[str(item.columns["split"])].append(place)
    groups = {place: name for name, places in _groups(items, by).items() for place in places}
    return [
        Part(
            name,
            len(parts[name]),
            sum(_seconds(items[place]) for place in parts[name]),
            len({items[place].speaker for place in parts[name]} - {None}),
            len({groups[place] for place in parts[name]}),
        )
        for name in ("train", "validation", "test")
        if name in parts
    ]


def _check(items: Sequence[Utterance], options: SplitOptions) -> None:
    if not (0 <= options.test < 1 and 0 <= options.validation < 1 and options.test + options.validation < 1):
        raise OptionError(
            "test and validation are shares from 0 to below 1 that leave something for training."
        )
    unnamed = sum(item.speaker is None for item in items)
    if options.by != "text" and unnamed:
        raise DatasetError(f"{unnamed:,} of {len(items):,} utterances name no speaker. Type: --by text")


def _groups(items: Sequence[Utterance], by: str) -> dict[str, list[int]]:
    """Places by the name of their group. For "both" a group is all that a speaker or a text connects."""
    keys = [_keys(item, by) for item in items]
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for names in keys:
        first = find(names[0])
        for other in names[1:]:
            leader[find(other)] = first
    groups: dict[str, list[int]] = defaultdict(list)
    for place, names in enumerate(keys):
        groups[find(names[0])].append(place)
    return {min(keys[place][0] for place in places): places for places in groups.values()}


def _keys(item: Utterance, by: str) -> list[str]:
    speaker, text = f"speaker {item.speaker}", f"text {same_text(item.text or item.id)}"
    return {"speaker": [speaker], "text": [text], "both": [speaker, text]}[by]


def _rank(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).digest()


def _deal(
    order: Sequence[str], groups: dict[str, list[int]], items: Sequence[Utterance], options: SplitOptions
) -> dict[int, str]:
    """Each place's split: groups go to test, then validation, while they fit; the rest trains.

    A group that would overfill a split by more than a quarter is left for training, unless the split
    would stay empty.
    """
    total = sum(_seconds(item) for item in items)
    split_of: dict[int, str] = dict.fromkeys(range(len(items)), "train")
    waiting = list(order)
    for name, share in (("test", options.test), ("validation", options.validation)):
        filled, passed = 0.0, []
        wanted = share * total
        for group in waiting:
            size = sum(_seconds(items[place]) for place in groups[group])
            fits = share > 0 and filled < wanted and filled + size <= 1.25 * wanted
            if fits:
                split_of.update(dict.fromkeys(groups[group], name))
                filled += size
            else:
                passed.append(group)
        if share > 0 and not filled and len(passed) > 1:
            smallest = min(passed, key=lambda group: sum(_seconds(items[place]) for place in groups[group]))
            split_of.update(dict.fromkeys(groups[smallest], name))
            passed.remove(smallest)
            filled = 1.0
        if share > 0 and not filled:
            raise DatasetError(f"{len(order)} group(s) are too few for {name} to have one. Split --by text")
        waiting = passed
    return split_of


def _seconds(item: Utterance) -> float:
    """The stated duration; utterances without one count as one second each."""
    return item.duration if item.duration else 1.0


def _assigned(item: Utterance, split: str) -> Utterance:
    return replace(item, columns={**item.columns, "split": split})
