"""Words in columns, and models in processes of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import auricle
from audio_files import tone, write
from auricle.errors import AudioError, MissingFileError, ModelError, OptionError
from auricle.metrics.align import count
from auricle.verbs import trial
from auricle.verbs.compare_models import CompareOptions, compare_models
from auricle.verbs.compare_models.columns import Column, columns, plain

WORDS = st.lists(st.sampled_from("the cat sat on a mat Cat, MAT. 猫 -".split()), max_size=8).map(" ".join)


def texts_of(found: tuple[Column, ...], number: int) -> list[str]:
    return [word for column in found if (word := column.words[number]) is not None]


def test_words_stand_under_the_words_they_answer():
    found = columns(["the cat sat on the mat", "THE CAT SAD ON MAT", "a cat sat on on the mat"])
    assert [column.words for column in found] == [
        ("the", "THE", "a"),
        ("cat", "CAT", "cat"),
        ("sat", "SAD", "sat"),
        (None, None, "on"),
        ("on", "ON", "on"),
        ("the", None, "the"),
        ("mat", "MAT", "mat"),
    ]
    assert [column.differs for column in found] == [True, False, True, True, False, True, False]


def test_case_and_signs_are_no_difference():
    found = columns(["And so, my fellow-Americans:", "AND SO MY FELLOW AMERICANS"])
    assert [column.words[0] for column in found][:2] == ["And", "so,"]
    assert not any(column.differs for column in found[:3])
    assert plain("Ça-va?") == plain("ça va") == "çava"


def test_signs_that_stand_alone_go_with_the_word_before():
    found = columns(["well – yes", "well yes"])
    assert [column.words for column in found] == [("well –", "well"), ("yes", "yes")]


def test_characters_of_scripts_without_spaces_are_columns():
    found = columns(["今天天气", "今天天汽"])
    assert [column.differs for column in found] == [False, False, False, True]


@given(st.lists(WORDS, min_size=2, max_size=4))
@settings(max_examples=80)
def test_nothing_is_lost_or_moved(texts):
    found = columns(texts)
    for number, text in enumerate(texts):
        assert "".join("".join(texts_of(found, number)).split()) == "".join(text.split())
        assert all(len(column.words) == len(texts) for column in found)
    assert all(any(word is not None for word in column.words) for column in found)


@given(WORDS, WORDS)
@settings(max_examples=40)
def test_differences_are_the_edits(text, other):
    assert not any(column.differs for column in columns([text, text.upper()]))
    there, back = (sum(c.differs for c in columns(pair)) for pair in ([text, other], [other, text]))
    words = [
        [word for c in columns([one, one]) if (word := plain(c.words[0] or ""))] for one in (text, other)
    ]
    assert there == back == count(*words).errors


# ── running models ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def found():
    return compare_models(auricle.sample(), ["tiny.en", "fake:fake"], compute_type="auto", threads=1)


def test_each_model_has_text_speed_and_memory_of_its_own(found):
    real, fake = found.runs
    assert real.name == "tiny.en" and "ask not what your country can do for you" in real.text
    assert fake.trial.transcript.record.engine == "fake"
    assert real.trial.throughput.audio == pytest.approx(11.0, abs=0.01)
    assert real.trial.rtfx == pytest.approx(11.0 / real.trial.throughput.elapsed, rel=0.01)
    assert found.differences == sum(column.differs for column in found.columns) > 10
    assert found.recording == "jfk.flac" and found.seconds == pytest.approx(11.0, abs=0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the kernel's own figure")
def test_memory_is_that_of_the_model(found):
    real, fake = (run.trial.memory for run in found.runs)
    assert real and fake and 75e6 < real - fake < 600e6  # the weights are 75 MB in the file


@pytest.mark.parametrize(
    ("models", "error", "match"),
    [
        ([], OptionError, "two different models or more"),
        (["tiny.en"], OptionError, "two different models or more"),
        (["tiny.en", "tiny.en"], OptionError, "two different models"),
        (["tiny.en", "fake", "fake"], OptionError, "named twice"),
        (["tiny.en", "ctranslat:tiny.en"], OptionError, "no engine 'ctranslat' .*Did you mean ctranslate2"),
        (["tiny.en", "tinny"], ModelError, "Did you mean tiny"),
        (["tiny.en", "small"], ModelError, "^offline, and small"),
        (["tiny.en", "./nowhere"], ModelError, "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_compared(models, error, match, tmp_path):
    with pytest.raises(error, match=match):
        compare_models(auricle.sample(), models)


def test_the_recording_is_looked_at_before_a_model_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "run", lambda *arguments: pytest.fail("a model ran"))
    with pytest.raises(MissingFileError):
        compare_models(tmp_path / "nothing.wav", ["tiny.en", "fake"])
    text = tmp_path / "text.wav"
    text.write_text("not sound")
    with pytest.raises(AudioError):
        compare_models(text, ["tiny.en", "fake"])
    with pytest.raises(OptionError, match="standard input"):
        compare_models("-", ["tiny.en", "fake"])
    with pytest.raises(OptionError, match="Choose one channel"):
        compare_models(auricle.sample(), ["tiny.en", "fake"], channel="each")
    with pytest.raises(OptionError, match="there is no option 'beem_size'"):
        compare_models(auricle.sample(), ["tiny.en", "fake"], beem_size=5)


def test_what_a_model_refuses_names_it(tmp_path):
    recording = write(tmp_path / "tone.wav", tone(seconds=1.0, rate=8000), 8000)
    with pytest.raises(OptionError, match=r"tiny\.en does not know"):
        compare_models(recording, ["tiny.en", "fake"], language="de")


def test_a_process_that_dies_is_an_error(tmp_path, monkeypatch):
    recording = write(tmp_path / "tone.wav", tone(seconds=1.0, rate=8000), 8000)
    with pytest.raises(ModelError, match=r"me/model failed: .*No module named"):
        monkeypatch.setattr(trial, "__name__", "auricle.verbs.nonsense")
        trial.run(recording, {"model": "me/model"})


def test_killed_is_said_in_words(tmp_path):
    assert "needs more memory than there is" in trial._died("big", -9, b"")
    assert trial._died("big", 1, b"Traceback\n  x\nRuntimeError: bad  alloc\n") == (
        "big failed: RuntimeError: bad alloc"
    )


def test_progress_is_told(tmp_path):
    told: list[object] = []

    class Watcher:
        def started(self, name: str, place: tuple[int, int]) -> None:
            told.append((name, place))

        def progress(self, done: float) -> None:
            told.append(done)

    recording = write(tmp_path / "tone.wav", tone(seconds=2.0, rate=8000), 8000)
    compare_models(recording, ["fake:fake", "fake"], watcher=Watcher())
    assert told[0] == ("fake:fake", (1, 2)) and ("fake", (2, 2)) in told


def test_options_are_those_of_transcribing():
    names = set(CompareOptions.__dataclass_fields__)
    assert {"models", "device", "compute_type", "threads", "decode"} <= names
    assert Path(trial.__file__).name == "trial.py"
