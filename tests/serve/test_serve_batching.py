"""What several ask of one engine goes together, and each gets its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from auricle.audio import Audio
from auricle.engines import DecodeOptions, DetectsLanguage, Engine, Prompted
from auricle.engines.fake import FakeEngine
from auricle.errors import OptionError
from auricle.serve.batching import Abandoned, Batcher, SharedEngine, Stop
from auricle.transcript import Transcript
from scripted import say

PLAIN = DecodeOptions()


class Gate:
    """A script that waits for ``open`` before it says how long the audio is."""

    def __init__(self) -> None:
        self.open, self.begun = threading.Event(), threading.Event()
        self.order: list[str] = []

    def __call__(self, audio: Audio, options: DecodeOptions) -> Transcript:
        self.begun.set()
        assert self.open.wait(10)
        text = options.prompt or f"{audio.duration:.0f}"
        self.order.append(text)
        if audio.duration == 13:
            raise OptionError("13 brings bad luck.")
        return say(text, audio, options)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def engine(gate: Gate) -> FakeEngine:
    return FakeEngine(gate)


@pytest.fixture
def batcher(engine: FakeEngine, gate: Gate) -> Iterator[Batcher]:
    found = Batcher(engine, 8)
    yield found
    gate.open.set()
    found.close()


def ask(batcher: Batcher, seconds: float, options: DecodeOptions = PLAIN, **named: Any) -> str:
    shared: Engine = SharedEngine(batcher, named.pop("stop", None) or Stop(), **named)
    return shared.transcribe([Audio.silence(seconds)], options)[0].text


def _wait_for(batcher: Batcher, count: int) -> None:
    for _ in range(1000):
        if batcher.waiting >= count:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"{batcher.waiting} wait, not {count}")


def test_what_gathers_while_the_engine_works_goes_together(
    batcher: Batcher, engine: FakeEngine, gate: Gate
) -> None:
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(ask, batcher, 1)
        gate.begun.wait(10)
        others = [pool.submit(ask, batcher, seconds) for seconds in range(2, 8)]
        _wait_for(batcher, 6)
        gate.open.set()
        assert [found.result() for found in [first, *others]] == list("1234567")
    assert [size for _, size in engine.calls] == [1, 6]


def test_other_options_and_samples_go_alone(batcher: Batcher, engine: FakeEngine, gate: Gate) -> None:
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(ask, batcher, 1)]
        gate.begun.wait(10)
        for options in (PLAIN, DecodeOptions(prompt="x"), DecodeOptions(temperature=0.2), PLAIN):
            waiting.append(pool.submit(ask, batcher, 2, options))
        _wait_for(batcher, 4)
        gate.open.set()
        for found in waiting:
            found.result()
    assert sorted(size for _, size in engine.calls) == [1, 1, 1, 2]


def test_realtime_goes_before_files(batcher: Batcher, gate: Gate) -> None:
    with ThreadPoolExecutor(8) as pool:
        pool.submit(ask, batcher, 1)
        gate.begun.wait(10)
        pool.submit(ask, batcher, 2, DecodeOptions(prompt="file"))
        _wait_for(batcher, 1)
        pool.submit(ask, batcher, 3, DecodeOptions(prompt="live"), urgent=True)
        _wait_for(batcher, 2)
        gate.open.set()
    assert gate.order == ["1", "live", "file"]


def test_one_that_fails_does_not_take_the_others_with_it(batcher: Batcher, gate: Gate) -> None:
    with ThreadPoolExecutor(8) as pool:
        pool.submit(ask, batcher, 1)
        gate.begun.wait(10)
        good, bad = pool.submit(ask, batcher, 2), pool.submit(ask, batcher, 13)
        _wait_for(batcher, 2)
        gate.open.set()
        assert good.result() == "2"
        with pytest.raises(OptionError):
            bad.result()


def test_who_no_longer_waits_is_left_out(batcher: Batcher, engine: FakeEngine, gate: Gate) -> None:
    stop = Stop()
    with ThreadPoolExecutor(8) as pool:
        pool.submit(ask, batcher, 1)
        gate.begun.wait(10)
        gone = pool.submit(ask, batcher, 2, stop=stop)
        _wait_for(batcher, 1)
        stop.set()
        with pytest.raises(Abandoned):
            gone.result()
        assert batcher.waiting == 0
        gate.open.set()
    assert len(engine.calls) == 1


def test_a_time_that_is_over_is_known(batcher: Batcher) -> None:
    with pytest.raises(Abandoned) as gone:
        ask(batcher, 1, stop=Stop(0.0))
    assert gone.value.late


def test_what_engines_can_besides_is_there(batcher: Batcher, gate: Gate) -> None:
    gate.open.set()
    shared = SharedEngine(batcher, Stop())
    assert isinstance(shared, DetectsLanguage)
    assert isinstance(shared, Prompted)
    assert shared.detect_language([Audio.silence(1)]) == [{"en": 1.0}]
    assert shared.count_tokens("two words") == 2
