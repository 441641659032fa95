"""The other families learn too: CTC with letters of its own or new ones, and Moonshine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny_checkpoints as made

from audio_files import tone, write
from auricle.audio import Audio
from auricle.engines import DecodeOptions, load_engine
from auricle.errors import DatasetError, OptionError
from auricle.verbs.finetune import finetune, recipe_of
from auricle.verbs.finetune.scratch import BLANK, SPACE, UNKNOWN, letters, words

torch = pytest.importorskip("torch")


def corpus(folder: Path, rate: int = 16_000) -> Path:
    """Twelve tones whose texts have letters that the tiny checkpoints know."""
    folder.mkdir(parents=True)
    rows = []
    for number in range(12):
        write(folder / f"{number}.wav", tone(200 + 40 * number, seconds=0.8, rate=rate), rate)
        rows.append({"audio": f"{number}.wav", "text": f"he sat {'on it' if number % 2 else 'in'}"})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    return folder / "manifest.jsonl"


def recipe(tmp_path: Path, data: Path, **base: Any) -> dict[str, Any]:
    return {
        "output": str(tmp_path / "out"),
        "base": base,
        "data": {"train": [str(data)], "dev_size": 2, "mask": False},
        "training": {
            "max_steps": 2,
            "batch_size": 2,
            "evaluate_every": 2,
            "learning_rate": 1e-3,
            "precision": "float32",
        },
    }


@pytest.mark.parametrize("family", ["wav2vec2", "hubert", "wavlm", "wav2vec2-bert", "parakeet", "moonshine"])
def test_a_family_learns_and_is_loaded_again(family: str, tmp_path: Path) -> None:
    base = {**made.CTC_FAMILIES, **made.SEQ2SEQ_FAMILIES}[family](tmp_path / "base")
    found = finetune(recipe_of(recipe(tmp_path, corpus(tmp_path / "data"), model=str(base))))
    assert found.story["steps"] == 2 and found.story["kind"] == (
        "seq2seq" if family == "moonshine" else "ctc"
    )
    engine = load_engine(str(found.folder))
    assert engine.transcribe([Audio.silence(1.0, engine.rate)], DecodeOptions())


def test_a_model_from_nothing_has_the_letters_of_the_data(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = corpus(tmp_path / "data", rate=8_000)
    asked = recipe(tmp_path, data, scratch="conformer", width=32, layers=1)
    found = finetune(recipe_of(asked))
    assert "Writing" not in capfd.readouterr().err  # the library's own bar
    vocabulary = json.loads((found.folder / "vocab.json").read_text("utf-8"))
    assert sorted(vocabulary, key=vocabulary.__getitem__) == [BLANK, UNKNOWN, SPACE, *"aehinost"]
    engine = load_engine(str(found.folder))
    # It is given sound at 16 kHz like every engine and resamples to what the model learnt from.
    processor = json.loads((found.folder / "preprocessor_config.json").read_text("utf-8"))
    assert processor["sampling_rate"] == 8_000
    assert engine.rate == 16_000 and engine.info.engine == "transformers"
    assert engine.transcribe([Audio.silence(1.0, engine.rate)], DecodeOptions())[0].duration == 1.0
    assert found.story["dev"]["before"] is None


def test_letters_are_asked_for_as_they_will_be_written(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    data.write_text(data.read_text().replace("he sat", "He, sat"))
    asked = recipe(tmp_path, data, scratch="conformer", width=32, layers=1)
    found = finetune(recipe_of({**asked, "data": {**asked["data"], "text": "spoken"}}))
    vocabulary = json.loads((found.folder / "vocab.json").read_text("utf-8"))
    assert sorted(vocabulary, key=vocabulary.__getitem__) == [BLANK, UNKNOWN, SPACE, *"aehinost"]


def test_letters_are_sorted_and_there() -> None:
    assert letters(["ba a", "|c"]) == [BLANK, UNKNOWN, SPACE, "a", "b", "c"]
    with pytest.raises(DatasetError, match="no letters"):
        letters([" "])
    with pytest.raises(DatasetError, match="too many for CTC"):
        letters(["".join(map(chr, range(0x4E00, 0x4E00 + 2001)))])


def test_a_model_from_nothing_that_writes_whole_words(tmp_path: Path) -> None:
    from auricle.engines.transformers.vocabulary import Vocabulary
    from auricle.models import resolve

    asked = recipe(
        tmp_path, corpus(tmp_path / "data"), scratch="conformer", width=32, layers=1, units="words"
    )
    found = finetune(recipe_of(asked))
    config = json.loads((found.folder / "config.json").read_text("utf-8"))
    alphabet = Vocabulary(resolve(str(found.folder)), config).alphabet
    assert alphabet.texts == ("", "", " he", " in", " it", " on", " sat") and alphabet.blank == 0
    assert alphabet.text([2, 6, 0, 3]) == "he sat in"
    assert config["vocab_size"] == 7 and config["encoder_config"]["subsampling_factor"] == 4
    engine = load_engine(str(found.folder))
    assert engine.transcribe([Audio.silence(1.0, engine.rate)], DecodeOptions())[0].duration == 1.0


def test_words_are_sorted_and_few() -> None:
    assert words(["two one", "one"]) == [BLANK, UNKNOWN, "▁one", "▁two"]
    with pytest.raises(DatasetError, match="no words"):
        words([" "])
    with pytest.raises(DatasetError, match=r"base\.units=letters"):
        words([" ".join(map(str, range(2001)))])


def test_texts_with_letters_that_the_model_lacks(tmp_path: Path) -> None:
    base = made.wav2vec2(tmp_path / "base")
    data = corpus(tmp_path / "data")
    data.write_text(data.read_text().replace("sat", "SÄT"))
    with pytest.raises(DatasetError, match="unknown-letters"):
        finetune(recipe_of(recipe(tmp_path, data, model=str(base))))


def test_what_is_for_whisper_is_refused(tmp_path: Path) -> None:
    base = made.wav2vec2(tmp_path / "base")
    asked = recipe(tmp_path, corpus(tmp_path / "data"), model=str(base))
    asked["training"]["tail"] = 2.0
    with pytest.raises(OptionError, match=r"training\.tail is for Whisper"):
        finetune(recipe_of(asked))
