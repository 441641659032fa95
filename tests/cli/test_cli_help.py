"""What the help says, and that the flags are the options."""

from __future__ import annotations

import re
import resource
import subprocess
import sys

import pytest
from command_line import Command, environment

from auricle.cli.flags import _sentence, _shown, _title, options_from, typed
from auricle.formats import FORMATS, CueStyle
from auricle.options import options_of
from auricle.verbs.transcribe import TranscribeOptions
from auricle.verbs.transcribe.files import OutputOptions


def test_every_option_is_offered_with_its_default_and_its_choices(auricle: Command) -> None:
    text = auricle("transcribe", "--help").out
    flat = " ".join(text.split())
    for cls in (OutputOptions, TranscribeOptions):
        for item in options_of(cls):
            flag = f"--{item.name.replace('_', '-')}"
            assert (re.search(rf"{flag}\b", text) is not None) is not item.hidden, flag
            if not item.hidden and (shown := _shown(item)) is not None:
                assert f"[default: {shown}]" in flat, item.name
    assert ", ".join(FORMATS) in flat


def test_the_groups_stand_in_the_order_of_the_options(auricle: Command) -> None:
    text = auricle("transcribe", "--help").out
    headings = [line.split(" –")[0].rstrip(":") for line in text.splitlines() if re.match(r"[A-Z].*:$", line)]
    assert headings == ["Options", "Output", "Cues", "Load", "Decode", "Transcribe", "Speech", "Gates"]


@pytest.mark.parametrize("command", ["transcribe", "convert", "compare-models", "doctor"])
def test_help_of_each_command_has_examples_where_there_is_much(command: str, auricle: Command) -> None:
    result = auricle(command, "--help")
    assert (result.code, result.err) == (0, "")
    assert "Examples:" in result.out or command == "doctor"


def test_the_first_page(auricle: Command) -> None:
    for typed_ in (["--help"], ["-h"]):
        text = auricle(*typed_).out
        assert "auricle transcribe --sample" in text
        assert "_AURICLE_COMPLETE=bash_source" in text
    assert auricle().code == 2


def test_help_takes_no_time() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "auricle", "--help"], capture_output=True, env=environment(), check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0  # 0.12 s here


def test_nothing_typed_is_nothing_changed() -> None:
    assert options_from(
        TranscribeOptions, dict.fromkeys(item.name for item in options_of(TranscribeOptions))
    ) == (TranscribeOptions())
    assert typed({"words": False, "format": ([], ["srt", "json"]), "model": None}, TranscribeOptions) == {
        "words": False
    }
    assert options_from(OutputOptions, {"format": (["srt"], ["json"])}).format == ("srt", "json")


def test_headings_come_from_the_classes() -> None:
    assert _title("OutputOptions") == "Output"
    assert _title("CueStyle") == "Cue style"
    assert _sentence(CueStyle) == "what a caption may look like"
