"""Sounds of a training: the draw of an epoch, what stays in memory, what is read before it is asked for."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from auricle.audio import Audio
from auricle.augment import Augment
from auricle.errors import AudioError
from auricle.verbs.finetune.batches import Order
from auricle.verbs.finetune.examples import Example, opened
from auricle.verbs.finetune.joining import Joins
from auricle.verbs.finetune.sounds import Sounds, joined, speech_end


def test_speech_ends_where_it_is_loud(tone: Audio) -> None:
    padded = Audio(np.concatenate([tone.samples, np.zeros(16_000, np.float32)]), 16_000)
    assert speech_end(padded) == pytest.approx(2.0, abs=0.03)
    assert speech_end(Audio.silence(1.0, 16_000)) == 1.0


def test_augmentation_depends_on_utterance_and_epoch(clips: Path) -> None:
    found = [Example(item, item.text or "", 0.5) for item in opened(str(clips))]
    sounds = Sounds(found, Augment.of("noise:10", seed=1), 1.0)
    again = Sounds(found, Augment.of("noise:10", seed=1), 1.0)
    assert np.array_equal(sounds[0, 3].audio.samples, again[0, 3].audio.samples)
    assert not np.array_equal(sounds[0, 3].audio.samples, sounds[1, 3].audio.samples)


def test_sounds_stay_in_memory_while_there_is_room(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Example(item, item.text or "", 0.5) for item in opened(str(clips))]
    bytes_of_one = found[0].utterance.load(16_000).samples.nbytes
    monkeypatch.setattr("auricle.verbs.finetune.sounds._HELD", bytes_of_one)
    sounds = Sounds(found)
    again = [[sounds[0, place].audio.samples for place in (0, 1)] for _ in range(2)]
    assert list(sounds._held) == [0]
    assert all(np.array_equal(one, other) for one, other in zip(*again, strict=True))


def test_joined_utterances_are_of_one_speaker(clips: Path) -> None:
    found = [Example(item, item.text or "", 0.5) for item in opened(str(clips))]
    sounds = Sounds(found, joins=Joins(found, 3))
    longest = max((sounds[0, place] for place in range(12)), key=lambda one: len(one.text))
    assert len(longest.text.split()) in (4, 6) and longest.audio.duration > 0.8


def test_joined_texts_have_the_times_of_their_sounds(tone: Audio) -> None:
    audio, said = joined([tone, tone, tone], ["a", "b", "c"], [0.1, 0.2])
    assert audio.duration == pytest.approx(3 * tone.duration + 0.3)
    assert [one.start for one in said] == pytest.approx([0.0, tone.duration + 0.1, 2 * tone.duration + 0.3])
    assert [one.end - one.start for one in said] == pytest.approx([2.0] * 3, abs=0.03)


def test_what_comes_next_is_read_on_another_thread_and_once(
    clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Example(item, item.text or "", 0.5) for item in opened(str(clips))]
    order, sounds, plain = Order(found, (), 0.0, 2, seed=0), Sounds(found), Sounds(found)
    order.tell = sounds.follow
    readers: list[str] = []
    read = sounds._read
    monkeypatch.setattr(
        sounds, "_read", lambda place: (readers.append(threading.current_thread().name), read(place))[1]
    )
    for epoch in (0, 1):
        order.set_epoch(epoch)
        for index in order:
            assert np.array_equal(sounds[index].audio.samples, plain[index].audio.samples)
    assert len(readers) == len(found)
    assert readers.count(threading.current_thread().name) == 1  # the first, for which nobody had time


def test_no_more_than_two_batches_are_read_before(clips: Path) -> None:
    found = [Example(item, item.text or "", 0.5) for item in opened(str(clips))]
    order, sounds = Order(found, (), 0.0, 2, seed=0), Sounds(found)
    order.tell = sounds.follow
    first, *_ = list(order)
    _ = sounds[first]
    assert len(sounds._coming) == 4


def test_a_sound_that_cannot_be_read_is_an_error_at_its_place(
    clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Example(item, item.text or "", 0.5) for item in opened(str(clips))]
    sounds = Sounds(found)
    read = sounds._read

    def broken(place: int) -> Audio:
        if place == 2:
            raise AudioError("the disk is gone")
        return read(place)

    monkeypatch.setattr(sounds, "_read", broken)
    sounds.follow([(0, 0), (0, 1), (0, 2)], 2)
    _ = sounds[0, 0], sounds[0, 1]
    with pytest.raises(AudioError, match="the disk is gone"):
        _ = sounds[0, 2]
