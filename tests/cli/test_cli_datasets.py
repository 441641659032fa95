"""auricle datasets: what is printed, what is refused, and what the exit code says."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from command_line import Command, record

from auricle import sample as bundled
from auricle.audio import Audio
from auricle.verbs.datasets import open_dataset
from auricle.verbs.datasets.export import flac


def test_list_filters_by_language(auricle: Command) -> None:
    done = auricle("datasets", "list", "--language", "yo")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["name", "hours", "languages", "style", "licence", "access"]
    assert {line.split()[0] for line in lines[1:]} >= {"fleurs", "common-voice", "naijavoices"}
    found = json.loads(auricle("datasets", "list", "-l", "yo", "--json").out)
    assert len(found) == len(lines) - 1


def test_show_names_the_source_of_each_fact(auricle: Command) -> None:
    done = auricle("datasets", "show", "librispeech")
    assert "train hours  960  [2]" in done.out
    assert "[1] https://www.openslr.org/12" in done.out
    assert json.loads(auricle("datasets", "show", "librispeech", "--json").out)["train_hours"] == 960


def test_recommend_says_why(auricle: Command) -> None:
    words = "datasets recommend --language yo --domain call-centre --style spontaneous --licence commercial"
    done = auricle(*words.split())
    assert done.code == 0
    assert done.out.startswith("1. iroyinspeech")
    assert "narrated, not spontaneous" in done.out
    assert "record some of your own" in done.out
    assert (
        "left out, not for commercial use: tedlium"
        in auricle("datasets", "recommend", "-l", "en", "--licence", "commercial").out
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("show flers", 1, "Did you mean fleurs?"),
        ("list -l xx", 1, "Type: auricle datasets list"),
        ("recommend", 1, "say what it is for"),
        ("recommend -l yo --style loud", 2, "'loud' is not known"),
        ("lst", 2, "Did you mean list?"),
    ],
)
def test_refusals(auricle: Command, words: str, code: int, said: str) -> None:
    done = auricle("datasets", *words.split())
    assert done.code == code
    assert said in done.complaint


@pytest.fixture
def corpus(here: Path) -> Path:
    """Ten tones of two speakers; the last has no text."""
    rows = []
    for n in range(10):
        sound = record(here / f"corpus/{n}.wav", 0.5 + n / 10)
        said = {"text": f"tone {n}" if n < 9 else "", "speaker": f"s{n % 5}", "duration_s": 0.5 + n / 10}
        rows.append({"audio": sound.name, **said})
    path = here / "corpus/manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_profile_prints_writes_and_does_not_overwrite(auricle: Command, corpus: Path) -> None:
    done = auricle("datasets", "profile", corpus, "--html", "p.html")
    assert done.code == 0
    assert "10 utterances" in done.out
    assert Path("p.html").read_text().startswith("<!doctype html>")
    again = auricle("datasets", "profile", corpus, "--html", "p.html")
    assert (again.code, "--overwrite" in again.complaint) == (1, True)
    assert json.loads(auricle("datasets", "profile", corpus, "--json").out)["utterances"] == 10


def test_check_says_whether_it_is_fit_by_its_exit_code(auricle: Command, corpus: Path) -> None:
    words = ("datasets", "check", corpus, "--for", "fake")
    done = auricle(*words)
    assert done.code == 1
    assert "no-text" in done.out
    assert done.out.endswith("not fit for fake yet. Type: --drop no-text (or --keep some of them)\n")
    assert auricle(*words, "--keep", "no-text").code == 0
    clean = auricle(*words, "--drop", "no-text", "--output", "clean.jsonl")
    assert (clean.code, clean.err) == (0, "wrote clean.jsonl: 9 of 10 utterances\n")
    assert auricle("datasets", "check", "clean.jsonl", "--for", "fake").out.endswith("fit for fake\n")
    found = json.loads(auricle(*words, "--json").out)
    assert found["open"] == ["no-text"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("profile", "nowhere.jsonl"), "there is no dataset nowhere.jsonl"),
        (("profile", "corpus", "--split", "tset"), "has no splits"),
        (("profile", "corpus", "--text-column", "sentence"), "Likely text: type --text-column text"),
        (("check", "corpus", "--for", "fake", "--drop", "loud"), "there is no kind of fault 'loud'"),
        (("check", "corpus", "--for", "tiny.em"), "there is no model 'tiny.em'"),
        (("check", "corpus", "--for", "fake", "--split-long"), "Type: --output FILE.jsonl"),
    ],
)
def test_bad_input(auricle: Command, corpus: Path, words: tuple[str, ...], said: str) -> None:
    done = auricle("datasets", *words)
    assert done.code == 1
    assert said in done.complaint


def test_faults_are_told_and_the_rest_goes_on(auricle: Command, corpus: Path) -> None:
    with corpus.open("ab") as file:
        file.write(b'{"audio": "0.wav", "text"\n{"audio": "gone.wav", "text": "x"}\n')
        file.write(b'{"audio": "0.wav", "text": "\xe9"}\n')
    done = auricle("datasets", "profile", corpus)
    assert done.code == 0
    assert "10 utterances" in done.out
    assert "warning: broken line: 1 left out, the first is manifest.jsonl line 11: not JSON" in done.err
    assert "warning: missing audio: 1 left out, the first is manifest.jsonl line 12" in done.err
    assert "warning: encoding: 1 left out, the first is manifest.jsonl line 13: not UTF-8" in done.err


def test_split_filter_normalise_and_export(auricle: Command, corpus: Path) -> None:
    done = auricle("datasets", "split", corpus, "-o", "s.jsonl", "--test", "0.2", "--validation", "0.2")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == ["split", "train", "validation", "test"]
    assert auricle("datasets", "split", corpus, "-o", "s.jsonl").complaint.endswith(
        "Type: --overwrite to replace it."
    )
    assert auricle("datasets", "filter", "s.jsonl", "-o", "f.jsonl", "--where", "speaker=s1").err == (
        "wrote f.jsonl: 2 utterances\n"
    )
    assert auricle("datasets", "normalise", "s.jsonl", "-o", "n.jsonl", "--steps", "nfc,spaces").code == 0
    wrong = auricle("datasets", "normalise", "s.jsonl", "-o", "m.jsonl", "--steps", "space")
    assert "Did you mean spaces" in wrong.complaint
    assert auricle("datasets", "export", "s.jsonl", "-o", "out", "--to", "folder", "-q").code == 0
    assert "is not empty" in auricle("datasets", "export", "s.jsonl", "-o", "out", "--to", "folder").complaint
    assert auricle("datasets", "check", "out", "--for", "fake", "--keep", "no-text").code == 0


@pytest.fixture
def lecture(here: Path) -> Path:
    """The sample three times, 33 s, with its text three times: longer than a model hears at once."""
    sample = Audio.load(bundled(), 16_000)
    folder = here / "lectures"
    folder.mkdir()
    (folder / "one.flac").write_bytes(flac(Audio(np.tile(sample.samples, 3), 16_000)))
    (folder / "one.txt").write_text(" ".join([TALK] * 3))
    return folder


TALK = (
    "And so, my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country."
)


def words_of(manifest: Path) -> list[str]:
    items = list(open_dataset(manifest))
    assert len(items) > 1
    assert all(0.5 < item.load().duration <= 30.1 for item in items)
    return " ".join(item.text or "" for item in items).split()


def test_what_is_too_long_is_cut(auricle: Command, lecture: Path) -> None:
    done = auricle("datasets", "check", lecture, "--for", "tiny.en")
    assert (done.code, "too-long" in done.out) == (1, True)
    done = auricle("datasets", "check", lecture, "--for", "tiny.en", "--split-long", "-o", "cut.jsonl")
    assert done.code == 0, done.err
    assert words_of(Path("cut.jsonl")) == TALK.split() * 3
    again = auricle("datasets", "check", "cut.jsonl", "--for", "tiny.en")
    assert "too-long" not in again.out


def test_segment_names_parts_of_the_recording_where_it_lies(auricle: Command, here: Path) -> None:
    (here / "lectures").mkdir()
    (here / "lectures/one.flac").write_bytes(Path(bundled()).read_bytes())
    (here / "lectures/one.txt").write_text(TALK)
    lecture = here / "lectures"
    done = auricle("datasets", "segment", lecture, "-o", "parts.jsonl", "--longest", "5")
    assert done.code == 0, done.err
    assert "wrote parts.jsonl: " in done.err
    rows = [json.loads(line) for line in Path("parts.jsonl").read_text().splitlines()]
    assert {row["audio"] for row in rows} == {"lectures/one.flac"}
    assert all(before["end"] <= after["start"] + 0.01 for before, after in pairwise(rows))
    assert words_of(Path("parts.jsonl")) == TALK.split()
    assert json.loads(Path("parts.story.json").read_text())["made_by"] == "auricle datasets segment"
    assert auricle("datasets", "segment", lecture, "-o", "parts.jsonl").complaint.endswith(
        "--overwrite to replace it."
    )


def test_record_and_push_refuse_before_they_begin(auricle: Command, corpus: Path) -> None:
    assert "there is no file none.txt" in auricle("datasets", "record", "none.txt", "-o", "voice").complaint
    assert "--licence" in auricle("datasets", "push", corpus, "me/tones").complaint
