"""Parts of recordings: the same samples whether they are loaded alone or one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import auricle
from auricle.audio import open_audio
from auricle.errors import AudioError, MissingFileError
from auricle.verbs.datasets import AudioRef, in_order, utterance

Clip = Callable[..., Path]
PLACES = st.lists(
    st.tuples(st.sampled_from(["path", "bytes"]), st.floats(0, 10.9), st.none() | st.floats(0.01, 12)),
    max_size=6,
)


def part(kind: str, start: float, length: float | None) -> AudioRef:
    end = None if length is None else start + length
    if kind == "path":
        return AudioRef(path=auricle.sample(), start=start, end=end)
    return AudioRef(data=DATA, name="sample", start=start, end=end)


DATA = auricle.sample().read_bytes()


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What is opened meanwhile."""
    opened: list[Any] = []

    def opening(*arguments: Any) -> Any:
        opened.append(open_audio(*arguments))
        return opened[-1]

    with monkeypatch.context() as patch:
        patch.setattr(utterance, "open_audio", opening)
        yield opened


@settings(max_examples=25, deadline=None)
@given(PLACES)
def test_parts_in_any_order_are_what_they_are_alone(places: list[tuple[str, float, float | None]]) -> None:
    parts = [part(*place) for place in places]
    with in_order():
        together = [one.load() for one in parts]
    for one, found in zip(parts, together, strict=True):
        alone = one.load()
        assert np.array_equal(found.samples, alone.samples)
        assert (found.start, found.rate) == (alone.start, alone.rate)


def test_a_recording_is_decoded_once_for_parts_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    cuts = np.linspace(0, 11, 23)
    parts = [AudioRef(path=auricle.sample(), start=a, end=b) for a, b in pairwise(map(float, cuts))]
    whole = AudioRef(path=auricle.sample()).load().samples
    with counted(monkeypatch) as opened, in_order(), in_order():
        joined = np.concatenate([one.load().samples for one in parts])
    assert len(opened) == 1
    assert np.array_equal(joined, whole)
    with counted(monkeypatch) as opened:
        for one in parts[:3]:
            one.load()
    assert len(opened) == 3


def test_other_rates_channels_and_files_are_opened_anew(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = clip("one.wav", seconds=2.0), clip("other.wav", seconds=2.0, pitch=300.0)
    with counted(monkeypatch) as opened, in_order():
        assert len(AudioRef(path=one, start=0.0, end=1.0).load(8000)) == 8000
        assert len(AudioRef(path=one, start=1.0, end=2.0).load(16000)) == 16000
        assert len(AudioRef(path=other, start=1.0, end=2.0).load(16000)) == 16000
        assert len(AudioRef(path=other, start=1.0, end=2.0, channel=0).load(16000)) == 16000
    assert len(opened) == 4


def test_what_is_not_there_is_said_and_what_follows_is_heard(clip: Clip, tmp_path: Path) -> None:
    path = clip("one.wav", seconds=2.0)
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    with in_order():
        assert AudioRef(path=path, start=1.5).load().duration == pytest.approx(0.5)
        with pytest.raises(AudioError, match=r"one.wav is 2.00 s long and has nothing at 3.00 s"):
            AudioRef(path=path, start=3.0, end=4.0).load()
        with pytest.raises(AudioError, match=r"bad.wav"):
            AudioRef(path=tmp_path / "bad.wav", start=0.0, end=1.0).load()
        assert AudioRef(path=path, start=0.5, end=1.0).load().duration == pytest.approx(0.5)


def test_the_file_is_closed_at_the_end_even_by_another_thread(clip: Clip, tmp_path: Path) -> None:
    path = clip("one.wav", seconds=2.0)

    def hearing() -> Iterator[int]:
        with in_order():
            yield len(AudioRef(path=path, start=0.0, end=1.0).load())

    begun = hearing()
    assert next(begun) == 16000
    thread = Thread(target=begun.close)
    thread.start()
    thread.join()
    path.unlink()
    with pytest.raises(MissingFileError):
        AudioRef(path=path, start=1.0, end=2.0).load()
