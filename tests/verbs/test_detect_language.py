"""Windows of speech vote for the language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from auricle.audio import Audio
from auricle.engines import load_engine
from auricle.engines.fake import FakeEngine
from auricle.errors import OptionError
from auricle.segments import Window
from auricle.transcript import Span
from auricle.verbs.detect_language import DetectOptions, able, detect_language, vote


class Votes(FakeEngine):
    """Each window says what the next of ``rows`` says."""

    def __init__(self, *rows: dict[str, float]) -> None:
        super().__init__(languages=rows[0])
        self._rows = iter(rows)

    def detect_language(self, batch: Sequence[Audio]) -> list[dict[str, float]]:
        return [next(self._rows) for _ in batch]


def window(start: float, spoken: float) -> Window:
    return Window(replace(Audio.silence(spoken + 1), start=start), (Span(start, start + spoken),))


def test_a_long_window_outvotes_a_short_one() -> None:
    engine = Votes({"de": 0.9, "en": 0.1}, {"de": 0.2, "en": 0.8})
    found = vote(engine, [window(0, 2.0), window(30, 20.0)], 8)
    assert found.language == "en"
    assert found.chances == pytest.approx({"en": (0.2 + 16) / 22, "de": (1.8 + 4) / 22})
    assert sum(found.chances.values()) == pytest.approx(1.0)
    assert found.seconds == 22.0


def test_so_many_windows_vote() -> None:
    engine = Votes({"de": 0.9, "en": 0.1}, {"de": 0.0, "en": 1.0})
    assert vote(engine, [window(0, 2.0), window(30, 20.0)], 1).language == "de"


def test_nobody_speaks() -> None:
    found = vote(Votes({"de": 0.9, "en": 0.1}), [], 8)
    assert (found.language, found.chances, found.seconds) == (None, {}, 0.0)


def test_models_that_cannot() -> None:
    with pytest.raises(OptionError, match=r"tiny\.en cannot tell languages apart: it knows en"):
        able(load_engine("tiny.en"))
    with pytest.raises(OptionError, match="cannot tell languages apart"):
        able(FakeEngine(languages={"en": 1.0}))
    with pytest.raises(OptionError, match="windows must be at least 1"):
        detect_language(Audio.silence(1.0), options=DetectOptions(windows=0))
