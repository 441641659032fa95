"""The hands-on exercise of the Hugging Face audio course, checked on this machine.

The exercise: fine-tune whisper-tiny on PolyAI/minds14 (en-US), the first 450 rows for training and the
rest for evaluation, reach a word error rate below 0.37, and push the model with the fields that the
course's own checker reads. Rates are rates: 0.42, not 42.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import MissingFileError, ModelError
from auricle.verbs.finetune.card import CARD
from auricle.verbs.finetune.keeping import read_story

BASE, DATASET, TASK = "openai/whisper-tiny", "PolyAI/minds14", "automatic-speech-recognition"
TRAIN, TEST = "train[:450]", "train[450:]"
LIMIT = 0.37


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that the exercise asks for, whether it is there, and what was found."""

    name: str
    met: bool
    found: str


@dataclass(frozen=True, slots=True)
class Checked:
    """All of them; passed where every one is met."""

    requirements: tuple[Requirement, ...]

    @property
    def passed(self) -> bool:
        """Whether the exercise is done."""
        return all(one.met for one in self.requirements)


def check_exercise(
    checkpoint: str | Path, *, dataset: str = DATASET, base: str = BASE, limit: float = LIMIT
) -> Checked:
    """Check a checkpoint that ``auricle finetune`` made. Raises MissingFileError, ModelError."""
    folder = Path(checkpoint)
    if not folder.is_dir():
        raise MissingFileError(
            f"there is no checkpoint {folder}. Type: auricle finetune recipes/hands-on.yaml"
        )
    story = read_story(folder)
    if not story:
        raise ModelError(f"{folder} has no auricle.json, so how it was made is unknown. Fine-tune it here")
    return Checked((*_made(story, dataset, base), *_scored(story, limit), *_card(folder, dataset, base)))


def _made(story: Mapping[str, Any], dataset: str, base: str) -> Iterator[Requirement]:
    start = str(story["base"].get("hub") or story["base"]["name"])
    yield Requirement(f"made from {base}", start == base, start)
    train = story["recipe"]["data"]["train"]
    yield _split("trained on the first 450 rows", train, dataset, TRAIN)
    yield _split("evaluated on the rest", [story["recipe"]["verdict"]["target"]], dataset, TEST)


def _split(name: str, specs: list[str], dataset: str, split: str) -> Requirement:
    found = ", ".join(specs)
    met = len(specs) == 1 and specs[0].startswith(dataset) and specs[0].endswith(f"@{split}")
    return Requirement(name, met, found or "nothing")


def _scored(story: Mapping[str, Any], limit: float) -> Iterator[Requirement]:
    sets = (story.get("verdict") or {}).get("sets") or ()
    after: Mapping[str, Any] = next((one["after"] for one in sets if one["role"] == "target"), {})
    rate, written = after.get("wer"), after.get("wer_ortho")
    yield Requirement(
        f"wer below {limit}", rate is not None and rate < limit, "none" if rate is None else f"{rate:.4f}"
    )
    yield Requirement(
        "wer_ortho beside it", written is not None, "none" if written is None else f"{written:.4f}"
    )
    # A word error rate above 3 is a percentage that somebody took for a rate.
    rates = [value for value in (rate, written) if value is not None]
    yield Requirement(
        "rates, not percentages", all(value <= 3 for value in rates), ", ".join(map(str, rates))
    )


def _card(folder: Path, dataset: str, base: str) -> Iterator[Requirement]:
    head = _head(folder / CARD)
    asked = (
        ("the card names the dataset", dataset in (head.get("datasets") or ()), head.get("datasets")),
        ("the card names the base", head.get("base_model") == base, head.get("base_model")),
        ("the card names the task", head.get("pipeline_tag") == TASK, head.get("pipeline_tag")),
        ("the card has the metrics", bool(head.get("model-index")), "model-index"),
    )
    for name, met, found in asked:
        yield Requirement(name, met, str(found))


def _head(path: Path) -> Mapping[str, Any]:
    """The metadata of a card; empty where it has none."""
    import yaml

    try:
        text = path.read_text("utf-8")
    except OSError:
        return {}
    parts = text.split("---\n", 2)
    value = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0] else None
    return value if isinstance(value, dict) else {}
