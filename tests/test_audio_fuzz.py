"""Damaged files give finite sound or one of our errors, in bounded time, and nothing else."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_files import tone, wav_bytes, write
from auricle.audio import Audio, open_audio
from auricle.audio.clock import LONGEST
from auricle.errors import AuricleError

SUFFIXES = ("wav", "flac", "mp3", "m4a", "ogg", "webm", "mkv", "mov", "aiff", "ts")
ROUNDS = 60  # mutants of each container


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 3, 10, 100])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def truncate(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(1, len(data)) :]


def splice(data: bytearray, chance: random.Random) -> None:
    start, length, target = (chance.randrange(len(data)) for _ in range(3))
    data[target:target] = data[start : start + length]


def cut(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(1, len(data))
    del data[start : start + chance.randrange(1, 2000)]


def zero(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    length = min(chance.choice([1, 8, 100, 1000]), len(data) - start)
    data[start : start + length] = bytes(length)


def garble(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    length = min(chance.choice([1, 4, 100, 1000]), len(data) - start)
    data[start : start + length] = chance.randbytes(length)


def garble_head(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 2, 8])):
        data[chance.randrange(min(200, len(data)))] = chance.choice(
            [0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)]
        )


MUTATIONS = (flip, truncate, splice, cut, zero, garble, garble_head)


def mutate(data: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    mutant = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4])):
        chance.choice(MUTATIONS)(mutant, chance)
        mutant = mutant or bytearray(b"\0")
    return bytes(mutant)


def check(data: bytes, rate: int = 16000, channel: str = "mix") -> float | None:
    """Seconds of sound, or None where it was refused."""
    begun = time.monotonic()
    total = 0
    try:
        with open_audio(data, rate, channel, block=10.0) as stream:
            for block in stream:
                assert block.samples.dtype == np.float32 and block.samples.ndim == 1
                assert np.isfinite(block.samples).all()
                assert block.start == pytest.approx(total / rate)
                total += len(block)
        assert all("\n" not in one for one in stream.warnings)
    except AuricleError as error:
        assert str(error) and "\n" not in str(error)
        return None
    finally:
        assert time.monotonic() - begun < 10
    assert total / rate < LONGEST + 3600
    return total / rate


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("fuzz")
    data = np.stack([tone(440, 1.2, 16000), tone(700, 1.2, 16000)])
    options = {"ts": {"codec": "aac", "video": 1.0}, "mov": {"video": 1.0}, "webm": {"video": 1.0}}
    return {
        suffix: write(folder / f"a.{suffix}", data, rate=16000, **options.get(suffix, {})).read_bytes()
        for suffix in SUFFIXES
    }


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_mutants(originals, suffix):
    original = originals[suffix]
    assert check(original) == pytest.approx(1.2, abs=0.15)
    alive = 0
    for seed in range(ROUNDS):
        alive += check(mutate(original, seed), 16000, ("mix", "left", "right")[seed % 3]) is not None
    assert alive > 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes(data):
    check(data)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=400),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1),
    st.sampled_from([0, 1, 4, 8, 16, 24, 32, 64]),
    st.sampled_from([1, 2, 3, 6, 7, 0x11, 0x55, 0xFFFE]),
)
def test_any_wav_header(data, rate, count, bits, kind):
    header = wav_bytes(data, 16000, 1, 16, kind)
    fields = count.to_bytes(2, "little") + rate.to_bytes(4, "little")
    check(header[:22] + fields + header[28:34] + bits.to_bytes(2, "little") + header[36:])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(width=32), max_size=200),
    st.sampled_from([8000, 16000, 44100]),
    st.sampled_from([1, 2]),
)
def test_any_float_samples(values, rate, count):
    check(wav_bytes(np.array(values, "<f4").tobytes(), rate, count, 32, 3))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(width=32), max_size=300), st.floats(-2, 2), st.floats(-2, 2))
def test_any_array_can_be_sliced_or_is_refused(values, start, end):
    try:
        sound = Audio.of(np.array(values, np.float32), 8000)
    except AuricleError:
        return
    part = sound.slice(start, end)
    assert 0 <= part.start <= sound.duration and part.start + part.duration <= sound.duration + 1e-9
