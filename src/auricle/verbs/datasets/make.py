"""Better datasets from others: cleaned, split, chosen, rewritten, cut; and the story of how.

Each writes a manifest, and beside it ``NAME.story.json`` with what was done to what.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from auricle.errors import AuricleError, DatasetError
from auricle.options import flatten
from auricle.storage import write_atomic
from auricle.verbs.datasets.check import Checked, kept
from auricle.verbs.datasets.dataset import Dataset
from auricle.verbs.datasets.export import encoded, write_manifest
from auricle.verbs.datasets.partition import Part, SplitOptions, describe, partition
from auricle.verbs.datasets.rewrite import FilterOptions, choose, parse_steps, rewrite
from auricle.verbs.datasets.segment import Segmenter, SegmentOptions
from auricle.verbs.datasets.utterance import AudioRef, Utterance, in_order


def clean(dataset: Dataset, checked: Checked, path: Path) -> int:
    """A manifest of what stays, with what is too long cut; how many utterances it has.

    Raises DatasetError where nothing stays, OutputError.
    """
    cutter = Segmenter(SegmentOptions()) if checked.split() else None

    def staying() -> Iterator[Utterance]:
        for item, cut in kept(dataset, checked):
            if cut and cutter is not None:
                yield from cutter.cut(item)
            else:
                yield item

    if len(checked.dropped()) >= checked.utterances:
        raise DatasetError(
            f"every utterance of {dataset.name} would be left out. Keep some kinds: --keep KIND"
        )
    fates = {kind: checked.fates[kind] for kind in checked.findings}
    return _write(staying(), path, dataset, "check", {"model": checked.model, "fates": fates})


def split(dataset: Dataset, options: SplitOptions, path: Path) -> list[Part]:
    """A manifest with a split for each utterance; what each split came to.

    Raises OptionError, DatasetError (a speaker is not named, too few groups), OutputError.
    """
    items = partition(list(dataset), options)
    _write(items, path, dataset, "split", flatten(options))
    return describe(items, options.by)


def filtered(dataset: Dataset, options: FilterOptions, path: Path) -> int:
    """A manifest of the utterances that fit. Raises OptionError, DatasetError where none does."""
    return _write(choose(dataset, options), path, dataset, "filter", flatten(options))


def normalise(dataset: Dataset, steps: tuple[str, ...], path: Path) -> int:
    """A manifest with texts through named steps, their versions in the story. Raises OptionError."""
    chosen = parse_steps(steps)
    versions = {name: step.version for name, step in chosen}
    return _write(rewrite(dataset, chosen), path, dataset, "normalise", {"steps": versions})


class Built:
    """What ``build`` came to: clips written, recordings that failed and why, pieces not aligned."""

    def __init__(self, cutter: Segmenter) -> None:
        self.count = 0
        self.failed: dict[str, str] = {}
        self._cutter = cutter

    @property
    def lost(self) -> int:
        """Pieces whose words the model did not hear."""
        return len(self._cutter.lost)


def build(
    dataset: Dataset, options: SegmentOptions, folder: Path, segmenter: Segmenter | None = None
) -> Built:
    """Cut recordings into clips with their text: ``folder/clips/`` and a manifest.

    What cannot be read or aligned is told and left out. Raises DatasetError where nothing is left.
    """
    built, pieces = _cut(dataset, segmenter or Segmenter(options))
    clips = (_clip(piece, folder) for piece in pieces)
    built.count = _write(clips, folder / "manifest.jsonl", dataset, "build", flatten(options))
    return built


def segment(
    dataset: Dataset, options: SegmentOptions, path: Path, segmenter: Segmenter | None = None
) -> Built:
    """As ``build``, but the manifest names parts of the recordings where they lie."""
    built, pieces = _cut(dataset, segmenter or Segmenter(options))
    built.count = _write(pieces, path, dataset, "segment", flatten(options))
    return built


def _cut(dataset: Dataset, cutter: Segmenter) -> tuple[Built, Iterator[Utterance]]:
    """The pieces of every recording as they are asked for; those that fail are told to ``Built``."""
    built = Built(cutter)

    def pieces() -> Iterator[Utterance]:
        for item in dataset:
            try:
                yield from cutter.cut(item)
            except AuricleError as error:
                built.failed[item.id] = str(error)

    return built, pieces()


def _clip(piece: Utterance, folder: Path) -> Utterance:
    data, suffix = encoded(piece)
    path = folder / "clips" / f"{Path(piece.id).name.replace(' ', '_')}{suffix}"
    write_atomic(path, data)
    values = (piece.text, piece.language, piece.speaker, piece.duration, piece.columns)
    return Utterance(piece.id, AudioRef(path=path), *values)


def _write(
    items: Iterable[Utterance], path: Path, dataset: Dataset, verb: str, options: Mapping[str, Any]
) -> int:
    """The manifest and its story. Raises DatasetError where there is nothing to write."""
    with in_order():
        count = write_manifest(items, path)
    if not count:
        path.unlink()
        raise DatasetError(f"nothing of {dataset.name} is left to write. Ask for less.")
    story = {
        "made_by": f"auricle datasets {verb}",
        "from": dataset.name,
        "options": options,
        "utterances": count,
        "left_out_on_opening": dataset.faults.counts,
        "auricle": metadata.version("auricle"),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    text = json.dumps(story, ensure_ascii=False, indent=1, default=str) + "\n"
    write_atomic(path.with_name(f"{path.stem}.story.json"), text.encode())
    return count
