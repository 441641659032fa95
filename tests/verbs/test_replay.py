"""A transcript is made again from its record, or it is said why not."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

import auricle
from auricle.cli import run
from auricle.errors import AudioError, FormatError, MissingFileError, ModelError, OptionError
from auricle.transcript import Record, Source, Transcript
from auricle.verbs.transcribe import TranscribeOptions, Transcriber
from auricle.verbs.transcribe.replay import replay


@pytest.fixture(scope="module")
def made() -> Transcript:
    """The sample, transcribed with options of its own."""
    return Transcriber(words=True, beam_size=2, prompt="President Kennedy", pad=0.3).transcribe(
        auricle.sample()
    )


@pytest.fixture
def talk(made: Transcript, tmp_path: Path) -> Path:
    return made.save(tmp_path / "talk.json")


def changed(talk: Path, **record: Any) -> Path:
    transcript = Transcript.load(talk)
    assert transcript.record is not None
    return dataclasses.replace(transcript, record=dataclasses.replace(transcript.record, **record)).save(talk)


def test_the_same_text_with_the_same_options_and_weights(made: Transcript, talk: Path) -> None:
    found = replay(talk)
    again = found.load(found.options).transcribe(found.recording)
    assert found.changes == ()
    assert again.segments == made.segments
    assert again.record is not None
    assert made.record is not None
    for name in ("model", "revision", "engine", "device", "compute_type", "options", "versions", "source"):
        assert getattr(again.record, name) == getattr(made.record, name), name


def test_on_the_command_line(
    made: Transcript, talk: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["transcribe", "--replay", str(talk)]) == 0
    assert capsys.readouterr().out.split() == made.text.split()
    moved = shutil.copy(auricle.sample(), tmp_path / "moved.flac")
    out = str(tmp_path / "out")
    typed = ["--beam-size", "1", "--no-vad", "-f", "json", "-o", out]
    assert run(["transcribe", "--replay", str(talk), str(moved), *typed]) == 0
    err = capsys.readouterr().err
    assert "replay: beam_size=1, not 2 as recorded" in err
    assert "replay: vad=False, not True as recorded" in err
    record = Transcript.load(tmp_path / "out/moved.json").record
    assert record is not None
    assert (record.options["beam_size"], record.options["prompt"]) == (1, "President Kennedy")
    assert record.options["pad"] == TranscribeOptions().speech.pad  # the recorded one would do nothing


def test_the_recording_has_moved_beside_the_transcript(talk: Path, tmp_path: Path) -> None:
    made = Transcript.load(talk).record
    assert made is not None
    assert made.source is not None
    changed(talk, source=dataclasses.replace(made.source, name="elsewhere/jfk.flac"))
    with pytest.raises(MissingFileError, match=r"Type: --replay .*talk.json RECORDING"):
        replay(talk)
    shutil.copy(auricle.sample(), tmp_path / "jfk.flac")
    assert replay(talk).recording == str(tmp_path / "jfk.flac")


def test_another_recording_is_refused(talk: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.flac"
    other.write_bytes(auricle.sample().read_bytes() + b"x")
    with pytest.raises(AudioError, match="its content differs"):
        replay(talk, recording=str(other))
    with pytest.raises(MissingFileError, match="there is no file"):
        replay(talk, recording=str(tmp_path / "gone.flac"))


def test_other_weights_are_refused(talk: Path) -> None:
    found = replay(changed(talk, revision="f" * 64))
    with pytest.raises(ModelError, match=r"the transcript was made with ffff"):
        found.load(found.options)
    chosen = replay(talk, changes={"model": "fake"})
    assert chosen.load(chosen.options).engine.info.model == "fake"


def test_a_commit_of_the_hub_is_asked_for_exactly(talk: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    changed(talk, revision=commit, model="owner/name", options={"model": "owner/name", "revision": "main"})
    assert replay(talk).options.load.revision == commit
    assert replay(talk, changes={"model": "tiny.en"}).options.load.revision is None


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "does not record how it was made"),
        (Record("tiny.en", "ctranslate2"), "does not record how it was made"),
        (Record("tiny.en", "ctranslate2", source=Source("(audio in memory)", "", 1.0)), "sound in memory"),
    ],
)
def test_a_transcript_without_a_record(record: Record | None, said: str, tmp_path: Path) -> None:
    path = Transcript(record=record).save(tmp_path / "bare.json")
    with pytest.raises(FormatError, match=said):
        replay(path)


def test_an_option_of_another_version_is_told(talk: Path) -> None:
    changed(talk, options={"beam_size": 3, "telepathy": True})
    found = replay(talk)
    assert found.changes == ("telepathy=True is recorded and unknown here",)
    assert found.options.decode.beam_size == 3
    with pytest.raises(OptionError):
        replay(changed(talk, options={"beam_size": "three"}))
