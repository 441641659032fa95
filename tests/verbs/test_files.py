"""What to read and where to write, before anything is loaded."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.errors import AuricleError, MissingExtraError, MissingFileError, OptionError, OutputError
from auricle.formats import CueStyle
from auricle.verbs.transcribe.files import OutputOptions, Plan, plan


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"x")


def written(planned: Plan, channel: str | None = None) -> list[str]:
    return [str(path) for task in planned.tasks for path in planned.outputs(task, channel).values()]


OUT = OutputOptions(output_dir="out")


def test_folders_keep_what_lies_below_them(here: Path) -> None:
    touch("rec/a.mp3", "rec/sub/deep/b.WAV", "rec/notes.txt", "rec/a.json")
    touch("rec/.hidden.mp3", "rec/.git/c.mp3", "rec/sub/.auricle-journal.jsonl")
    planned = plan(["rec/"], OUT)
    assert [task.source for task in planned.tasks] == ["rec/a.mp3", "rec/sub/deep/b.WAV"]
    assert written(planned) == ["out/a.txt", "out/sub/deep/b.txt"]
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("pattern", "outputs"),
    [
        ("rec/*.mp3", ["out/a.txt"]),
        ("rec/**/*.mp3", ["out/a.txt", "out/sub/a.txt", "out/sub/deep/b.txt"]),
        ("rec/**", ["out/a.txt", "out/sub/a.txt", "out/sub/deep/b.txt"]),
        ("rec/*", ["out/a.txt", "out/sub/a.txt", "out/sub/deep/b.txt"]),
        ("r?c/s*/a.mp3", ["out/rec/sub/a.txt"]),
        ("{here}/rec/*/*.mp3", ["out/sub/a.txt"]),
        ("rec/*.dat", ["out/odd.txt"]),
    ],
)
def test_patterns_that_the_shell_left(pattern: str, outputs: list[str], here: Path) -> None:
    touch("rec/a.mp3", "rec/sub/a.mp3", "rec/sub/deep/b.mp3", "rec/sub/notes.txt", "rec/odd.dat")
    assert sorted(written(plan([pattern.format(here=here)], OUT))) == outputs


def test_a_name_may_look_like_a_pattern(here: Path) -> None:
    touch("talk [1].mp3", "100%d.mp3", "a*b.wav", "~nobody.wav")
    planned = plan(["talk [1].mp3", "100%d.mp3", "a*b.wav", "~nobody.wav"], OUT)
    assert written(planned) == ["out/talk [1].txt", "out/100%d.txt", "out/a*b.txt", "out/~nobody.txt"]
    assert all(Path(task.source).exists() for task in planned.tasks)
    assert not planned.tasks[-1].source.startswith("~")


def test_what_is_named_twice_is_done_once(here: Path) -> None:
    touch("rec/a.mp3")
    names = ["rec/a.mp3", "./rec/a.mp3", str(here / "rec/a.mp3"), "rec", "rec/../rec/a.mp3", "-", "-"]
    assert len(plan(names, OUT).tasks) == 2


def test_one_name_for_two_is_refused(here: Path) -> None:
    touch("a/x.mp3", "b/x.mp3", "a/x.wav")
    with pytest.raises(OptionError, match=r"a/x.mp3 and b/x.mp3 would write the same file out/x.txt"):
        plan(["a/x.mp3", "b/x.mp3"], OUT)
    with pytest.raises(OptionError, match=r"Type: --keep-suffix$"):
        plan(["a/x.mp3", "a/x.wav"], OUT)
    kept = plan(["a/x.mp3", "a/x.wav"], OutputOptions(output_dir="out", keep_suffix=True))
    assert written(kept) == ["out/x.mp3.txt", "out/x.wav.txt"]


def test_a_recording_is_never_written_over(here: Path) -> None:
    touch("talk.txt", "call.ch0.txt", "call.wav")
    with pytest.raises(OptionError, match=r"written over the recording talk.txt"):
        plan(["talk.txt"], OutputOptions(output_dir=".", overwrite=True))
    with pytest.raises(OptionError, match=r"written over the recording call.ch0.txt"):
        plan(["call.wav", "call.ch0.txt"], OutputOptions(output_dir="."), channel="each")
    plan(["call.wav"], OutputOptions(output_dir="."), channel="each")


def test_channels_and_formats_have_names_of_their_own(here: Path) -> None:
    touch("v1.2.mp3")
    planned = plan(["v1.2.mp3"], OutputOptions(output_dir="out", format=("JSON", "textgrid", "json")))
    assert written(planned, "0") == ["out/v1.2.ch0.json", "out/v1.2.ch0.TextGrid"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (OutputOptions(cues=CueStyle(max_lines=1)), "max_lines is for captions, and txt has none"),
        (OutputOptions(format=("json",), cues=CueStyle(min_gap=0.2)), "min_gap is for captions"),
        (OutputOptions(format=("srt", "txt")), "2 formats cannot share stdout"),
        (OutputOptions(overwrite=True), "overwrite is for files"),
        (OutputOptions(format=("mp3",)), "there is no format 'mp3'"),
    ],
)
def test_what_could_not_be_honoured_is_refused(options: OutputOptions, said: str, here: Path) -> None:
    with pytest.raises(AuricleError, match=said):
        plan(["talk.mp3"], options)


def test_caption_options_with_one_format_that_has_captions(here: Path) -> None:
    style = CueStyle(max_lines=1, highlight_words=True)
    plan(["talk.mp3"], OutputOptions(output_dir="out", format=("txt", "vtt"), cues=style))


def test_a_format_that_is_not_installed_is_refused_first(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    with pytest.raises(MissingExtraError, match=r"pip install"):
        plan(["talk.mp3"], OutputOptions(output_dir="out", format=("docx",)))


@pytest.mark.parametrize("inputs", [["bare"], [], ["bare", "bare/"]])
def test_nothing_to_read(inputs: list[str], here: Path) -> None:
    Path("bare").mkdir()
    with pytest.raises(MissingFileError, match="there is no recording in"):
        plan(inputs, OUT)


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/nowhere", "/dev/null/x"])
def test_a_folder_that_cannot_be_written_to(folder: str, here: Path) -> None:
    touch("file")
    with pytest.raises(OutputError, match=r"cannot write to .*Type: --output-dir"):
        plan(["talk.mp3"], OutputOptions(output_dir=folder))
    assert list(here.iterdir()) == [here / "file"]


@pytest.mark.parametrize(
    "name",
    [
        str(PureWindowsPath("C:/talks/a.mp3")), "D:talk.mp3", "..\\..\\talk.mp3", "talks\\",
        "\\\\server\\share\\a.wav", "CON", "con.mp3", "NUL.wav", "COM1.mp4", "..wav", "...wav", ". .wav",
        "x" * 240 + ".mp3", "a/../../b.mp3", "talk.",
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(name: str, here: Path) -> None:
    for keep in (False, True):
        planned = plan([name], OutputOptions(output_dir="out", format=("txt", "json"), keep_suffix=keep))
        for path in planned.outputs(planned.tasks[0]).values():
            assert path.resolve().is_relative_to(here / "out")
            assert len(path.parts) == 2


# Bytes that are no UTF-8 come from the command line as the surrogates U+DC80 to U+DCFF.
NAMES = st.characters(
    exclude_characters="\0", exclude_categories=("Cs",), include_characters="\udc80\udcc3\udcff"
)


@given(st.text(NAMES, min_size=1, max_size=60))
def test_any_name_stays_inside_or_is_refused(name: str) -> None:
    try:
        planned = plan([name], OutputOptions(output_dir="/tmp/auricle-nowhere"))
    except AuricleError:
        return
    for task in planned.tasks:
        for path in planned.outputs(task).values():
            assert path.resolve().is_relative_to("/tmp/auricle-nowhere")


def test_each_channel_of_standard_input(here: Path) -> None:
    with pytest.raises(OptionError, match="standard input can be read once only"):
        plan(["-"], OUT, channel="each")
