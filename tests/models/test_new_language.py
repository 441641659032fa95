"""A language that a Whisper had no token for: it begins as its relative, in every engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import whisper_checkpoints as wc

from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, LoadOptions, load_engine
from auricle.engines.whisper import WhisperTokens
from auricle.errors import ModelError, OptionError
from auricle.models import LANGUAGES, language_code, resolve
from auricle.models.convert import convert
from auricle.models.new_language import with_language
from auricle.models.to_ggml import convert_to_ggml
from auricle.models.to_huggingface import convert_to_huggingface
from auricle.models.whisper_tokens import added_languages, behind_times, load_tokenizer, suppressed

pytest.importorskip("transformers")
WORDS = 400
YORUBA, TWI = WORDS + 2 + list(LANGUAGES).index("yo"), WORDS + 103  # the latter is that of <|startoflm|>
SIZE = WORDS + 107 + 1501


@pytest.fixture(scope="module", params=[False, True], ids=["without times", "with times"])
def taught(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random multilingual checkpoint, and the one with Twi in it beside it."""
    folder = tmp_path_factory.mktemp("language") / "babel"
    tokenizer = wc.tokenizer_json(WORDS, 99, timestamps=request.param)
    tensors = wc.random_tensors(vocabulary=SIZE)
    tensors["model.decoder.embed_tokens.weight"][: WORDS + 107] *= 40  # so that words outweigh all times
    wc.write_checkpoint(folder, tensors, heads=2, tokenizer=tokenizer)
    config = json.loads((folder / "config.json").read_text())
    config |= {"eos_token_id": WORDS, "pad_token_id": WORDS, "decoder_start_token_id": WORDS + 1}
    config |= {"architectures": ["WhisperForConditionalGeneration"]}
    (folder / "config.json").write_text(json.dumps(config))
    made = with_language(resolve(str(folder)), "tw", YORUBA, folder.parent / "twi")
    return made.path


def engines(folder: Path, tmp_path: Path) -> list[Engine]:
    (tmp_path / "ct2").mkdir()
    convert(folder, tmp_path / "ct2", "float32")
    return [
        load_engine(LoadOptions(model=str(folder), engine="transformers")),
        load_engine(LoadOptions(model=str(folder), engine="openvino", compute_type="float32")),
        load_engine(LoadOptions(model=str(tmp_path / "ct2"), engine="ctranslate2", compute_type="float32")),
    ]


def test_every_engine_writes_what_it_writes_for_the_relative(
    taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auricle.engines.transformers.whisper.MAX_TOKENS", 24)
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    for engine in engines(taught, tmp_path):
        assert engine.info.languages[-1] == "tw" and len(engine.info.languages) == 100
        sound = [Audio(noise, 16_000)]
        new, old, other = (
            engine.transcribe(sound, DecodeOptions(language=code))[0].segments[0]
            for code in ("tw", "yo", "de")
        )
        assert (new.text, new.avg_logprob) == (old.text, pytest.approx(old.avg_logprob, rel=1e-5))
        assert other.avg_logprob != pytest.approx(new.avg_logprob, rel=1e-3)
        (chances,) = engine.detect_language(sound)
        assert chances["tw"] == pytest.approx(chances["yo"], rel=1e-4)
        assert sum(chances.values()) == pytest.approx(1.0, abs=1e-3)


def test_the_token_is_known_and_never_written(taught: Path) -> None:
    tokenizer = load_tokenizer(taught)
    assert added_languages(tokenizer) == {"tw": TWI}
    assert tokenizer.token_to_id("<|startoflm|>") == SIZE and behind_times(tokenizer) == [SIZE]
    tokens = WhisperTokens(tokenizer)
    assert tokens.language_token("tw") == TWI and tokens.language_of("<|tw|>") == "tw"
    assert tokens.language_of("<|yo|>") == "yo" and tokens.language_token("yo") == YORUBA
    assert SIZE in suppressed(tokenizer, [{}]) and suppressed(tokenizer, [{"suppress_tokens": [3]}]) == [
        3,
        SIZE,
    ]
    assert tokens.decode([5, TWI, 6]) == tokens.decode([5, 6])
    assert language_code("tw", tokens.languages()) == "tw"
    with pytest.raises(OptionError):
        language_code("tw")


def test_what_comes_out_is_a_checkpoint_of_the_library(taught: Path) -> None:
    import torch
    from transformers import WhisperForConditionalGeneration, WhisperTokenizerFast

    model, report = WhisperForConditionalGeneration.from_pretrained(taught, output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"] and not report["mismatched_keys"]
    assert model.config.vocab_size == SIZE + 1
    rows = model.get_input_embeddings().weight
    assert torch.equal(rows[TWI], rows[YORUBA]) and torch.equal(rows, model.get_output_embeddings().weight)
    tokenizer: Any = WhisperTokenizerFast.from_pretrained(taught)
    assert tokenizer.convert_tokens_to_ids("<|tw|>") == TWI
    assert tokenizer.decode([TWI], skip_special_tokens=True) == ""


@pytest.mark.parametrize("code", ["Twi", "t", "<|tw|>", "twi-GH", "../tw", "ab1"])
def test_what_is_no_code_is_refused(taught: Path, tmp_path: Path, code: str) -> None:
    with pytest.raises(OptionError, match="is no code of a language"):
        with_language(resolve(str(taught)), code, YORUBA, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_other_layouts_keep_the_language_or_refuse_it(taught: Path, tmp_path: Path) -> None:
    (tmp_path / "ct2").mkdir()
    convert(taught, tmp_path / "ct2", "float32")
    back = convert_to_huggingface(resolve(str(tmp_path / "ct2")), tmp_path / "hf")
    assert added_languages(load_tokenizer(back.path)) == {"tw": TWI}
    generation = json.loads((back.path / "generation_config.json").read_text())
    assert generation["lang_to_id"]["<|tw|>"] == TWI and SIZE in generation["suppress_tokens"]
    with pytest.raises(ModelError, match=r"whisper\.cpp counts the languages.*'tw' besides\. Type: --to ct2"):
        convert_to_ggml(resolve(str(taught)), tmp_path / "x.bin")
    assert not (tmp_path / "x.bin").exists()


def test_there_is_room_for_one_language(taught: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="was given a token for 'tw'; there is room for one"):
        with_language(resolve(str(taught)), "fy", TWI, tmp_path / "two")
