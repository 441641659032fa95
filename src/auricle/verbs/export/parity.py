"""The same clips through two models: texts equal, and word times within 0.05 s, or what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from auricle import sample
from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, LoadOptions, load_engine
from auricle.errors import DatasetError
from auricle.transcript import Transcript, Word
from auricle.verbs.datasets import open_dataset

TIMES = 0.05  # seconds that the times of a word may differ
_PIECE = 3.0  # seconds of the bundled sample in each clip, where no dataset is named


@dataclass(frozen=True, slots=True)
class Difference:
    """A clip on which the two differ: in its text, or in the time of a word by so many seconds."""

    clip: str
    first: str
    second: str
    seconds: float = 0.0

    def line(self) -> str:
        """As a person reads it."""
        if self.first != self.second:
            return f"{self.clip}: {self.first!r} became {self.second!r}"
        return f"{self.clip}: a word is {self.seconds:.2f} s away"


@dataclass(frozen=True, slots=True)
class Parity:
    """How many clips were heard, which differ, and the largest distance of a word's time.

    ``farthest`` is in seconds, None where one of the two gives words no times.
    """

    clips: int
    differences: tuple[Difference, ...]
    farthest: float | None

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def sounds(data: str, count: int) -> list[tuple[str, Audio]]:
    """The clips to hear: of a dataset (DATASET or DATASET@SPLIT), or pieces of the bundled sample."""
    if not data:
        whole = Audio.load(sample())
        starts = [index * (whole.duration - _PIECE) / max(1, count - 1) for index in range(count)]
        return [(f"sample from {start:.1f} s", whole.slice(start, start + _PIECE)) for start in starts]
    name, _, split = data.rpartition("@")
    dataset = open_dataset(name or data, split=split if name else None)
    found = [(item.id, item.load()) for item in islice(dataset, count)]
    if not found:
        raise DatasetError(f"{data} has no clip to hear.")
    return [(clip, sound.slice(0.0, 30.0)) for clip, sound in found]


def engine(model: str) -> Engine:
    """The engine of a model's layout, in float32."""
    from auricle.models import resolve

    name = "transformers" if resolve(model).layout == "huggingface" else "ctranslate2"
    return load_engine(LoadOptions(model=model, engine=name, compute_type="float32"))


def compare_engines(
    engines: Sequence[Engine],
    clips: Sequence[tuple[str, Audio]],
    *,
    language: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Parity:
    """Hear clips through two engines, greedily; times of words where both have them."""
    words = all("words" in engine.accepts for engine in engines)
    options = DecodeOptions(language=language, words=words)
    differences: list[Difference] = []
    farthest = 0.0
    for number, (name, sound) in enumerate(clips, 1):
        one, other = (_hear(engine, sound, options) for engine in engines)
        distance = _distance(one.words, other.words) if words and one.text == other.text else 0.0
        farthest = max(farthest, distance)
        if one.text != other.text or distance > TIMES + 1e-6:
            differences.append(Difference(name, one.text, other.text, distance))
        if on_progress is not None:
            on_progress(number, len(clips))
    return Parity(len(clips), tuple(differences), farthest if words else None)


def _hear(engine: Engine, sound: Audio, options: DecodeOptions) -> Transcript:
    return engine.transcribe([sound], options)[0]


def _distance(first: Sequence[Word], second: Sequence[Word]) -> float:
    """The largest difference of a time between the words of two equal texts."""
    pairs = zip(first, second, strict=False)
    return max((max(abs(a.start - b.start), abs(a.end - b.end)) for a, b in pairs), default=0.0)
