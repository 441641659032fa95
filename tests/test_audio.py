from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audio_files import CODECS, LOSSLESS, level, pitch, tone, wav_bytes, write
from auricle import audio as audio_module
from auricle.audio import Audio, AudioStream, channels, fingerprint, open_audio
from auricle.audio.clock import LONGEST, Clock, clock_time
from auricle.audio.resample import Resampler, resample
from auricle.errors import AudioError, MissingFileError, OptionError, OutputError

RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000)


def read(source, **options) -> tuple[Audio, list[str]]:
    with open_audio(source, **options) as stream:
        return stream.read(), stream.warnings


# ── Audio: the value ──────────────────────────────────────────────────────────────────────────


def test_audio_has_duration_and_length():
    sound = Audio(tone(seconds=1.5, rate=16000), 16000)
    assert (sound.duration, len(sound), sound.start) == (1.5, 24000, 0.0)


def test_slice_is_clamped_and_keeps_its_place():
    sound = Audio(np.arange(16000, dtype=np.float32) / 16000, 16000, start=10.0)
    part = sound.slice(0.25, 0.75)
    assert (part.start, part.duration) == (10.25, 0.5)
    assert part.samples[0] == sound.samples[4000]
    assert part.slice(0.1).start == pytest.approx(10.35)
    assert sound.slice(-5, 99).duration == 1.0
    assert len(sound.slice(3, 4)) == 0 and sound.slice(3, 4).start == 11.0
    assert len(sound.slice(0.5, 0.2)) == 0


def test_audio_is_frozen():
    with pytest.raises(AttributeError):
        Audio.silence(1).rate = 8000  # type: ignore[misc]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused_with_count_and_place(bad):
    samples = np.zeros(16000, np.float32)
    samples[[8000, 9000]] = bad
    with pytest.raises(AudioError, match=r"2 of 16000 samples .* first at 0\.500 s.*nan_to_num"):
        Audio(samples, 16000)


def test_huge_finite_samples_are_finite():
    assert len(Audio(np.full(10, 3e38, np.float32), 16000)) == 10


@pytest.mark.parametrize("array", [np.zeros(4), [0.0, 1.0], np.zeros(4, np.int16)])
def test_audio_wants_float32(array):
    with pytest.raises(AudioError, match=r"float32.*Audio\.of"):
        Audio(array, 16000)


@pytest.mark.parametrize("rate", [0, -1, 16000.5, "16000", True, None, 10**9])
def test_a_rate_is_a_whole_number_of_hertz(rate):
    with pytest.raises(OptionError, match="a sample rate is"):
        Audio(np.zeros(4, np.float32), rate)


@pytest.mark.parametrize(("dtype", "scale"), [("int8", 2**7), ("int16", 2**15), ("int32", 2**31)])
def test_of_scales_integers(dtype, scale):
    values = np.array([0, scale // 2, -scale], dtype)
    assert Audio.of(values, 16000).samples.tolist() == [0.0, 0.5, -1.0]


@pytest.mark.parametrize("values", [[0.5, -0.5], np.array([0.5, -0.5]), np.array([0.5, -0.5], np.float16)])
def test_of_takes_floats(values):
    sound = Audio.of(values, 16000, start=3)
    assert sound.samples.dtype == np.float32 and sound.samples.tolist() == [0.5, -0.5] and sound.start == 3


@pytest.mark.parametrize("dtype", ["int64", "uint8", "uint16", "bool", "complex64"])
def test_of_refuses_types_without_a_scale(dtype):
    with pytest.raises(AudioError, match=f"{dtype} have no agreed scale"):
        Audio.of(np.zeros(4, dtype), 16000)


@pytest.mark.parametrize(
    ("shape", "rule"),
    [((2, 100), "mean.axis=0.*array.0. for"), ((100, 2), r"mean.axis=1.*array.:, 0."), ((1, 100), "axis=0")],
)
def test_of_refuses_two_axes_and_names_the_axis_of_the_channels(shape, rule):
    with pytest.raises(AudioError, match=rule):
        Audio.of(np.zeros(shape), 16000)


def test_of_refuses_three_axes_and_integers_written_as_floats():
    with pytest.raises(AudioError, match="one axis"):
        Audio.of(np.zeros((2, 2, 2)), 16000)
    with pytest.raises(AudioError, match=r"reach 20000.*Divide by 32768"):
        Audio.of(np.array([20000.0]), 16000)
    with pytest.raises(AudioError, match="NaN or infinite"):
        Audio.of(np.array([1e300]), 16000)


def test_silence():
    assert Audio.silence(0.5, 8000).samples.tolist() == [0.0] * 4000
    assert len(Audio.silence(-1)) == 0


# ── resampling ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("source", RATES)
@pytest.mark.parametrize("target", [8000, 16000, 44100])
def test_resampled_length_pitch_and_level(source, target):
    samples = tone(1000, 0.6, source)
    result = resample(samples, source, target)
    assert len(result) == round(0.6 * target)
    assert level(result, 1000, target) == pytest.approx(0.5, rel=0.002)


@pytest.mark.parametrize("source", [48000, 44100, 22050])
@pytest.mark.parametrize("part", [1.005, 1.03, 1.2, 1.35])
def test_tones_above_the_new_nyquist_are_gone(source, part):
    samples = tone(8000 * part, 1.0, source, peak=1.0)
    middle = resample(samples, source, 16000)[2000:-2000]
    assert np.sqrt(2 * np.mean(middle**2)) < 1e-3  # 60 dB


@pytest.mark.parametrize("frequency", [50, 1000, 4000, 7000, 7450])
def test_the_pass_band_is_flat(frequency):
    result = resample(tone(frequency, 1.0, 48000), 48000, 16000)
    assert 20 * np.log10(level(result, frequency, 16000) / 0.5) == pytest.approx(0, abs=0.1)


def test_resampling_does_not_shift_in_time():
    samples = np.zeros(48000, np.float32)
    samples[24000] = 1
    assert int(np.argmax(resample(samples, 48000, 16000))) == 8000


@pytest.mark.parametrize("size", [0, 1, 2, 3, 10, 100, 441, 1000])
def test_short_sounds_resample_to_exact_lengths(size):
    for source, target in ((48000, 16000), (44100, 16000), (8000, 16000)):
        result = resample(np.full(size, 0.5, np.float32), source, target)
        assert len(result) == (2 * size * target + source) // (2 * source)
        assert np.isfinite(result).all()


@pytest.mark.parametrize("piece", [1, 7, 1000, 65537])
def test_resampling_in_pieces_is_the_same(piece):
    samples = np.random.default_rng(1).standard_normal(5000 if piece < 1000 else 150_000).astype(np.float32)
    resampler = Resampler(44100, 16000)
    parts = [resampler.push(samples[i : i + piece]) for i in range(0, len(samples), piece)]
    assert np.array_equal(np.concatenate([*parts, resampler.flush()]), resample(samples, 44100, 16000))


def test_audio_resample_keeps_the_start():
    sound = Audio(tone(seconds=0.5, rate=8000), 8000, start=2.0)
    assert sound.resample(8000) is sound
    assert (sound.resample(16000).start, sound.resample(16000).duration) == (2.0, 0.5)
    with pytest.raises(OptionError):
        sound.resample(0)


# ── formats ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", CODECS)
def test_every_format_keeps_pitch_level_and_length(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", tone(seconds=1.5))
    with open_audio(path) as stream:
        sound = stream.read()
        info = stream.info
    assert pitch(sound.samples, 16000) == pytest.approx(440, abs=1)
    assert level(sound.samples, 440, 16000) == pytest.approx(0.5, rel=0.06)  # LAME scales by 0.95
    assert len(sound) == 24000
    assert (info.rate, info.channels, info.layout, info.tracks) == (48000, 1, "mono", 1)
    assert info.duration == pytest.approx(1.5, abs=0.03)
    assert info.size == path.stat().st_size and info.name == str(path)
    assert stream.warnings == []


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_files_come_back_sample_for_sample(tmp_path, suffix):
    data = tone(seconds=0.7, rate=16000)
    sound = Audio.load(write(tmp_path / f"a.{suffix}", data, rate=16000))
    assert len(sound) == len(data)
    assert np.abs(sound.samples - data).max() <= 1.01 / 32768


@pytest.mark.parametrize("rate", RATES)
def test_every_rate_gives_the_exact_length(tmp_path, rate):
    sound = Audio.load(write(tmp_path / "a.wav", tone(seconds=0.72, rate=rate), rate=rate))
    assert len(sound) == 11520 and level(sound.samples, 440, 16000) == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize(
    ("codec", "error"),
    [
        ("pcm_u8", 0.008),
        ("pcm_s16le", 4e-5),
        ("pcm_s24le", 2e-7),
        ("pcm_s32le", 1e-7),
        ("pcm_s64le", 1e-7),
        ("pcm_f32le", 0),
        ("pcm_f64le", 1e-7),
        ("pcm_alaw", 0.02),
        ("pcm_mulaw", 0.02),
    ],
)
def test_every_sample_type_has_full_scale_at_one(tmp_path, codec, error):
    data = tone(seconds=0.2, rate=16000, peak=0.9)
    sound = Audio.load(write(tmp_path / "a.wav", data, rate=16000, codec=codec))
    assert np.abs(sound.samples - data).max() <= error


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm"])
@pytest.mark.parametrize("video_first", [True, False])
def test_the_sound_of_a_video(tmp_path, suffix, video_first):
    path = write(tmp_path / f"v.{suffix}", tone(), video=1.0, video_first=video_first)
    sound, warnings = read(path)
    assert len(sound) == 16000 and pitch(sound.samples, 16000) == pytest.approx(440, abs=2) and not warnings


def test_cover_art_is_no_matter(tmp_path):
    sound, warnings = read(write(tmp_path / "a.mkv", tone(), video=0.1))
    assert sound.duration == 1.0 and warnings == []


def test_tags_in_another_encoding_are_no_matter():
    plain = wav_bytes(bytes(3200), 16000)
    tags = (
        b"LIST" + (16).to_bytes(4, "little") + b"INFOIART" + (4).to_bytes(4, "little") + b"\xe9\xff\xfe\x00"
    )
    data = plain[:12] + tags + plain[12:]
    data = data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]
    assert read(data)[0].duration == pytest.approx(0.1)


def test_several_tracks_use_the_default_and_say_so(tmp_path):
    path = write(tmp_path / "a.mkv", tone(), tracks=3)
    sound, warnings = read(path)
    assert sound.duration == 1.0 and "3 audio tracks" in warnings[0] and "track=" in warnings[0]
    assert read(path, track=2)[0].duration == 1.0
    with pytest.raises(OptionError, match=r"no track 3 .* it has 3"):
        open_audio(path, track=3)
    with pytest.raises(OptionError):
        open_audio(path, track=-1)


# ── channels ──────────────────────────────────────────────────────────────────────────────────


def test_mix_is_the_mean_and_each_channel_can_be_had(tmp_path):
    path = write(tmp_path / "a.wav", np.stack([tone(440), tone(1000)]))
    mix = Audio.load(path).samples
    assert level(mix, 440, 16000) == pytest.approx(0.25, rel=0.01)
    assert level(mix, 1000, 16000) == pytest.approx(0.25, rel=0.01)
    for channel, frequency in (("left", 440), ("right", 1000), ("0", 440), ("1", 1000), (0, 440), (1, 1000)):
        one = Audio.load(path, channel=channel).samples
        assert level(one, frequency, 16000) == pytest.approx(0.5, rel=0.01)
        assert level(one, 1440 - frequency, 16000) < 1e-3


@pytest.mark.parametrize("suffix", ["flac", "mp3", "m4a", "opus", "webm"])
def test_planar_and_packed_stereo_agree(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", np.stack([tone(440), tone(1000)]))
    assert level(Audio.load(path, channel="left").samples, 440, 16000) == pytest.approx(0.5, rel=0.08)
    assert level(Audio.load(path, channel="right").samples, 440, 16000) < 0.02
    assert level(Audio.load(path).samples, 1000, 16000) == pytest.approx(0.25, rel=0.08)


@pytest.mark.parametrize(("count", "codec"), [(6, "flac"), (6, "aac"), (8, "flac"), (8, "aac")])
def test_surround_mixes_all_but_the_subwoofer(tmp_path, count, codec):
    data = np.stack([tone(400 + 200 * i) for i in range(count)])
    path = write(tmp_path / "a.mkv", data, codec=codec)
    mix = Audio.load(path).samples
    heard = [level(mix, 400 + 200 * i, 16000) for i in range(count)]
    assert heard[3] < 0.01  # LFE
    assert np.delete(heard, 3) == pytest.approx(0.5 / (count - 1), rel=0.05)
    assert level(Audio.load(path, channel=3).samples, 1000, 16000) > (0.4 if codec != "aac" else 0)


def test_32_channels_without_a_layout(tmp_path):
    data = np.stack([tone(200 + 100 * i, 0.5) for i in range(32)])
    pcm = (data.T * 32767).astype("<i2").tobytes()
    path = tmp_path / "many.wav"
    path.write_bytes(wav_bytes(pcm, 48000, channels=32))
    assert channels(path) == 32
    assert level(Audio.load(path).samples, 700, 16000) == pytest.approx(0.5 / 32, rel=0.02)
    assert level(Audio.load(path, channel=31).samples, 3300, 16000) == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize(("count", "channel"), [(1, "right"), (2, "2"), (2, 7), (1, 1)])
def test_a_channel_that_is_not_there(tmp_path, count, channel):
    path = write(tmp_path / "a.wav", np.stack([tone()] * count))
    with pytest.raises(OptionError, match=rf"no channel \d .* it has {count} channel"):
        Audio.load(path, channel=channel)


@pytest.mark.parametrize("channel", ["middle", "", -1, "-1", 1.5, None, True, "lefty"])
def test_a_channel_that_is_none(tmp_path, channel):
    with pytest.raises(OptionError, match="channel"):
        open_audio(write(tmp_path / "a.wav", tone()), channel=channel)


def test_channels_counts(tmp_path):
    assert channels(write(tmp_path / "a.wav", tone())) == 1
    assert channels(write(tmp_path / "b.wav", np.stack([tone()] * 2))) == 2


@pytest.mark.parametrize("suffix", ["wav", "opus", "mp3"])
def test_channels_that_cancel_each_other_do_not_give_silence(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", np.stack([tone(), -tone()]))
    sound, warnings = read(path)
    assert level(sound.samples, 440, 16000) == pytest.approx(0.5, rel=0.08)
    assert len(warnings) == 1 and "cancel each other" in warnings[0]


@pytest.mark.parametrize("right", [0.0, 1.0, -0.9])
def test_other_stereo_is_mixed_without_a_warning(tmp_path, right):
    sound, warnings = read(write(tmp_path / "a.wav", np.stack([tone(), right * tone()])))
    assert level(sound.samples, 440, 16000) == pytest.approx(0.25 * (1 + right), rel=0.01) and not warnings


# ── streams ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", ["wav", "mp3", "opus", "m4a"])
@pytest.mark.parametrize("block", [0.1, 0.37, 1.0, 30.0])
def test_blocks_do_not_change_a_sample(tmp_path, suffix, block):
    data = np.random.default_rng(3).uniform(-0.5, 0.5, (2, 44100 * 3)).astype(np.float32)
    rate = 48000 if suffix == "opus" else 44100
    path = write(tmp_path / f"a.{suffix}", data, rate=rate)
    whole = Audio.load(path)
    with open_audio(path, block=block) as stream:
        blocks = list(stream)
        assert stream.position == whole.duration
    assert np.array_equal(np.concatenate([one.samples for one in blocks]), whole.samples)
    size = round(block * 16000)
    assert [len(one) for one in blocks[:-1]] == [size] * (len(blocks) - 1) and 0 < len(blocks[-1]) <= size
    assert [one.start for one in blocks] == pytest.approx([i * size / 16000 for i in range(len(blocks))])


def test_position_and_the_rest_of_a_stream(tmp_path):
    with open_audio(write(tmp_path / "a.wav", tone(seconds=3)), block=1.0) as stream:
        assert stream.position == 0.0
        next(iter(stream))
        assert stream.position == 1.0
        rest = stream.read()
        assert (rest.start, rest.duration) == (1.0, 2.0)
        assert len(stream.read()) == 0


def test_a_stream_can_be_left_half_read_and_closed_twice(tmp_path):
    with open_audio(write(tmp_path / "a.mp3", tone(seconds=3)), block=0.5) as stream:
        next(iter(stream))
    stream.close()
    assert list(stream) == []


@pytest.mark.parametrize("block", [0, -1, float("nan"), 1e-9])
def test_a_block_has_a_length(tmp_path, block):
    with pytest.raises(OptionError, match="block"):
        open_audio(write(tmp_path / "a.wav", tone()), block=block)


def test_public_names():
    assert sorted(audio_module.__all__) == [
        "Audio", "AudioInfo", "AudioStream", "Readable", "channels", "fingerprint", "open_audio",
    ]  # fmt: skip
    assert issubclass(AudioStream, object)


# ── sources ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", ["wav", "m4a", "opus"])
def test_bytes_and_open_files(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", tone())
    whole = Audio.load(path).samples
    assert np.array_equal(Audio.load(path.read_bytes()).samples, whole)
    with path.open("rb") as file:
        file.seek(100)
        assert np.array_equal(Audio.load(file).samples, whole)
        assert not file.closed
    assert np.array_equal(Audio.load(str(path)).samples, whole)


def test_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(tmp_path / "a.wav", tone())
    assert Audio.load("~/a.wav").duration == 1.0


class Pipe(io.RawIOBase):
    """Bytes that cannot be sought in, and that may break."""

    def __init__(self, data: bytes, breaks: bool = False) -> None:
        self.data, self.breaks = io.BytesIO(data), breaks

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        got = self.data.readinto(buffer)
        if not got and self.breaks:
            raise OSError(5, "Input/output error")
        return got


class Stdin:
    def __init__(self, raw, tty: bool = False) -> None:
        self.buffer, self.tty = io.BufferedReader(raw), tty

    def isatty(self) -> bool:
        return self.tty


@pytest.fixture
def spool(tmp_path, monkeypatch):
    """An empty folder for temporary files, which must be empty afterwards."""
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("suffix", ["wav", "mp4", "opus"])
def test_standard_input(tmp_path, monkeypatch, spool, suffix):
    data = write(tmp_path / f"a.{suffix}", tone()).read_bytes()
    monkeypatch.setattr(sys, "stdin", Stdin(Pipe(data)))
    with open_audio("-") as stream:
        assert stream.info.name == "standard input"
        next(iter(stream))
        assert stream.position == 1.0
        assert stream.fingerprint() == hashlib.sha256(data).hexdigest()


def test_standard_input_that_breaks_leaves_no_file(tmp_path, monkeypatch, spool):
    monkeypatch.setattr(sys, "stdin", Stdin(Pipe(b"RIFF" * 1000, breaks=True)))
    with pytest.raises(AudioError, match="standard input cannot be read: Input/output error"):
        open_audio("-")


def test_standard_input_with_nothing_in_it(monkeypatch, spool):
    monkeypatch.setattr(sys, "stdin", Stdin(Pipe(b"")))
    with pytest.raises(AudioError, match="empty"):
        open_audio("-")
    monkeypatch.setattr(sys, "stdin", Stdin(Pipe(b""), tty=True))
    with pytest.raises(AudioError, match="nothing comes in"):
        open_audio("-")


def test_no_room_for_the_copy(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(OutputError, match=r"no temporary copy.*TMPDIR"):
        Audio.load(io.BufferedReader(Pipe(b"RIFF" * 1000)))


def test_a_file_object_that_cannot_seek_is_spooled(tmp_path, spool):
    data = write(tmp_path / "a.mp4", tone()).read_bytes()
    assert Audio.load(io.BufferedReader(Pipe(data))).duration == 1.0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe(tmp_path, spool):
    data = write(tmp_path / "a.wav", tone()).read_bytes()
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["sh", "-c", f"cat {tmp_path}/a.wav > {tmp_path}/pipe"]):
        assert Audio.load(tmp_path / "pipe").duration == 1.0
    assert len(data) > 0


@pytest.mark.parametrize("source", [None, 5, ["a.wav"], object()])
def test_what_is_no_source(source):
    with pytest.raises(OptionError, match="path, bytes or an open file"):
        open_audio(source)


def test_an_open_text_file(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    with (tmp_path / "a.txt").open() as file, pytest.raises(OptionError, match="'rb'"):
        open_audio(file)
    with pytest.raises(OptionError, match="'rb'"):
        open_audio(io.StringIO("hello"))


@pytest.mark.parametrize(
    "name",
    ["with space.wav", "größe 日本語 🎙.wav", "take%d.wav", "take%03d.wav", "back\\slash.wav",
     "a;b|c'\"$(x).wav", "concat:a.wav", "-dash.wav", "file:x.wav", "[x]*?.wav", "noextension", "talk.txt",
     "x.m3u8", "x.jpg"],
)  # fmt: skip
def test_names_are_only_names(tmp_path, monkeypatch, name):
    if os.name == "nt" and set(name) & set('\\|:*?"'):
        pytest.skip("not a name on Windows")
    write(tmp_path / "plain.wav", tone()).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert Audio.load(tmp_path / name).duration == Audio.load(name).duration == 1.0


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/a.wav", "https://x/y.mp3", "rtsp://x", "s3://b/k.wav"]
)
def test_addresses_are_not_opened(address, monkeypatch):
    monkeypatch.setattr("socket.socket", None)
    with pytest.raises(AudioError, match="Download it first"):
        open_audio(address)


@pytest.mark.parametrize(
    "name", ["concat:a.wav|b.wav", "subfile,,start,0,end,9,,:a.wav", "data:audio/wav;base64,AA", "pipe:0"]
)
def test_protocols_are_not_opened(tmp_path, monkeypatch, name):
    write(tmp_path / "a.wav", tone())
    monkeypatch.chdir(tmp_path)
    with pytest.raises((AudioError, MissingFileError)):
        open_audio(name)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
)
def test_playlists_open_nothing_else(tmp_path, monkeypatch, text):
    write(tmp_path / "secret.wav", tone())
    monkeypatch.chdir(tmp_path)
    for target in ("secret.wav", str(tmp_path / "secret.wav"), f"file://{tmp_path}/secret.wav"):
        for suffix in ("m3u8", "wav", "ffconcat", "sdp"):
            path = tmp_path / f"list.{suffix}"
            path.write_text(text.format(target))
            with pytest.raises(AudioError, match="holds text"):
                open_audio(path)


def test_fingerprint(tmp_path):
    path = write(tmp_path / "a.wav", tone())
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert fingerprint(path) == fingerprint(path.read_bytes()) == expected
    with open_audio(path, block=0.25) as stream:
        first = next(iter(stream))
        assert stream.fingerprint() == expected
        assert first.duration + stream.read().duration == 1.0
    with pytest.raises(OptionError, match="once only"):
        fingerprint("-")


# ── errors ────────────────────────────────────────────────────────────────────────────────────


def test_a_missing_file_names_its_nearest(tmp_path):
    write(tmp_path / "interview.wav", tone())
    with pytest.raises(MissingFileError, match=r"Did you mean interview\.wav\?"):
        open_audio(tmp_path / "intervew.wav")
    with pytest.raises(MissingFileError, match="Check the name"):
        open_audio(tmp_path / "zzzzzzzzz")
    with pytest.raises(MissingFileError, match="nor the folder"):
        open_audio(tmp_path / "none" / "a.wav")
    with pytest.raises(FileNotFoundError):
        open_audio(tmp_path / "interview.wav" / "a.wav")
    with pytest.raises(MissingFileError):
        fingerprint(tmp_path / "none.wav")
    with pytest.raises(MissingFileError):
        open_audio("a\0b.wav")


def test_a_folder_an_empty_file_and_text(tmp_path):
    with pytest.raises(AudioError, match=r"is a folder\. Name a file in it"):
        open_audio(tmp_path)
    (tmp_path / "empty.wav").touch()
    with pytest.raises(AudioError, match=r"empty\.wav is empty \(0 bytes\)"):
        open_audio(tmp_path / "empty.wav")
    for suffix in ("wav", "mp3", "txt", "srt", "json"):
        path = tmp_path / f"text.{suffix}"
        path.write_text("Dies ist Text, kein Ton: äöü 日本語.\n" * 50)
        with pytest.raises(AudioError, match="holds text, not sound"):
            open_audio(path)


def test_random_bytes_and_other_files(tmp_path):
    path = tmp_path / "noise.wav"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(AudioError, match="not a sound or video file"):
        open_audio(path)
    with pytest.raises(AudioError):
        open_audio(b"PK\x03\x04" + bytes(500))
    with pytest.raises(AudioError):
        open_audio(b"\x89PNG\r\n\x1a\n" + bytes(500))


def test_a_device(tmp_path):
    with pytest.raises(AudioError, match="device"):
        open_audio("/dev/null" if os.name == "posix" else "NUL")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_no_permission(tmp_path):
    path = write(tmp_path / "a.wav", tone())
    path.chmod(0)
    with pytest.raises(AudioError, match="Permission denied"):
        open_audio(path)


def test_no_permission_whoever_asks(tmp_path, monkeypatch):
    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path / "a.wav", tone())
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AudioError, match=r"a\.wav cannot be read: Permission denied"):
        open_audio(path)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_video_without_sound(tmp_path, suffix):
    import av

    path = tmp_path / f"mute.{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        container.mux(stream.encode(None))
    with pytest.raises(AudioError, match="a video without an audio track"):
        open_audio(path)


def test_a_file_with_no_samples():
    with pytest.raises(AudioError, match="decodes to 0 samples"):
        Audio.load(wav_bytes(b"", 16000))
    with open_audio(wav_bytes(b"", 16000)) as stream, pytest.raises(AudioError, match="0 samples"):
        list(stream)


def test_nan_in_a_file_becomes_silence_and_is_said(tmp_path):
    data = tone(seconds=3, rate=16000)
    data[24000:24010] = np.nan
    data[32000] = np.inf
    data[32001] = 1e20
    source = wav_bytes(data.astype("<f4").tobytes(), 16000, bits=32, kind=3)
    sound, warnings = read(source)
    assert sound.samples[24000:24010].tolist() == [0.0] * 10
    assert np.array_equal(sound.samples[:24000], data[:24000])
    assert warnings == [
        "12 samples that are no sound (NaN, infinite or absurd) were made silent, the first at 00:01.5"
    ]
    assert np.isfinite(read(source, rate=8000)[0].samples).all()


def test_nan_in_one_channel_does_not_harm_the_other():
    data = np.stack([tone(rate=16000), np.full(16000, np.nan, np.float32)], axis=1)
    sound, warnings = read(wav_bytes(data.astype("<f4").tobytes(), 16000, channels=2, bits=32, kind=3))
    assert level(sound.samples, 440, 16000) == pytest.approx(0.25, rel=0.01)
    assert "16000 samples" in warnings[0]


@pytest.mark.parametrize("bits", [32, 64])
def test_a_file_of_nan_alone_is_an_error(bits):
    data = np.full(16000, np.nan, f"<f{bits // 8}").tobytes()
    with pytest.raises(AudioError, match=r"all samples .* are NaN"):
        Audio.load(wav_bytes(data, 16000, bits=bits, kind=3))


def test_integers_written_as_floats_are_said():
    data = (tone(rate=16000) * 32768).astype("<f4").tobytes()
    _, warnings = read(wav_bytes(data, 16000, bits=32, kind=3))
    assert len(warnings) == 1 and "reach 16384 where 1 is full scale" in warnings[0]


# ── damage ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "opus", "webm", "mkv", "aiff"])
def test_a_file_cut_short_gives_its_beginning_and_says_where_it_ends(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", tone(seconds=6))
    whole = Audio.load(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    sound, warnings = read(path)
    assert 2.0 < sound.duration < 4.0
    keep = len(sound) - 1600
    assert np.abs(sound.samples[:keep] - whole.samples[:keep]).max() < 1e-3
    assert len(warnings) == 1 and f"breaks off at {clock_time(sound.duration)}" in warnings[0]
    if suffix not in ("ogg", "opus"):
        assert "s of the stated 6.0 s could not be read" in warnings[0]


@pytest.mark.parametrize("suffix", ["m4a", "mp4", "mov"])
def test_an_mp4_without_its_index(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", tone(seconds=2))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(AudioError, match="no index"):
        open_audio(path)


def test_damaged_packets_are_skipped_counted_and_filled(tmp_path):
    path = write(tmp_path / "a.m4a", tone(seconds=6))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 10] = bytes(len(data) // 10)
    path.write_bytes(data)
    sound, warnings = read(path)
    assert sound.duration == pytest.approx(6.0, abs=0.01)
    assert level(sound.samples[:16000], 440, 16000) == pytest.approx(0.5, rel=0.05)
    assert level(sound.samples[-16000:], 440, 16000) == pytest.approx(0.5, rel=0.05)
    assert "damaged packets were skipped, the first at 00:0" in warnings[0]


def test_a_file_damaged_all_over_says_so(tmp_path):
    for suffix in ("ogg", "mp3"):
        path = write(tmp_path / f"a.{suffix}", tone(seconds=20))
        data = bytearray(path.read_bytes())
        for place in np.random.default_rng(1).integers(len(data) // 4, len(data) - 999, 100):
            data[place] ^= 255
        sound, warnings = read(bytes(data))
        assert sound.duration > 4 and np.abs(sound.samples).max() < 10
        assert (
            "skipped" if suffix == "mp3" else "15.0 s of the stated 20.0 s could not be read"
        ) in warnings[0]


def test_a_wav_header_cannot_reserve_memory():
    data = bytearray(wav_bytes(bytes(3200), 16000))
    data[36:40] = b"LIST"
    data[40:44] = (0x7F000000).to_bytes(4, "little")
    with pytest.raises(AudioError, match="damaged WAV header"):
        open_audio(bytes(data))


def test_a_wav_is_opened_by_its_header_alone():
    file = io.BytesIO(wav_bytes(bytes(2 * 16000 * 60), 16000))
    sizes = []
    plain = file.read
    file.read = lambda size=-1: sizes.append(len(data := plain(size))) or data
    with open_audio(file) as stream:
        assert stream.info.duration == 60.0
    assert sum(sizes) < 300_000  # of 1.9 million; FFmpeg wanted five seconds of it as well


def test_a_stream_without_a_stated_length(tmp_path):
    import av

    with av.open(str(tmp_path / "live.webm"), "w", options={"live": "1"}) as container:
        stream = container.add_stream("libopus", rate=48000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(tone(seconds=0.02)[None], "flt", "mono")
        frame.sample_rate = 48000
        for i in range(50):
            frame.pts = 960 * i
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with open_audio(tmp_path / "live.webm") as opened:
        assert opened.info.duration is None
        assert opened.read().duration == pytest.approx(1.0, abs=0.05) and opened.warnings == []


def test_a_wav_written_to_a_pipe_states_no_length():
    data = bytearray(wav_bytes(bytes(32000), 16000))
    for size in (b"\xff\xff\xff\xff", b"\0\0\0\0"):
        data[4:8] = data[40:44] = size
        sound, warnings = read(bytes(data))
        assert sound.duration == 1.0 and warnings == []


def test_a_disk_that_fails_half_way(tmp_path):
    class Failing(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 300_000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    data = write(tmp_path / "a.wav", tone(seconds=6)).read_bytes()
    with open_audio(Failing(data)) as stream:
        sound, warnings = stream.read(), stream.warnings
    assert 2.0 < sound.duration < 4.0 and "breaks off at" in warnings[-1]


def test_format_changes_in_the_middle(tmp_path):
    first = write(tmp_path / "a.mp3", np.stack([tone(seconds=2, rate=44100)] * 2), rate=44100).read_bytes()
    second = write(tmp_path / "b.mp3", tone(seconds=2, rate=22050), rate=22050).read_bytes()
    sound, warnings = read(first + second)
    assert sound.duration == pytest.approx(4.0, abs=0.3)
    assert level(sound.samples[4000:28000], 440, 16000) == pytest.approx(0.5, rel=0.1)
    assert level(sound.samples[-24000:-4000], 440, 16000) == pytest.approx(0.5, rel=0.1)
    assert any("number of channels changes" in one for one in warnings)


# ── the time axis ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm"])
def test_sound_that_starts_late_in_a_video(tmp_path, suffix):
    sound, warnings = read(write(tmp_path / f"v.{suffix}", tone(), video=3.0, start=1.5))
    onset = int(np.argmax(np.abs(sound.samples) > 0.1)) / 16000
    assert onset == pytest.approx(1.5, abs=0.03)
    assert sound.duration == pytest.approx(2.5, abs=0.03) and warnings == []


@pytest.mark.parametrize("suffix", ["m4a", "mkv"])
def test_sound_alone_starts_at_zero(tmp_path, suffix):
    sound, _ = read(write(tmp_path / f"v.{suffix}", tone(), start=1.5))
    assert int(np.argmax(np.abs(sound.samples) > 0.1)) / 16000 < 0.03


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm"])
def test_a_pause_in_the_stamps_is_filled(tmp_path, suffix):
    sound, warnings = read(write(tmp_path / f"v.{suffix}", tone(seconds=3), video=4.0, gap=(1.0, 0.7)))
    assert sound.duration == pytest.approx(3.7, abs=0.03)
    assert np.abs(sound.samples[round(1.1 * 16000) : round(1.6 * 16000)]).max() < 0.01
    assert level(sound.samples[round(1.8 * 16000) :], 440, 16000) == pytest.approx(0.5, rel=0.05)
    assert (
        len(warnings) == 1
        and "0.7 s without sound were filled with silence, the first at 00:01" in warnings[0]
    )


def test_the_clock_believes_confirmed_stamps_only():
    clock = Clock(end=20.0, position=5.0)
    assert clock.gap(7.0, following=0.0) == pytest.approx(2.0)
    assert clock.gap(9.0, following=-4.0) == 0.0 and clock.shift == 0.0  # one wrong stamp
    assert clock.gap(500.0, following=0.0) == 0.0  # beyond the stated end
    assert clock.ahead(500.0) == 0.0 and clock.refused == 2
    assert clock.gap(495.0, following=0.0) == 0.0 and clock.ahead(495.0) == 0.0  # back: nothing is lost


def test_the_clock_fills_a_bounded_time():
    clock = Clock()
    assert clock.gap(LONGEST - 1, None) == LONGEST - 1
    clock.position = LONGEST - 1
    assert clock.gap(LONGEST + 1, None) == 0.0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00.0"), (12.34, "00:12.3"), (59.97, "01:00.0"), (3723.4, "1:02:03.4")]
)
def test_clock_time(seconds, text):
    assert clock_time(seconds) == text


# ── cost ──────────────────────────────────────────────────────────────────────────────────────


def python(code: str, *arguments: object) -> str:
    environment = {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, check=True, env=environment, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_import_is_light():
    assert python("import auricle.audio, sys; print('av' in sys.modules)").strip() == "False"


PEAK = """
import sys
from pathlib import Path
from auricle.audio import open_audio
with open_audio(sys.argv[1]) as stream:
    total = sum(len(block) for block in stream)
print(total, Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is inherited from pytest, VmHWM is not")
def test_memory_does_not_grow_with_the_length(tmp_path):
    minute = np.random.default_rng(0).bytes(8000 * 60)
    peaks = []
    for minutes in (1, 60):
        path = tmp_path / f"{minutes}.wav"
        path.write_bytes(wav_bytes(minute * minutes, 8000, bits=8, kind=7))
        samples, peak = map(int, python(PEAK, path).split())
        assert samples == minutes * 60 * 16000
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 60 * 1024  # KiB


def test_nothing_is_printed_for_damaged_files(tmp_path):
    path = write(tmp_path / "a.mp3", tone(seconds=2))
    data = bytearray(path.read_bytes())
    data[3000:4000] = bytes(range(250)) * 4
    path.write_bytes(data)
    assert python("import sys; from auricle.audio import Audio; Audio.load(sys.argv[1])", path) == ""
