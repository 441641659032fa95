"""Augmentations: the same for the same seed, as strong as asked, words where they were, nothing clipped."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_files import write
from auricle.audio import Audio
from auricle.augment import (
    Augment,
    Clipping,
    Codec,
    Gain,
    LeadingSilence,
    Library,
    Noise,
    Room,
    Sometimes,
    Sounds,
    SpecAugment,
    Speed,
    Telephone,
    generator,
    step,
)
from auricle.augment.noise import coloured
from auricle.augment.parts import active, power
from auricle.augment.room import convolve, simulated
from auricle.errors import MissingFileError, OptionError

SPECS = [
    "noise:10", "noise:0-20:white", "room", "room:0.2-0.8", "telephone", "codec:mp3", "codec:opus:8",
    "codec:amr", "speed:0.9", "speed:0.9-1.1", "gain:-20", "gain:6", "clipping:12", "silence:2",
]  # fmt: skip


def rng(seed: int = 0) -> np.random.Generator:
    return generator(seed, "test")


def speech(seconds: float = 3.0, rate: int = 16_000, level: float = 0.1) -> Audio:
    """Bursts of 0.4 s with pauses of 0.2 s: what counts as speech is known."""
    time = np.arange(round(seconds * rate)) / rate
    burst = (time % 0.6) < 0.4
    return Audio((level * burst * np.sin(2 * np.pi * 330 * time)).astype(np.float32), rate)


@pytest.fixture
def sounds(tmp_path: Path) -> Sounds:
    """Two noises in a folder, one of them shorter than any speech."""
    for name, size in (("long.wav", 40_000), ("short.wav", 500)):
        write(tmp_path / name, coloured("pink", size, 8000, rng()) * 0.05, 8000)
    return Sounds.of([tmp_path])


@pytest.mark.parametrize("spec", SPECS)
def test_seed_and_key_decide(spec: str, jfk: Audio) -> None:
    clip = jfk.slice(0, 2.5)
    first = Augment.of(spec, seed=1)(clip, "a")
    Augment.of(spec, seed=1)(clip, "another before it")
    assert np.array_equal(first.samples, Augment.of(spec, seed=1)(clip, "a").samples)
    if spec.startswith(("noise", "room")) or "0.9-1.1" in spec:
        others = [Augment.of(spec, seed=2)(clip, "a"), Augment.of(spec, seed=1)(clip, "b")]
        assert all(not np.array_equal(first.samples, other.samples) for other in others)


@pytest.mark.parametrize("spec", SPECS)
def test_rate_length_and_level(spec: str, jfk: Audio) -> None:
    clip = Audio(jfk.samples[:40_001] / np.abs(jfk.samples[:40_001]).max(), jfk.rate, start=3.0)
    made = Augment.of(spec)(clip, "a")
    assert (made.rate, made.start) == (clip.rate, clip.start)
    assert np.abs(made.samples).max() <= 1.0
    assert power(made.samples) > 0
    if spec.startswith("silence"):
        assert len(made) == len(clip) + 32_000
    elif not spec.startswith("speed"):
        assert len(made) == len(clip)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("size", [0, 1, 100])
def test_next_to_nothing_is_no_trouble(spec: str, size: int) -> None:
    made = Augment.of(spec)(Audio(np.full(size, 0.1, np.float32), 16_000), "a")
    assert np.isfinite(made.samples).all()


@pytest.mark.parametrize(
    "spec", ["telephone", "codec:mp3", "codec:opus:8", "codec:amr", "room", "clipping:12"]
)
def test_words_stay_where_they_are(spec: str, jfk: Audio) -> None:
    clip = jfk.slice(0, 4)
    made = Augment.of(spec)(clip, "a")
    either = convolve(made.samples, clip.samples[::-1].copy())
    late = int(np.abs(either).argmax()) - (len(clip) - 1)
    assert abs(late) <= 0.003 * clip.rate


@given(st.floats(-5, 30), st.sampled_from(["white", "pink"]), st.integers(0, 100), st.floats(0.002, 0.05))
@settings(max_examples=30, deadline=None)
def test_the_ratio_holds_over_the_speech(snr: float, colour: str, seed: int, level: float) -> None:
    clean = speech(level=level)
    assert ratio(clean, Noise(snr, colour)(clean, rng(seed))) == pytest.approx(snr, abs=0.1)


@given(st.floats(-5, 30), st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_the_ratio_holds_over_real_speech(jfk: Audio, snr: float, seed: int) -> None:
    clean = Audio(jfk.slice(0, 6).samples * np.float32(0.1), jfk.rate)
    assert ratio(clean, Noise(snr, "pink")(clean, rng(seed))) == pytest.approx(snr, abs=0.1)


def test_what_would_clip_is_turned_down_as_a_whole() -> None:
    quiet, loud = speech(level=0.01), speech(level=0.9)
    made = [Noise(0, "white")(clean, rng()).samples for clean in (quiet, loud)]
    assert np.abs(made[1]).max() == pytest.approx(1.0)
    assert np.allclose(made[0] / np.abs(made[0]).max(), made[1], atol=1e-4)


@pytest.mark.parametrize("snr", [20.0, 0.0])
def test_sounds_of_files_are_repeated_and_begun_anywhere(sounds: Sounds, snr: float) -> None:
    clean = speech(level=0.02)
    made = [Noise(snr, sounds)(clean, rng(seed)) for seed in range(6)]
    assert [ratio(clean, one) for one in made] == pytest.approx([snr] * 6, abs=0.1)
    assert len({one.samples.tobytes() for one in made}) == 6


def ratio(clean: Audio, made: Audio) -> float:
    """Decibels of the speech over what was added, where somebody speaks; nothing was turned down."""
    where = active(clean)
    assert np.abs(made.samples).max() < 1
    return float(10 * np.log10(power(clean.samples[where]) / power((made.samples - clean.samples)[where])))


def test_silence_gets_the_noise_of_ordinary_speech() -> None:
    made = Noise(10.0, "white")(Audio.silence(2.0), rng())
    assert 10 * np.log10(power(made.samples)) == pytest.approx(-36, abs=0.2)


def test_pauses_are_not_speech() -> None:
    where = active(speech())
    assert where.mean() == pytest.approx(2 / 3, abs=0.03)
    assert not active(Audio.silence(1.0)).any()


def test_pink_noise_falls_three_decibels_an_octave() -> None:
    noise = coloured("pink", 1 << 18, 16_000, rng())
    spectrum = np.square(np.abs(np.fft.rfft(noise)))
    hertz = np.fft.rfftfreq(len(noise), 1 / 16_000)
    octaves = [10 * np.log10(spectrum[(hertz >= low) & (hertz < 2 * low)].mean()) for low in (125, 500, 2000)]
    assert np.diff(octaves) == pytest.approx([-6.0, -6.0], abs=0.5)  # two octaves each


@given(st.integers(1, 70_000), st.integers(1, 5_000))
@settings(max_examples=10, deadline=None)
def test_convolution_is_that_of_numpy(size: int, taps: int) -> None:
    samples, response = rng().standard_normal((2, size + taps)).astype(np.float32)
    one, other = samples[:size], response[:taps]
    places = [0, size // 2, size + taps - 2]
    made = convolve(one, other)
    assert len(made) == size + taps - 1
    for at in places:
        low, high = max(0, at - taps + 1), min(at, size - 1)
        expected = np.dot(
            one[low : high + 1].astype(float), other[at - high : at - low + 1][::-1].astype(float)
        )
        assert made[at] == pytest.approx(expected, abs=1e-2)


def test_a_simulated_room_decays_as_asked() -> None:
    response = simulated(0.5, 0.0, 16_000, rng())
    assert response[0] == 1.0
    energy = np.cumsum(np.square(response[1:], dtype=float)[::-1])[::-1]
    decay = 10 * np.log10(energy / energy[0])
    fall = np.flatnonzero(decay < -5)[0], np.flatnonzero(decay < -25)[0]  # the T20 of ISO 3382
    assert 3 * (fall[1] - fall[0]) / 16_000 == pytest.approx(0.5, rel=0.1)
    assert energy[0] == pytest.approx(1.0, rel=0.01)


def test_a_recorded_room_begins_at_its_direct_sound(tmp_path: Path) -> None:
    response = np.zeros(4000, np.float32)
    response[800], response[1200] = 1.0, 0.5
    write(tmp_path / "room.wav", response * 0.9, 16_000)
    clean = speech()
    made = Room(Sounds.of([tmp_path / "room.wav"]))(clean, rng())
    echo = np.pad(clean.samples, (400, 0))[: len(clean)] * 0.5
    wanted = clean.samples + echo
    wanted *= np.sqrt(power(clean.samples) / power(wanted))
    assert np.abs(made.samples - wanted).max() < 1e-3


def test_a_telephone_has_its_band() -> None:
    def through(hertz: float) -> float:
        time = np.arange(32_000) / 16_000
        tone = Audio((0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32), 16_000)
        made = Telephone()(tone, rng())
        return float(10 * np.log10(power(made.samples[4000:-4000]) / power(tone.samples) + 1e-12))

    assert [through(hertz) for hertz in (400, 1000, 3200)] == pytest.approx([0, 0, 0], abs=0.5)
    assert all(through(hertz) < -30 for hertz in (100, 200, 3600, 5000))


@pytest.mark.parametrize("name", ["mp3", "opus", "amr"])
def test_a_codec_loses_something_and_keeps_the_speech(name: str, jfk: Audio) -> None:
    clip = jfk.slice(0, 3)
    made = Codec(name)(clip, rng())
    assert 0.7 < np.corrcoef(clip.samples, made.samples)[0, 1] < 0.9999


def test_speed_moves_pitch_and_length(tone: Audio) -> None:
    for factor in (0.9, 1.1):
        made = Speed(factor)(tone, rng())
        assert len(made) == round(len(tone) / factor)
        hertz = np.abs(np.fft.rfft(made.samples)).argmax() / made.duration
        assert hertz == pytest.approx(440 * factor, abs=1)
    assert Speed(1.0)(tone, rng()) is tone
    lengths = {len(Speed((0.9, 1.1))(tone, np.random.default_rng(seed))) for seed in range(8)}
    assert len(lengths) > 3 and lengths <= {round(len(tone) / (half / 200)) for half in range(180, 221)}


def test_gain_is_in_decibels_and_stops_at_full_scale(tone: Audio) -> None:
    quiet, loud = Gain(-20)(tone, rng()), Gain(30)(tone, rng())
    assert power(quiet.samples) == pytest.approx(power(tone.samples) / 100, rel=1e-3)
    assert np.abs(loud.samples).max() == 1.0
    assert np.corrcoef(loud.samples, tone.samples)[0, 1] == pytest.approx(1)


def test_clipping_keeps_the_peak_and_flattens_the_top(tone: Audio) -> None:
    made = Clipping(12)(tone, rng())
    peak = np.abs(tone.samples).max()
    assert np.abs(made.samples).max() == pytest.approx(peak)
    assert (np.abs(made.samples) > 0.999 * peak).mean() > 0.7
    assert np.array_equal(Clipping(0)(tone, rng()).samples, tone.samples)


def test_silence_comes_first(tone: Audio) -> None:
    made = LeadingSilence(0.5)(tone, rng())
    assert not made.samples[:8000].any()
    assert np.array_equal(made.samples[8000:], tone.samples)


def test_sometimes(tone: Audio) -> None:
    some = Augment((Sometimes(Gain(-6), 0.3),), seed=3)
    changed = [not np.array_equal(some(tone, str(key)).samples, tone.samples) for key in range(300)]
    assert np.mean(changed) == pytest.approx(0.3, abs=0.08)


def test_a_transform_of_another_library_is_seeded_and_leaves_the_shared_generators_alone(tone: Audio) -> None:
    def transform(samples: Any, sample_rate: int) -> Any:
        assert sample_rate == 16_000
        return samples * random.random() * np.random.random()

    random.seed(5)
    wanted = random.random()
    random.seed(5)
    augment = Augment((Library(transform),))
    first = augment(tone, "a")
    assert random.random() == wanted
    assert np.array_equal(first.samples, augment(tone, "a").samples)
    assert not np.array_equal(first.samples, augment(tone, "b").samples)


@given(st.integers(1, 80), st.integers(1, 400), st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_spec_augment_hides_no_more_than_it_may(bands: int, frames: int, seed: int) -> None:
    features = rng(1).standard_normal((bands, frames)).astype(np.float32)
    masked = SpecAugment(bands=1, width=20, times=1, length=50, share=0.2)(features, rng(seed))
    changed = masked != features
    rows, columns = changed.all(axis=1).sum(), changed.all(axis=0).sum()
    assert masked.shape == features.shape
    assert rows <= min(20, bands)
    assert columns <= min(50, int(0.2 * frames)) or rows == bands
    assert np.array_equal(masked, SpecAugment(1, 20, 1, 50, 0.2)(features, rng(seed)))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nose:10", "no augmentation 'nose'. Did you mean noise?"),
        ("noise:loud", "'noise:loud' is not an augmentation"),
        ("noise:20-5", "runs backwards"),
        ("noise:10:blue", "no noise 'blue'"),
        ("telephone:8", "too many parts"),
        ("codec:mp4", "no codec 'mp4'. Did you mean mp3?"),
        ("codec:opus:900", "opus takes 6 to 128 kbit/s"),
        ("speed:9", "0.25 to 4"),
        ("speed:0", "0.25 to 4"),
        ("clipping:-3", "0 or more"),
        ("silence:-1", "0 seconds or more"),
        ("room:0", "above 0 seconds"),
    ],
)
def test_what_is_not_known_is_refused(spec: str, message: str) -> None:
    with pytest.raises(OptionError, match=message.replace("(", r"\(")):
        step(spec)


def test_sounds_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="Name a sound file"):
        Sounds.of([tmp_path / "none"])
    with pytest.raises(OptionError, match="no sounds in"):
        Sounds.of([tmp_path])
    write(tmp_path / "silent.wav", np.zeros(800, np.float32), 8000)
    with pytest.raises(OptionError, match="silent"):
        Noise(10, Sounds.of([tmp_path]))(speech(), rng())
