"""What the base or the model at hand writes for utterances."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from auricle.audio import Audio
from auricle.engines import DecodeOptions, EngineInfo
from auricle.transcript import Segment, Transcript
from auricle.verbs.datasets import open_dataset
from auricle.verbs.finetune.examples import Example
from auricle.verbs.finetune.hearing import decoded
from corpora import counted


class Clock:
    """Writes how long each sound is, and remembers on which threads; two of which have to meet first."""

    rate, window, accepts = 16_000, 30.0, frozenset[str]()
    info = EngineInfo("clock", "clock")

    def __init__(self, meeting: threading.Barrier | None = None) -> None:
        self.threads: set[int] = set()
        self._meeting = meeting

    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        self.threads.add(threading.get_ident())
        if self._meeting is not None:
            self._meeting.wait(30)
        return [
            Transcript((Segment(0.0, one.duration, f"{one.duration:.3f}"),), duration=one.duration)
            for one in batch
        ]


class Pair(Clock):
    """One that several threads may call."""

    parallel = 2


def test_texts_come_in_the_order_of_the_utterances(tmp_path: Path) -> None:
    items = examples(tmp_path)
    engine, seen = Clock(), list[int]()
    texts = decoded(engine, items, DecodeOptions(), seen.append)
    assert [float(text) for text in texts] == pytest.approx([item.seconds for item in items], abs=2e-3)
    assert seen == [8, 16]
    assert engine.threads == {threading.get_ident()}  # torch's autocast holds on the thread that asked


def test_an_engine_that_wants_several_calls_at_once_gets_them(tmp_path: Path) -> None:
    items = examples(tmp_path)
    engine: Any = Pair(threading.Barrier(2))  # one call alone would wait for ever
    texts = decoded(engine, items, DecodeOptions())
    assert [float(text) for text in texts] == pytest.approx([item.seconds for item in items], abs=2e-3)
    assert len(engine.threads) == 2


def examples(folder: Path) -> list[Example]:
    found = list(open_dataset(str(counted(folder / "talks", 16))))
    return [Example(item, item.text or "", item.load().duration) for item in found][::-1]
