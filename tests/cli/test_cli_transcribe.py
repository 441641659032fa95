"""auricle transcribe, from what is typed to what is written and printed."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import FAKE, Command, environment, record, record_stereo, tree

import auricle as package
from auricle.cli.console import ProgressLine, clock, pace, printable
from auricle.transcript import Transcript

SAID = "one two seconds\n"


def test_the_text_is_on_stdout_and_the_rest_on_stderr(auricle: Command, here: Path) -> None:
    record(here / "talk.wav")
    result = auricle("transcribe", *FAKE, "talk.wav")
    assert (result.code, result.out) == (0, SAID)
    assert "talk.wav: 0:02 in " in result.err
    assert "× real time) · fake on fake" in result.err
    assert "s of speech, all of it has text" in result.err
    assert auricle("transcribe", *FAKE, "-q", "talk.wav").err == ""


def test_the_sample_is_heard_with_the_embedded_model(auricle: Command) -> None:
    result = auricle("transcribe", "--sample")
    assert result.code == 0
    assert "what your country can do for you" in result.out
    assert "language" not in result.err  # a model of one language is sure of it


@pytest.mark.parametrize("name", ["srt", "JSON", "textgrid"])
def test_a_format_on_stdout(name: str, auricle: Command, here: Path) -> None:
    record(here / "talk.wav")
    on_stdout = auricle("transcribe", *FAKE, "talk.wav", "-f", name).out
    assert "one two seconds" in on_stdout
    auricle("transcribe", *FAKE, "talk.wav", "-f", name, "-o", ".")
    (file,) = tree(here) - {"talk.wav"}
    if name != "JSON":
        assert (here / file).read_text() == on_stdout


def test_stdin(process: Command, here: Path) -> None:
    data = record(here / "talk.wav").read_bytes()
    assert process("transcribe", *FAKE, "-", stdin=data).out == SAID
    for _ in range(2):
        result = process("transcribe", *FAKE, "-", "-o", "out", stdin=data)
    assert (result.code, tree(here)) == (1, {"talk.wav", "out/stdin.txt"})
    assert "out/stdin.txt is there already" in result.complaint


def test_lists_with_commas_and_repeated(auricle: Command, here: Path) -> None:
    record(here / "talk.wav")
    typed = ["-f", "json,srt", "-f", "txt", "--temperatures", "0, 0.4", "--temperatures", "1"]
    assert auricle("transcribe", *FAKE, "talk.wav", "-o", "out", *typed).code == 0
    assert tree(here) == {"talk.wav", "out/talk.json", "out/talk.srt", "out/talk.txt"}
    record_ = Transcript.load(here / "out/talk.json").record
    assert record_ is not None
    assert record_.options["temperatures"] == [0, 0.4, 1]


def test_channels_have_headings_and_files_of_their_own(auricle: Command, here: Path) -> None:
    record_stereo(here / "call.wav")
    result = auricle("transcribe", *FAKE, "call.wav", "--channel", "each")
    assert result.out == f"[channel 0]\n{SAID}[channel 1]\n{SAID}"
    assert "call.wav channel 1: 0:02 in" in result.err
    typed = ("transcribe", *FAKE, "call.wav", "--channel", "each", "-o", "out", "-f", "txt,json")
    assert auricle(*typed).code == 0
    assert {"out/call.ch0.txt", "out/call.ch1.json"} < tree(here)
    assert "1 done before" in auricle(*typed).err


def test_a_foreign_file_of_one_channel_is_not_replaced(auricle: Command, here: Path) -> None:
    record_stereo(here / "call.wav")
    (here / "call.ch1.txt").write_text("mine")
    result = auricle("transcribe", *FAKE, "call.wav", "--channel", "each", "-o", ".")
    assert result.code == 1
    assert "call.ch1.txt is there already" in result.complaint
    assert tree(here) == {"call.wav", "call.ch1.txt"}


def test_several_recordings_on_stdout_are_told_apart(auricle: Command, here: Path) -> None:
    record(here / "a.wav", 1)
    record(here / "b.wav")
    result = auricle("transcribe", *FAKE, "a.wav", "b.wav")
    assert result.out == f"[a.wav]\none second\n[b.wav]\n{SAID}"
    assert "2 recordings: 2 transcribed, 0 done before, 0 failed" in result.err


def test_one_bad_file_is_told_at_once_and_at_the_end(auricle: Command, here: Path) -> None:
    for name in ("a.wav", "c.wav"):
        record(here / name)
    (here / "b.wav").write_text("Dear diary " * 50)
    result = auricle("transcribe", *FAKE, "a.wav", "b.wav", "gone.wav", "c.wav", "-o", "out")
    assert (result.code, result.out) == (1, "")
    assert {"out/a.txt", "out/c.txt"} < tree(here)
    lines = result.err.splitlines()
    assert lines[-3:] == [
        "4 recordings: 2 transcribed, 0 done before, 2 failed", "failed: gone.wav", "failed: b.wav",
    ]  # fmt: skip
    assert any(line.startswith("auricle: b.wav holds text") for line in lines)


def test_names_that_are_not_text_are_printed_safely(auricle: Command, here: Path) -> None:
    names = [os.fsdecode(b"caf\xe9.wav"), "two\nlines.wav", "\x1b[31mred.wav", "100%.wav", "a[b].wav"]
    for name in names:
        record(here / name, 0.5)
    result = auricle("transcribe", *FAKE, *names, "-o", "out", "-f", "txt,json")
    assert result.code == 0
    assert len(tree(here / "out")) == 10
    assert r"caf\udce9.wav: wrote" in result.err
    assert "\x1b" not in result.err
    assert all(": " in line for line in result.err.splitlines())
    assert f"{len(names)} done before" in auricle(
        "transcribe", *FAKE, *names, "-o", "out", "-f", "txt,json"
    ).err  # fmt: skip


def test_stdout_that_cannot_say_it_gets_utf_8(process: Command, here: Path) -> None:
    record(here / "Ωμέγα.wav")
    result = process("transcribe", *FAKE, "Ωμέγα.wav", "Ωμέγα.wav", "--sample", PYTHONIOENCODING="latin-1")
    assert (result.code, result.out.splitlines()[0]) == (0, "[Ωμέγα.wav]")


def test_a_pipe_that_closes_is_no_error(here: Path) -> None:
    for number in range(30):
        record(here / f"{number}.wav")
    command = f"{sys.executable} -m auricle transcribe -q {' '.join(FAKE)} . | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment(), check=False)
    assert (done.stdout, done.stderr) == ("[0.wav]\n", "")


def test_a_full_disk_behind_stdout(here: Path) -> None:
    record(here / "talk.wav")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "auricle", "transcribe", "-q", *FAKE, "talk.wav"],
            stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "auricle: talk.wav: cannot write to stdout: No space left on device\n"


def test_python_m_auricle(process: Command) -> None:
    assert process("--version").out == "auricle 0.1.0\n"


def test_the_tab_key(process: Command) -> None:
    asked = {"_AURICLE_COMPLETE": "bash_complete", "COMP_CWORD": "3"}
    result = process(COMP_WORDS="auricle transcribe --device c", **asked)
    assert result.out.split() == ["plain,cpu", "plain,cuda"]


def test_a_package_that_is_not_installed_is_one_line(here: Path) -> None:
    code = "import sys; sys.modules['numpy'] = None; from auricle.cli import main; main(['transcribe', 'x'])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "auricle: the package numpy is not installed. Type: pip install --upgrade auricle\n"
    )


def test_a_terminal_sees_a_bar_and_whole_lines(here: Path) -> None:
    record(here / "talk.wav", 4.0)
    command = [sys.executable, "-m", "auricle", "transcribe", *FAKE, "--mode", "sequential", "talk.wav"]
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        command, stdout=terminal, stderr=terminal, stdin=terminal, env=environment(TERM="xterm")
    )
    os.close(terminal)
    seen = b""
    while True:
        try:
            seen += os.read(screen, 4096)
        except OSError:  # the other end has gone
            break
    assert process.wait() == 0
    os.close(screen)
    assert "loading fake …".encode() in seen
    assert "━".encode() in seen
    assert b"one two three four seconds\r\n" in seen
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")  # the cursor is back


def test_the_bar_leaves_stdout_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal to rich
    with_bar = ProgressLine(shown=True)
    with_bar.start("talk [b]x[/b].wav", 10.0)
    print("text", flush=True)
    with_bar.update(5.0)
    with with_bar.aside():
        print("more")
    with_bar.stop()
    shown = capsys.readouterr()
    assert shown.out == "text\nmore\n"
    assert "talk [b]x" in shown.err


def test_how_long_it_takes() -> None:
    assert clock(83.4) == "1:23"
    assert clock(3723) == "1:02:03"
    assert pace(10, 100, 2) == "5.0 × real time, 0:18 left"
    assert pace(10, None, 2) == "5.0 × real time"
    assert pace(0, 100, 2) == "0.0 × real time"


def test_printable_is_one_line() -> None:
    assert printable("a\nb\x00\u202e\udcff é字") == "a\\nb\\x00\\u202e\\udcff é字"


def test_the_language_found_is_told(monkeypatch: pytest.MonkeyPatch, auricle: Command, here: Path) -> None:
    from auricle.engines import fake

    monkeypatch.setattr(fake, "load", lambda _: fake.FakeEngine(languages={"de": 0.75, "nl": 0.25}))
    record(here / "talk.wav")
    assert "language de (75%)" in auricle("transcribe", *FAKE, "talk.wav").err


def test_json_on_stdout_is_the_whole_transcript(auricle: Command, here: Path) -> None:
    record(here / "talk.wav")
    value = json.loads(auricle("transcribe", *FAKE, "talk.wav", "-f", "json").out)
    assert value["record"]["source"]["sha256"]
    assert package.sample().is_file()


def test_docx_is_not_shown_on_a_terminal(
    auricle: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(here / "talk.wav")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "docx is not text" in auricle("transcribe", *FAKE, "talk.wav", "-f", "docx", "-q").complaint
