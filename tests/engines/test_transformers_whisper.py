"""Whisper on Transformers says what Whisper on CTranslate2 says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, LoadOptions, load_engine
from auricle.errors import ModelError, OptionError

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def exact(caches: None) -> Engine:
    """The same weights on CTranslate2, in float32 as well."""
    return load_engine(LoadOptions(compute_type="float32"))


def test_text_times_measures_and_words_agree(reference: Engine, exact: Engine, jfk: Audio) -> None:
    options = DecodeOptions(words=True)
    (ours,), (theirs,) = (engine.transcribe([jfk], options) for engine in (reference, exact))
    assert ours.text == theirs.text
    for mine, other in zip(ours.segments, theirs.segments, strict=True):
        assert (mine.start, mine.end) == pytest.approx((other.start, other.end), abs=0.02)
        assert mine.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
        assert mine.no_speech_prob == pytest.approx(other.no_speech_prob, abs=1e-3)
    for mine, other in zip(ours.words, theirs.words, strict=True):
        assert mine.text == other.text
        assert (mine.start, mine.end) == pytest.approx((other.start, other.end), abs=0.05)
        assert mine.confidence == pytest.approx(other.confidence, abs=1e-2)


@pytest.mark.parametrize(
    "options",
    [
        DecodeOptions(beam_size=3),
        DecodeOptions(prompt="A speech of 1961."),
        DecodeOptions(previous="Fellows"),
    ],
    ids=["beams", "prompt", "previous"],
)
def test_what_steers_one_steers_the_other(
    reference: Engine, exact: Engine, jfk: Audio, options: DecodeOptions
) -> None:
    part = jfk.slice(0.0, 3.2)
    ours, theirs = (engine.transcribe([part], options)[0].text for engine in (reference, exact))
    assert re.findall(r"\w+", ours.lower()) == re.findall(r"\w+", theirs.lower())


def test_languages_of_a_multilingual_model(
    random_folder: Path, babel: Engine, noise: Audio, caches: None
) -> None:
    engine = load_engine(str(random_folder), engine="transformers")
    assert engine.info.languages == babel.info.languages
    assert engine.info.tasks == ("transcribe", "translate")
    (ours,), (theirs,) = (one.detect_language([noise]) for one in (engine, babel))  # type: ignore[attr-defined]
    assert list(ours) != [] and set(ours) == set(theirs)
    for code, chance in ours.items():
        assert chance == pytest.approx(theirs[code], abs=2e-3)


def test_sixteen_bits(caches: None, jfk: Audio) -> None:
    engine = load_engine(LoadOptions(engine="transformers", compute_type="bfloat16"))
    assert engine.info.compute_type == "bfloat16"
    assert "americans" in engine.transcribe([jfk.slice(0.0, 3.2)], DecodeOptions())[0].text.lower()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"compute_type": "int8"}, "cannot compute in int8. It can: float32, float16, bfloat16"),
        ({"device": "cuda"}, "torch finds no cuda here. Type: --device cpu"),
        ({"device": "mps"}, "torch finds no mps here"),
    ],
)
def test_what_this_machine_cannot(caches: None, options: dict[str, str], match: str) -> None:
    import torch

    if options.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(OptionError, match=match):
        load_engine(LoadOptions(engine="transformers", **options))  # type: ignore[arg-type]


def test_a_vocabulary_of_another_size_is_refused_before_loading(tmp_path: Path, random_folder: Path) -> None:
    for path in random_folder.iterdir():
        text = path.read_bytes()
        if path.name == "config.json":
            text = re.sub(rb'"vocab_size": \d+', b'"vocab_size": 2009', text)
        (tmp_path / path.name).write_bytes(text)
    with pytest.raises(ModelError, match=r"has 2008 rows, vocab_size in config\.json is 2009"):
        load_engine(str(tmp_path), engine="transformers")
