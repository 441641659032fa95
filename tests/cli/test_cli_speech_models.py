"""auricle lm, detect-language, models convert and the transformers engine, as they are typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from command_line import Command

import auricle as package

sys.path.insert(0, str(Path(__file__).parent.parent / "models"))

import whisper_checkpoints as wc

WORDS = 400


@pytest.fixture(scope="module")
def babel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random multilingual Whisper."""
    tokenizer = wc.tokenizer_json(WORDS, 99, timestamps=False)
    tensors = wc.random_tensors(vocabulary=WORDS + 107 + 1501)
    return wc.write_checkpoint(tmp_path_factory.mktemp("m") / "babel", tensors, heads=2, tokenizer=tokenizer)


def test_detect_language(auricle: Command, babel: Path) -> None:
    result = auricle("detect-language", package.sample(), "--model", babel)
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert result.code == 0 and len(rows) == 5
    assert all(len(row) == 3 for row in rows)
    shares = [float(row[1]) for row in rows]
    assert shares == sorted(shares, reverse=True)
    result = auricle("detect-language", package.sample(), "--model", babel, "--json")
    found = json.loads(result.out)
    assert len(found["probabilities"]) == 99 and found["language"] == rows[0][0]
    assert sum(found["probabilities"].values()) == pytest.approx(1.0, abs=1e-3)


def test_detect_language_with_a_model_of_one_language(auricle: Command) -> None:
    result = auricle("detect-language", package.sample(), "--model", "tiny.en")
    assert result.code == 1
    assert result.complaint.startswith("tiny.en cannot tell languages apart: it knows en.")


def test_detect_language_where_nobody_speaks(auricle: Command, babel: Path, here: Path) -> None:
    from command_line import record

    result = auricle("detect-language", record(here / "tone.wav"), "--model", babel)
    assert (result.code, result.out) == (1, "")
    assert "nobody speaks" in result.err


def test_a_language_model_is_built_and_named_where_it_is_missing(auricle: Command, here: Path) -> None:
    (here / "corpus.txt").write_text("One two three.\nOne two.\n")
    result = auricle("lm", "build", "corpus.txt", "-o", "lm.arpa", "--order", "2")
    assert result.code == 0
    assert "wrote lm.arpa: 6 1-grams, 5 2-grams, of 5 words in 2 sentences" in result.err
    assert auricle("lm", "build", "corpus.txt", "-o", "lm.arpa").complaint.startswith(
        "lm.arpa is there already"
    )
    assert auricle("lm", "build", "nothing.txt", "-o", "x.arpa").complaint.startswith("there is no corpus")
    assert auricle("lm", "build", "corpus.txt", "-o", "x", "--order", "0").code == 1


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("--lm", "lm.arpa"), "cannot honour lm. Engines that can: transformers, fake."),
        (("--restore",), "restoring case and punctuation takes a model of its own"),
        (("--lm-weight", "2"), "--lm-weight has no meaning without a language model"),
        (("--hotword-weight", "2"), "--hotword-weight has no meaning without hotwords"),
        (("--allow-pickle",), "opens no pickles"),
        (("--device", "mps", "--engine", "ctranslate2"), "CTranslate2 does not run on mps"),
    ],
)
def test_options_that_would_do_nothing(auricle: Command, arguments: tuple[str, ...], match: str) -> None:
    result = auricle("transcribe", package.sample(), *arguments)
    assert (result.code, result.out) == (1, "")
    assert match in result.complaint


def test_convert_writes_a_checkpoint_that_transcribes(auricle: Command, here: Path) -> None:
    pytest.importorskip("transformers")
    result = auricle("models", "convert", "tiny.en", "hf", "--to", "hf")
    assert (result.code, result.out) == (0, "hf\n")
    again = auricle("models", "convert", "tiny.en", "hf", "--to", "hf")
    assert again.complaint.startswith("hf is not empty")
    result = auricle(
        "transcribe",
        package.sample(),
        "--engine",
        "transformers",
        "--model",
        "hf",
        "--words",
        "--format",
        "tsv",
    )
    assert result.code == 0
    assert result.out.splitlines()[1:] == [
        "292\t7648\tAnd so my fellow Americans ask not what your country can do for you",
        "8132\t10592\task what you can do for your country.",
    ]
    assert "hf on transformers cpu float32" in result.err
    assert "7.6 s of speech, all of it has text" in result.err


def test_convert_writes_a_file_for_whisper_cpp(auricle: Command, here: Path) -> None:
    result = auricle("models", "convert", "tiny.en", "tiny.en.bin", "--to", "ggml")
    assert (result.code, result.out) == (0, "tiny.en.bin\n")
    assert "wrote 78 MB" in result.err
    again = auricle("models", "convert", "tiny.en", "tiny.en.bin", "--to", "ggml")
    assert again.code == 1
    assert again.complaint.startswith("tiny.en.bin exists already")
