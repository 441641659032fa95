"""Whatever is wrong is one line with what to do, the right exit code, and nothing left behind."""

from __future__ import annotations

import functools
import http.server
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import FAKE, Command, Result, record, tree

from audio_files import tone, wav_bytes, write
from auricle.engines import ctranslate2
from auricle.formats import dumps
from auricle.transcript import Transcript


@pytest.fixture(autouse=True)
def _one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded model is loaded once for all of these."""
    monkeypatch.setattr(ctranslate2, "load", _load)


_load = functools.cache(ctranslate2.load)


def video_without_sound(path: Path) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def nan_samples(path: Path) -> None:
    path.write_bytes(wav_bytes(np.full(16000, np.nan, "<f4").tobytes(), 16000, bits=32, kind=3))


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty.wav": (lambda path: path.write_bytes(b""), "is empty (0 bytes)"),
    "text.wav": (lambda path: path.write_text("Dear diary, today\n" * 20), "holds text, not sound"),
    "silent.mp4": (video_without_sound, "silent.mp4"),
    "none.wav": (lambda path: path.write_bytes(wav_bytes(b"", 16000)), "0 samples"),
    "noise.mp3": (lambda path: path.write_bytes(bytes(range(256)) * 8), "is not a sound or video file"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_without_sound(name: str, auricle: Command, here: Path) -> None:
    make, said = FILES[name]
    make(here / name)
    before = tree(here)
    result = auricle("transcribe", *FAKE, name, "-o", "out")
    assert (result.code, result.out) == (1, "")
    assert said in result.complaint
    assert tree(here) == before


def test_nan_samples_are_told_and_silent(auricle: Command, here: Path) -> None:
    nan_samples(here / "nan.wav")
    result = auricle("transcribe", *FAKE, "--quiet", "nan.wav")
    assert "nan.wav" in result.err
    assert "Traceback" not in result.err
    assert result.code in (0, 1)


def test_a_clip_of_a_twentieth_of_a_second_works(auricle: Command, here: Path) -> None:
    write(here / "short.wav", tone(seconds=0.05), 48000)
    result = auricle("transcribe", "short.wav")
    assert (result.code, result.out) == (0, "")
    assert "warning" not in result.err


MISTAKES: list[tuple[str, int, str]] = [
    ("gone.wav", 1, "there is no file gone.wav"),
    ("tlak.wav", 1, "there is no file tlak.wav. Did you mean talk.wav?"),
    ("nowhere/talk.wav", 1, "nor the folder nowhere"),
    ("bare", 1, "there is no recording in bare"),
    ("http://example.org/talk.mp3", 1, "is an address"),
    (" ", 1, "the name of a recording is empty"),
    ("*.flac", 1, "there is no file *.flac"),
    ("talk.wav --model tiny.enn", 1, "there is no model 'tiny.enn'. Did you mean tiny.en"),
    ("talk.wav --model nobody/nothing", 1, "offline, and nobody/nothing"),
    ("talk.wav --model ./bare", 1, "bare holds no model"),
    ("talk.wav --engine ctranslate", 1, "there is no engine 'ctranslate'. Did you mean ctranslate2?"),
    ("talk.wav --format srtt", 2, "'srtt' is not known. Did you mean srt?"),
    ("talk.wav --format srt,jsn", 2, "'jsn' is not known. Did you mean json?"),
    ("talk.wav --modle x", 2, "No such option '--modle'. Did you mean"),
    ("talk.wav --device gpu", 2, "'gpu' is not known. Did you mean cpu?"),
    ("talk.wav --task sing", 2, "'sing' is not known. Known: transcribe, translate."),
    ("talk.wav --beam-size two", 2, "'two' is not a whole number"),
    ("talk.wav --pad nan", 2, "'nan' is not a finite number"),
    ("talk.wav --format", 2, "requires an argument"),
    ("", 2, "type: auricle transcribe --sample"),
    ("talk.wav --beam-size 0", 1, "--beam-size must be at least 1"),
    ("talk.wav --vad-threshold 2", 1, "--vad-threshold is a probability"),
    ("talk.wav --window 100", 1, "window can be 30 s at most"),
    ("talk.wav --batch-size 0", 1, "--batch-size must be at least 1"),
    ("talk.wav --threads -1", 1, "threads must be 0 (all cores) or more"),
    ("talk.wav --task translate", 1, "tiny.en cannot translate"),
    ("talk.wav --language de", 1, "does not know the language 'de'"),
    ("talk.wav --language Klingon", 1, "Klingon"),
    ("talk.wav --languages en,xx", 1, "xx"),
    ("talk.wav --prompt " + "word" * 400, 1, "tokens"),
    ("talk.wav --channel 7 --model fake", 1, "there is no channel 7"),
    ("talk.wav --channel middle --model fake", 1, "channel cannot be 'middle'"),
    ("talk.wav --format srt,json", 1, "2 formats cannot share stdout. Type: --output-dir ."),
    ("talk.wav other.wav --format json", 1, "several transcripts cannot share stdout as json"),
    ("talk.wav --overwrite", 1, "overwrite is for files"),
    ("talk.wav --keep-suffix", 1, "--keep-suffix is for files"),
    ("talk.wav --max-lines 1", 1, "--max-lines is for captions, and txt has none"),
    ("talk.wav --format srt --highlight-words", 1, "srt cannot highlight words"),
    ("talk.wav --format srt --max-lines 0", 1, "--max-lines cannot be 0"),
    ("- --channel each", 1, "standard input can be read once only"),
    ("talk.wav talk.mp3 -o out", 1, "would write the same file out/talk.txt. Type: --keep-suffix"),
    ("talk.wav sub/talk.wav -o out", 1, "another --output-dir"),
    ("talk.wav -o talk.wav", 1, "cannot write to talk.wav"),
    ("talk.wav -o talk.wav/below", 1, "cannot write to talk.wav/below"),
    ("talk.wav -o /proc/auricle", 1, "cannot write to /proc/auricle"),
    ("--replay gone.json", 1, "gone.json"),
    ("--replay bare.json", 1, "does not record how it was made"),
    ("--replay bare.json talk.wav other.wav", 2, "--replay is for one recording"),
]


@pytest.mark.parametrize(("typed", "code", "said"), MISTAKES, ids=[typed[:40] for typed, _, _ in MISTAKES])
def test_a_mistake_is_one_line(typed: str, code: int, said: str, auricle: Command, here: Path) -> None:
    for name in ("talk.wav", "talk.mp3", "other.wav", "sub/talk.wav"):
        record(here / name, 0.3)
    (here / "bare").mkdir()
    (here / "bare.json").write_text(dumps(Transcript(), "json").decode())
    before = tree(here)
    arguments = [" "] if typed == " " else typed.split()
    result = auricle("transcribe", *arguments)
    assert said in result.complaint
    assert (result.code, result.out) == (code, "")
    assert tree(here) == before
    assert not (here / "out").exists()


@pytest.mark.parametrize("typed", ["transcibe", "trancribe talk.wav"])
def test_an_unknown_command(typed: str, auricle: Command) -> None:
    result = auricle(*typed.split())
    assert result.code == 2
    assert "Did you mean transcribe?" in result.complaint


def online(process: Command, address: str) -> Result:
    """Ask for a model that nobody has; the warnings are those of huggingface_hub, which retries."""
    return process(
        *("transcribe", "talk.wav", "--model", "nobody/nothing"),
        HF_ENDPOINT=address,
        HF_HUB_OFFLINE="0",
        HF_HOME="hf",
        PYTHONWARNINGS="default",
    )


def test_the_hub_cannot_be_reached(process: Command, here: Path) -> None:
    record(here / "talk.wav")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = online(process, address)
    assert (result.code, result.out) == (1, "")
    assert "cannot be reached" in result.complaint


def test_the_hub_answers_nonsense(process: Command, here: Path) -> None:
    record(here / "talk.wav")
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        result = online(process, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert (result.code, result.out) == (1, "")
    assert "nobody/nothing" in result.complaint


def test_options_have_the_names_that_are_typed(auricle: Command, tmp_path: Path) -> None:
    result = auricle("transcribe", "--sample", "--max-word", "1")
    assert (result.code, result.err) == (
        1, "auricle: --max-word has no meaning without word times: ask for words.\n",
    )  # fmt: skip
    result = auricle("transcribe", "--sample", "--no-vad", "--vad-threshold", "0.4")
    assert result.err == "auricle: --vad-threshold has no meaning without speech detection.\n"
    missing = tmp_path / "max_word.wav"
    assert f"there is no file {missing}" in auricle("transcribe", str(missing)).err
