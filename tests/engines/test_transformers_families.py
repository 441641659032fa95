"""Every family that Transformers loads: a tiny checkpoint of random weights, alone and in a batch."""

from __future__ import annotations

import functools
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers")

import tiny_checkpoints as tc
from huggingface_hub import constants

from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, LoadOptions, load_engine
from auricle.errors import ModelError, OptionError
from auricle.models import resolve
from auricle.models.kinds import CTC_TYPES, REFUSED_TYPES, SEQ2SEQ_TYPES
from auricle.transcript import join_words
from auricle.verbs.transcribe import Transcriber
from hub_server import Hub, Repo, serve

FAMILIES = tc.CTC_FAMILIES | tc.SEQ2SEQ_FAMILIES


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with the checkpoint of a family, built once."""
    base, done = tmp_path_factory.mktemp("families"), dict[str, Path]()

    def build(name: str) -> Path:
        if name not in done:
            (base / name).mkdir()
            done[name] = FAMILIES[name](base / name)
        return done[name]

    return build


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serve() as server:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf/hub"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "hf/token"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        yield server


@pytest.fixture
def copy(built: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy to break."""
    return lambda name: Path(shutil.copytree(built(name), tmp_path / name))


def options_for(name: str) -> DecodeOptions:
    return DecodeOptions(language="fr" if name == "mms" else None)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_text_alone_and_in_a_batch_of_mixed_lengths(
    built: Callable[[str], Path], name: str, slices: list[Audio]
) -> None:
    engine = load_engine(str(built(name)))
    assert engine.info.engine == "transformers"
    if name in tc.SEQ2SEQ_FAMILIES:  # random weights write as much as they may
        slices = [slices[0].slice(0.0, 0.9), slices[1].slice(0.0, 1.4), slices[2].slice(0.0, 0.6)]
    options = options_for(name)
    together = [found.text for found in engine.transcribe(slices, options)]
    assert together == [engine.transcribe([audio], options)[0].text for audio in slices]
    assert together[::-1] == [found.text for found in engine.transcribe(slices[::-1], options)]
    assert all(len(text) > 10 for text in together) and len(set(together)) == len(together)


@pytest.mark.parametrize("name", tc.CTC_FAMILIES)
def test_ctc_gives_words_their_times_and_confidences(
    built: Callable[[str], Path], name: str, slices: list[Audio]
) -> None:
    engine = load_engine(str(built(name)))
    options = DecodeOptions(language=options_for(name).language, words=True)
    for found, audio in zip(engine.transcribe(slices, options), slices, strict=True):
        assert found.duration == audio.duration
        last = 0.0
        for word in found.words:
            assert last <= word.start < word.end <= audio.duration
            assert 0 < (word.confidence or 0) <= 1
            last = word.end
        assert all(join_words(segment.words) == segment.text for segment in found.segments)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_mask_is_always_passed(built: Callable[[str], Path], name: str, slices: list[Audio]) -> None:
    engine: Any = load_engine(str(built(name)))
    seen: list[Any] = []
    target = engine._model if name in tc.CTC_FAMILIES else engine._model.get_encoder()
    forward = target.forward

    @functools.wraps(forward)  # the library looks at the signature
    def watch(*arguments: Any, **named: Any) -> Any:
        seen.append(named.get("attention_mask"))
        return forward(*arguments, **named)

    target.forward = watch
    engine.transcribe([slices[0].slice(0.0, 0.5), slices[1].slice(0.0, 0.8)], options_for(name))
    assert seen
    assert all(mask is not None for mask in seen)


@pytest.mark.parametrize("name", ["wav2vec2", "wav2vec2-base", "wav2vec2-bert", "parakeet", "moonshine"])
@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.03, 0.3])
def test_short_audio_is_no_error(built: Callable[[str], Path], name: str, seconds: float) -> None:
    engine = load_engine(str(built(name)))
    (found,) = engine.transcribe([Audio.silence(seconds)], DecodeOptions())
    assert found.duration == pytest.approx(seconds)


def test_the_lists_of_types_are_those_of_the_library() -> None:
    from transformers.models.auto import modeling_auto as auto

    assert set(CTC_TYPES) == set(auto.MODEL_FOR_CTC_MAPPING_NAMES)
    listed = {*SEQ2SEQ_TYPES, *REFUSED_TYPES, "whisper"}
    assert listed == set(auto.MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES)


# ── prompts ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (DecodeOptions(), ["<|en|>", "<|en|>"]),
        (DecodeOptions(language="de"), ["<|de|>", "<|de|>"]),
        (DecodeOptions(language="fr", task="translate"), ["<|fr|>", "<|en|>"]),
    ],
    ids=["nothing", "german", "french to english"],
)
def test_canary_is_told_what_is_spoken_and_what_to_write(
    built: Callable[[str], Path],
    slices: list[Audio],
    options: DecodeOptions,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine: Any = load_engine(str(built("canary")))
    seen: list[Any] = []
    generate = engine._model.generate

    def spy(**given: Any) -> Any:
        seen.append(given["decoder_input_ids"])
        return generate(**given)

    monkeypatch.setattr(engine._model, "generate", spy)
    (found,) = engine.transcribe([slices[0].slice(0.0, 0.9)], options)
    tokens = engine._tokenizer.convert_ids_to_tokens(seen[0][0])
    assert tokens == ["<|startofcontext|>", *asked, "<|pnc|>"]
    assert found.text and "<" not in found.text


def test_canary_translates_from_a_language_that_is_named(
    built: Callable[[str], Path], slices: list[Audio], tmp_path: Path
) -> None:
    engine = load_engine(str(built("canary")))
    with pytest.raises(OptionError, match="--language de"):
        engine.transcribe([slices[0].slice(0.0, 0.9)], DecodeOptions(task="translate"))
    folder = shutil.copytree(built("canary"), tmp_path / "cut")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="lacks chat_template"):
        load_engine(str(folder))


# ── adapters ─────────────────────────────────────────────────────────────────────────────────────


def test_an_adapter_a_language(built: Callable[[str], Path], slices: list[Audio]) -> None:
    engine = load_engine(str(built("mms")))
    assert engine.info.languages == ("en", "fr")
    english, french = (
        engine.transcribe(slices[:1], DecodeOptions(language=code))[0] for code in ("en", "fr")
    )
    assert english.text != french.text
    assert engine.transcribe(slices[:1], DecodeOptions(language="en"))[0].text == english.text


def test_a_language_without_an_adapter(built: Callable[[str], Path]) -> None:
    load = LoadOptions(model=str(built("mms")))
    with pytest.raises(OptionError, match="does not know the language 'de', only: en, fr"):
        load_engine(load, decode=DecodeOptions(language="de"))


def test_adapters_of_a_repository_come_when_they_are_asked_for(
    built: Callable[[str], Path], slices: list[Audio], hub: Hub
) -> None:
    folder = built("mms")
    hub.repos["me/mms"] = Repo()
    hub.repos["me/mms"].commit({path.name: path.read_bytes() for path in folder.iterdir()})
    engine = load_engine("me/mms", decode=DecodeOptions(language="fr"))
    assert engine.info.languages == ("en", "fr")
    assert not hub.asked_for("adapter.fra")
    here = load_engine(str(folder))
    for language in ("fr", "en"):
        options = DecodeOptions(language=language)
        assert engine.transcribe(slices[:1], options) == here.transcribe(slices[:1], options)
    assert hub.asked_for("adapter.fra") and hub.asked_for("adapter.eng")
    with pytest.raises(OptionError, match="does not know the language 'de', only: en, fr"):
        load_engine("me/mms", decode=DecodeOptions(language="de"))


def test_an_adapter_that_a_repository_lacks(
    built: Callable[[str], Path], slices: list[Audio], hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {path.name: path.read_bytes() for path in built("mms").iterdir()}
    del files["adapter.fra.safetensors"]
    hub.repos["me/part"] = Repo()
    hub.repos["me/part"].commit(files)
    engine = load_engine("me/part")
    with pytest.raises(ModelError, match=r"me/part has no adapter\.fra\.safetensors"):
        engine.transcribe(slices[:1], DecodeOptions(language="fr"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        ModelError, match=r"offline, and adapter\.eng\.safetensors of me/part is not in the cache"
    ):
        engine.transcribe(slices[:1], DecodeOptions(language="en"))


def test_languages_that_only_mms_knows(
    built: Callable[[str], Path], slices: list[Audio], tmp_path: Path
) -> None:
    """Abidji has no code of two letters and is none of Whisper's hundred."""
    folder = Path(shutil.copytree(built("mms"), tmp_path / "mms"))
    (folder / "adapter.fra.safetensors").rename(folder / "adapter.abi.safetensors")
    vocab = json.loads((folder / "vocab.json").read_text())
    (folder / "vocab.json").write_text(json.dumps({"abi": vocab["fra"], "eng": vocab["eng"]}))
    transcriber = Transcriber(model=str(folder), language="abi")
    assert transcriber.engine.info.languages == ("abi", "en")
    heard = transcriber.engine.transcribe(slices[:1], transcriber.options.decode)
    assert heard[0].language == "abi"
    with pytest.raises(OptionError, match="does not know the language 'dv'"):
        Transcriber(model=str(folder), language="Dhivehi")


# ── what is refused, before any weights are read ─────────────────────────────────────────────────


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    from auricle.engines.transformers import opening

    def fail(*_: Any) -> Any:
        raise AssertionError("the weights were read")

    for module in ("ctc", "seq2seq", "whisper"):
        monkeypatch.setattr(f"auricle.engines.transformers.{module}.open_model", fail)
    assert opening


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    ("name", "values", "match"),
    [
        ("wav2vec2", {"task": "translate"}, "cannot translate: it can transcribe only"),
        ("wav2vec2", {"prompt": "x"}, "cannot honour prompt"),
        ("moonshine", {"words": True}, "cannot honour words"),
        ("moonshine", {"task": "translate"}, "can transcribe only"),
        ("moonshine", {"lm": "x.arpa"}, "cannot honour lm"),
        ("wav2vec2", {"restore": True}, "restoring case and punctuation takes a model of its own"),
    ],
)
def test_options_that_a_family_cannot_honour(
    built: Callable[[str], Path], name: str, values: dict[str, Any], match: str
) -> None:
    with pytest.raises(OptionError, match=match):
        load_engine(LoadOptions(model=str(built(name))), decode=DecodeOptions(**values))


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    ("name", "file", "match"),
    [
        ("wav2vec2", "preprocessor_config.json", r"lacks preprocessor_config\.json"),
        ("wav2vec2", "vocab.json", r"lacks vocab\.json or tokenizer\.json"),
        ("wav2vec2", "config.json", r"lacks config\.json"),
        ("wav2vec2", "model.safetensors", "holds no model"),
        ("moonshine", "tokenizer.json", "cannot be loaded"),
    ],
)
def test_a_missing_file(copy: Callable[[str], Path], name: str, file: str, match: str) -> None:
    folder = copy(name)
    (folder / file).unlink()
    if file == "vocab.json":
        (folder / "tokenizer.json").unlink(missing_ok=True)
    with pytest.raises(ModelError, match=match):
        load_engine(str(folder))


def change(folder: Path, **values: Any) -> str:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | values))
    return str(folder)


@pytest.mark.usefixtures("unread")
def test_a_vocabulary_that_does_not_fit(copy: Callable[[str], Path]) -> None:
    with pytest.raises(ModelError, match=r"lm_head\.weight has 32 rows, vocab_size in config\.json is 40"):
        load_engine(change(copy("wav2vec2"), vocab_size=40))
    with pytest.raises(ModelError, match="the tokenizer knows 32 tokens, the model 20"):
        load_engine(change(copy("hubert"), vocab_size=20))


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"architectures": ["Wav2Vec2ForSequenceClassification"]}, "which writes no text.*ends in ForCTC"),
        ({"architectures": ["Wav2Vec2ForPreTraining"]}, "Fine-tune it first"),
        ({"model_type": "bert"}, "is a 'bert' checkpoint; Auricle loads whisper"),
        ({"model_type": "speecht5"}, "is a 'speecht5' checkpoint"),
    ],
)
def test_a_model_of_another_task(copy: Callable[[str], Path], values: dict[str, Any], match: str) -> None:
    with pytest.raises(ModelError, match=match):
        resolve(change(copy("wav2vec2"), **values))


def test_weights_without_the_last_layer(copy: Callable[[str], Path]) -> None:
    from safetensors.torch import load_file, save_file

    folder = copy("wav2vec2")
    tensors = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith("lm_head")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks 2 weights, such as lm_head\.bias"):
        load_engine(str(folder))


# ── pickles ──────────────────────────────────────────────────────────────────────────────────────


def test_a_pickle_is_opened_only_when_it_is_asked_for(
    copy: Callable[[str], Path], slices: list[Audio]
) -> None:
    import torch
    from safetensors.torch import load_file

    folder = copy("wav2vec2")
    text = load_engine(str(folder)).transcribe(slices[:1], DecodeOptions())[0].text
    with pytest.raises(OptionError, match="holds no pickle"):
        load_engine(LoadOptions(model=str(folder), allow_pickle=True))
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"only as a pickle, which could run code.*--allow-pickle"):
        load_engine(str(folder))
    opened: Engine = load_engine(LoadOptions(model=str(folder), allow_pickle=True))
    assert opened.transcribe(slices[:1], DecodeOptions())[0].text == text


def test_ctranslate2_opens_no_pickles_and_runs_on_no_mps() -> None:
    with pytest.raises(OptionError, match=r"opens no pickles\. Type: --engine transformers"):
        load_engine(LoadOptions(allow_pickle=True))
    with pytest.raises(OptionError, match="does not run on mps"):
        load_engine(LoadOptions(engine="ctranslate2", device="mps"))


def test_a_model_of_another_rate_is_given_its_own(tmp_path: Path) -> None:
    """Engines hear 16 kHz; a model of telephone sound is given 8 kHz."""
    (tmp_path / "narrow").mkdir()
    folder = tc.wav2vec2(tmp_path / "narrow")
    file = folder / "preprocessor_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "sampling_rate": 8000}))
    engine: Any = load_engine(LoadOptions(model=str(folder), engine="transformers"))
    heard: list[int] = []
    extract = engine._sound._extractor

    def listening(sounds: list[Any], **named: Any) -> Any:
        heard.extend([named["sampling_rate"], len(sounds[0])])
        return extract(sounds, **named)

    engine._sound._extractor = listening
    (found,) = engine.transcribe([Audio(np.zeros(16_000, np.float32), 16_000)], DecodeOptions())
    assert (engine.rate, heard, found.duration) == (16_000, [8000, 8000], 1.0)
