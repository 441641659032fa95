"""The embedded weights as a Hugging Face checkpoint: every file, every id, the same logits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import whisper_checkpoints as wc

import auricle
from auricle import features
from auricle.audio import Audio
from auricle.errors import ModelError, OutputError
from auricle.models import embedded, resolve
from auricle.models.convert import convert
from auricle.models.to_huggingface import convert_to_huggingface, huggingface_folder

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AURICLE_CACHE", str(tmp_path_factory.mktemp("cache")))
        out = tmp_path_factory.mktemp("converted") / "tiny.en"
        return convert_to_huggingface(embedded.embedded(), out).path


@pytest.fixture(scope="module")
def model(checkpoint: Path):
    return transformers.WhisperForConditionalGeneration.from_pretrained(checkpoint).eval()


def test_the_folder_is_a_model(checkpoint: Path) -> None:
    folder = resolve(str(checkpoint))
    assert folder.layout == "huggingface"
    assert not list(checkpoint.parent.glob(".*"))


def test_ids_lists_and_heads_are_those_of_tiny_en(checkpoint: Path, model) -> None:
    generation = model.generation_config
    assert (generation.eos_token_id, generation.decoder_start_token_id) == (50256, 50257)
    assert (generation.no_timestamps_token_id, generation.prev_sot_token_id) == (50362, 50360)
    original = json.loads((embedded.installed() / "config.json").read_text())
    assert generation.suppress_tokens == original["suppress_ids"]
    assert generation.begin_suppress_tokens == original["suppress_ids_begin"] == [220, 50256]
    assert generation.alignment_heads == original["alignment_heads"]
    assert generation.is_multilingual is False
    assert (model.config.pad_token_id, model.config.vocab_size, model.dtype) == (50256, 51864, torch.float32)


def test_weights_come_back_bit_for_bit(checkpoint: Path, tmp_path: Path) -> None:
    convert(checkpoint, tmp_path)
    original, again = (wc.read_ctranslate2(path / "model.bin") for path in (embedded.installed(), tmp_path))
    for name, array in original.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)


def test_the_processor_loads_with_its_timestamps(checkpoint: Path, jfk: Audio) -> None:
    processor = transformers.AutoProcessor.from_pretrained(checkpoint)
    assert isinstance(processor, transformers.WhisperProcessor)
    text = "<|startoftranscript|><|0.00|> And so<|29.98|><|endoftext|>"
    ids = processor.tokenizer(text, add_special_tokens=False).input_ids
    assert ids == [50257, 50363, 843, 523, 50363 + 1499, 50256]
    assert processor.tokenizer.decode(ids, skip_special_tokens=True) == " And so"
    assert processor.tokenizer("And").input_ids == [50257, 50362, 1870, 50256]
    theirs = processor(jfk.samples, sampling_rate=16_000, return_tensors="np").input_features[0]
    ours = features.log_mel(jfk.samples, 80, 3000)
    np.testing.assert_allclose(theirs, ours, atol=2e-4)


@pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")  # CTranslate2's arrays
def test_states_and_logits_agree_with_ctranslate2(model, jfk: Audio) -> None:
    """Measured: 5e-5 of 12 in the encoder's states, 4e-5 of 40 in the logits; float16 resolves 3e-2 at 40."""
    reference = ctranslate2.models.Whisper(str(embedded.installed()), device="cpu", compute_type="float32")
    mel = features.log_mel(jfk.samples, 80, 3000)[None]
    states = reference.encode(ctranslate2.StorageView.from_array(mel))
    free = {"suppress_tokens": [], "suppress_blank": False, "return_logits_vocab": True}
    (wanted,) = reference.generate(states, [[50257, 50362]], beam_size=1, **free)
    with torch.inference_mode():
        encoded = model.model.encoder(torch.from_numpy(mel)).last_hidden_state
        ids = torch.tensor([[50257, 50362, *wanted.sequences_ids[0]]])
        found = model(encoder_outputs=(encoded,), decoder_input_ids=ids).logits[0, 1:].numpy()
    np.testing.assert_allclose(encoded.numpy(), np.asarray(states), atol=1e-3)
    np.testing.assert_allclose(found, np.stack([np.asarray(row) for row in wanted.logits[0]]), atol=1e-3)
    assert found.argmax(-1).tolist() == [*wanted.sequences_ids[0], 50256]


def test_transformers_itself_writes_the_same_text(checkpoint: Path, model, jfk: Audio) -> None:
    processor = transformers.AutoProcessor.from_pretrained(checkpoint)
    sound = processor(jfk.samples, sampling_rate=16_000, return_tensors="pt", return_attention_mask=True)
    ids = model.generate(sound.input_features, attention_mask=sound.attention_mask, return_timestamps=True)
    (text,) = processor.batch_decode(ids, skip_special_tokens=True)
    assert text.strip() == auricle.transcribe(auricle.sample(), compute_type="float32").text


# ── random multilingual checkpoints ──────────────────────────────────────────────────────────────


@pytest.fixture
def babel(tmp_path: Path) -> Path:
    tokenizer = wc.tokenizer_json(400, 99, timestamps=False)
    tensors = wc.random_tensors(vocabulary=400 + 107 + 1501)
    return wc.write_checkpoint(tmp_path / "source", tensors, heads=2, tokenizer=tokenizer)


def test_there_and_back(babel: Path, tmp_path: Path) -> None:
    (tmp_path / "ct2").mkdir()
    convert(babel, tmp_path / "ct2")
    found = convert_to_huggingface(resolve(str(tmp_path / "ct2")), tmp_path / "back")
    config, again = (json.loads((path / "config.json").read_text()) for path in (babel, found.path))
    assert {key: again[key] for key in config} == config
    generation = json.loads((found.path / "generation_config.json").read_text())
    assert generation["lang_to_id"]["<|de|>"] == 400 + 2 + 2
    assert generation["task_to_id"] == {"transcribe": 502, "translate": 501}
    loaded = transformers.WhisperForConditionalGeneration.from_pretrained(found.path)
    tensors = wc.random_tensors(vocabulary=400 + 107 + 1501)
    for name, tensor in tensors.items():
        half = torch.from_numpy(tensor).to(torch.float16).to(torch.float32)
        torch.testing.assert_close(loaded.state_dict()[name], half, rtol=0, atol=0)


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").touch()
    with pytest.raises(OutputError, match="is not empty"):
        convert_to_huggingface(resolve("tiny.en"), tmp_path / "there")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["mine.txt"]


def test_a_checkpoint_needs_no_conversion(babel: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a Hugging Face checkpoint already"):
        convert_to_huggingface(resolve(str(babel)), tmp_path / "x")
    assert huggingface_folder(resolve(str(babel))).path == babel


@pytest.mark.parametrize("cut", [0, 3, 40, 5_000, 40_000_000])
def test_a_model_cut_short(tmp_path: Path, cut: int) -> None:
    broken = _copy(tmp_path / "broken")
    data = (broken / "model.bin").read_bytes()
    (broken / "model.bin").write_bytes(data[:cut])
    with pytest.raises(ModelError, match=r"model\.bin cannot be read"):
        convert_to_huggingface(resolve(str(broken)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_version(tmp_path: Path) -> None:
    broken = _copy(tmp_path / "broken")
    data = (broken / "model.bin").read_bytes()
    (broken / "model.bin").write_bytes(b"\x05" + data[1:])
    with pytest.raises(ModelError, match="version 5 of CTranslate2's format"):
        convert_to_huggingface(resolve(str(broken)), tmp_path / "out")


def _copy(folder: Path) -> Path:
    folder.mkdir()
    source = embedded.installed()
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"):
        (folder / name).write_bytes((source / name).read_bytes())
    return folder


def test_the_cache_keeps_one_conversion() -> None:
    first = huggingface_folder(resolve("tiny.en"))
    assert replace(huggingface_folder(resolve("tiny.en")), origin=first.origin) == first
