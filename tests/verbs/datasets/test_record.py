"""Reading sentences aloud, with a microphone that plays tones and a reader who answers by a list."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from audio_files import tone
from auricle.audio import Audio
from auricle.cli.datasets import record as terminal
from auricle.errors import AudioError, DatasetError, MissingExtraError, MissingFileError, OptionError
from auricle.verbs.datasets import open_dataset
from auricle.verbs.datasets.record import (
    AGAIN,
    KEEP,
    SKIP,
    STOP,
    RecordOptions,
    Session,
    complaint,
    read_prompts,
)

ANNA = RecordOptions(speaker="anna", language="en")
PROMPTS = ["The cat sat.", "On the mat.", "All day."]


class Tones:
    """A microphone; ``heard`` counts its clips."""

    def __init__(self) -> None:
        self.heard = 0

    def start(self) -> None:
        self.heard += 1

    def stop(self) -> Audio:
        return Audio(tone(200.0 + 50 * self.heard, seconds=0.5, rate=8000), 8000)


class Listed:
    """A reader whose judgements are given; what it was shown is kept."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.shown: list[str] = []

    def read(self, number: int, total: int, prompt: str) -> bool:
        self.shown.append(prompt)
        return bool(self.answers)

    def finished(self) -> None:
        pass

    def judge(self, clip: Audio, complaint: str) -> str:
        return self.answers.pop(0)


def session(folder: Path, *answers: str, options: RecordOptions = ANNA) -> tuple[int, Listed]:
    reader = Listed(*answers)
    return Session(PROMPTS, folder, options, microphone=Tones(), reader=reader).run(), reader


def test_what_is_read_is_a_dataset(tmp_path: Path) -> None:
    count, _ = session(tmp_path / "voice", KEEP, AGAIN, KEEP, SKIP)
    assert count == 2
    items = list(open_dataset(tmp_path / "voice"))
    assert [(item.text, item.speaker, item.language) for item in items] == [
        (text, "anna", "en") for text in PROMPTS[:2]
    ]
    assert all(item.load(8000).duration == pytest.approx(0.5) == item.duration for item in items)


def test_the_same_command_goes_on(tmp_path: Path) -> None:
    session(tmp_path / "voice", KEEP, STOP)
    count, reader = session(tmp_path / "voice", KEEP, KEEP)
    assert (count, reader.shown) == (3, PROMPTS[1:])
    assert session(tmp_path / "voice")[1].shown == []
    count, reader = session(tmp_path / "voice", KEEP, KEEP, KEEP, options=RecordOptions(speaker="bo"))
    assert (count, len(reader.shown)) == (6, 3)


def test_nothing_is_lost_when_it_ends_early(tmp_path: Path) -> None:
    assert session(tmp_path / "voice", KEEP)[0] == 1  # the reader goes away at the second
    assert len(open_dataset(tmp_path / "voice")) == 1


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OptionError, match="something else"):
        session(tmp_path, KEEP)
    (tmp_path / "manifest.jsonl").write_text("[]\n")
    with pytest.raises(OptionError, match="not of a recording session"):
        session(tmp_path, KEEP)
    (tmp_path / "manifest.jsonl").write_text('{"text": ')
    with pytest.raises(OptionError, match="cannot go on with"):
        session(tmp_path, KEEP)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (tone(300.0, seconds=0.5, rate=8000), ""),
        (tone(300.0, seconds=0.1, rate=8000), "only 0.1 s"),
        (np.zeros(8000, np.float32), "silent"),
        (np.clip(tone(300.0, seconds=0.5, rate=8000) * 9, -1, 1), "clipped"),
    ],
)
def test_a_bad_clip_is_told(samples: np.ndarray, said: str) -> None:
    found = complaint(Audio(samples.astype(np.float32), 8000))
    assert said in found and bool(said) == bool(found)


def test_prompts(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("\ufeffThe  cat.\n\n# not this\nOn the mat.\nThe cat.\n", "utf-8")
    assert read_prompts(path) == ["The cat.", "On the mat."]
    path.write_text("# nothing\n")
    with pytest.raises(DatasetError, match="no sentence to read"):
        read_prompts(path)
    with pytest.raises(MissingFileError):
        read_prompts(tmp_path / "none.txt")


class Library(SimpleNamespace):
    """What the terminal uses of sounddevice."""

    class PortAudioError(Exception):
        pass


def test_the_terminal_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream:
        def __init__(self, callback, samplerate: int, **more: object) -> None:
            self.callback, self.rate = callback, samplerate

        def start(self) -> None:
            self.callback(tone(300.0, seconds=0.4, rate=self.rate)[:, None], 0, None, None)

        def stop(self) -> None:
            pass

        close = stop

    library = Library(InputStream=Stream, check_input_settings=lambda **values: None)
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    (tmp_path / "prompts.txt").write_text("\n".join(PROMPTS))
    answers = iter(["", "", "a", "", "", "k", "", "", "s", "q"])
    monkeypatch.setattr(terminal, "_ask", lambda text: next(answers))
    run = terminal.command.callback
    assert run is not None
    run(str(tmp_path / "prompts.txt"), str(tmp_path / "voice"), speaker="anna", language="en")
    (item,) = open_dataset(tmp_path / "voice")
    assert (item.text, item.load().duration) == (PROMPTS[0], pytest.approx(0.4))


def test_no_microphone_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**values: object) -> None:
        raise Library.PortAudioError("no default input device")

    monkeypatch.setitem(sys.modules, "sounddevice", Library(check_input_settings=none))
    with pytest.raises(AudioError, match="there is no microphone to record from: no default input"):
        terminal.open_microphone()
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingExtraError, match=r"auricle\[record\]"):
        terminal.open_microphone()
