"""Converted checkpoints say what the originals say; broken ones are refused in one line."""

import json
import os
import threading
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import whisper_checkpoints as wc

from auricle.errors import ModelError, OutputError
from auricle.models import ModelFolder, embedded, resolve
from auricle.models.checkpoint import Tensors, header
from auricle.models.convert import converted_path, ctranslate2_folder
from auricle.models.whisper_tokens import load_tokenizer, suppressed, suppressed_first, vocabulary

WORDS = 400  # words of the tiny tokenizers, besides the control tokens


def tiny(folder: Path, **changes) -> Path:
    """A random multilingual checkpoint with 99 languages."""
    options = {"heads": 2, "tokenizer": wc.tokenizer_json(WORDS, 99, timestamps=False)} | changes
    vocabulary = options.pop("vocabulary", WORDS + 107 + 1501)
    tensors = options.pop("tensors", None) or wc.random_tensors(vocabulary=vocabulary)
    return wc.write_checkpoint(folder, tensors, **options)


def converted(folder: Path) -> ModelFolder:
    return ctranslate2_folder(resolve(str(folder)))


def encode(folder: ModelFolder, mels: int = 80) -> np.ndarray:
    model = ctranslate2.models.Whisper(
        str(folder.path), device="cpu", compute_type="float32", intra_threads=1
    )
    features = np.random.default_rng(3).normal(0, 0.5, (1, mels, 3000)).astype(np.float32)
    return np.asarray(model.encode(ctranslate2.StorageView.from_array(features)))


# ── the embedded model, turned back into a Hugging Face checkpoint ──────────────────────────────


@pytest.fixture(scope="module")
def embedded_tensors() -> dict[str, np.ndarray]:
    return wc.to_hugging_face(wc.read_ctranslate2(embedded.installed() / "model.bin"))


@pytest.fixture(scope="module")
def round_trip(embedded_tensors, tmp_path_factory) -> tuple[ModelFolder, ModelFolder]:
    base = tmp_path_factory.mktemp("round-trip")
    original = embedded.embedded()
    generation = json.loads((original.path / "config.json").read_text())
    listed = {
        "alignment_heads": generation["alignment_heads"],
        "suppress_tokens": generation["suppress_ids"],
        "begin_suppress_tokens": generation["suppress_ids_begin"],
    }
    tokenizer = (original.path / "tokenizer.json").read_bytes()
    source = wc.write_checkpoint(
        base / "source", embedded_tensors, heads=6, tokenizer=tokenizer, generation=listed, dtype="F16"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AURICLE_CACHE", str(base / "cache"))
        return original, converted(source)


def test_weights_of_the_embedded_model_come_back_bit_for_bit(round_trip):
    original, again = (wc.read_ctranslate2(folder.path / "model.bin") for folder in round_trip)
    assert again.keys() - original.keys() <= {"decoder/alibi_use_positive_positions", "decoder/scale_alibi"}
    for name, array in original.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)


def test_vocabulary_and_lists_of_the_embedded_model_come_back(round_trip):
    original, again = (folder.path for folder in round_trip)
    lines = (original / "vocabulary.txt").read_bytes().decode().rstrip("\n").split("\n")
    assert json.loads((again / "vocabulary.json").read_text()) == lines
    before, after = (json.loads((path / "config.json").read_text()) for path in (original, again))
    for field in ("alignment_heads", "suppress_ids", "suppress_ids_begin"):
        assert before[field] == after[field]
    assert (again / "tokenizer.json").read_bytes() == (original / "tokenizer.json").read_bytes()


def test_the_embedded_model_generates_the_same_tokens(round_trip):
    features = np.random.default_rng(5).normal(0, 0.6, (1, 80, 3000)).astype(np.float32)
    texts = []
    for folder in round_trip:
        model = ctranslate2.models.Whisper(
            str(folder.path), device="cpu", compute_type="float32", intra_threads=1
        )
        prompt = [load_tokenizer(folder.path).token_to_id("<|startoftranscript|>")]
        (found,) = model.generate(
            ctranslate2.StorageView.from_array(features), [prompt], beam_size=1, max_length=20
        )
        texts.append(found.sequences_ids)
    assert texts[0] == texts[1] and texts[0][0]
    np.testing.assert_array_equal(encode(round_trip[0]), encode(round_trip[1]))


def test_lists_derived_without_a_generation_config_are_those_of_openai(round_trip):
    config = json.loads((round_trip[0].path / "config.json").read_text())
    tokenizer = load_tokenizer(round_trip[0].path)
    assert suppressed(tokenizer, [{}, {"suppress_tokens": None}]) == config["suppress_ids"]
    assert suppressed_first(tokenizer, []) == config["suppress_ids_begin"]


def test_tokenizer_built_from_vocab_and_merges_cuts_like_tokenizer_json(round_trip, tmp_path):
    whole = json.loads((round_trip[0].path / "tokenizer.json").read_text())
    (tmp_path / "vocab.json").write_text(json.dumps(whole["model"]["vocab"]))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(whole["model"]["merges"]) + "\n")
    added = {token["content"]: token["id"] for token in whole["added_tokens"]}
    (tmp_path / "added_tokens.json").write_text(json.dumps(added))
    built, read = load_tokenizer(tmp_path), load_tokenizer(round_trip[0].path)
    for text in (
        " And so, my fellow Americans: ask not…",
        "日本語 42 %",
        "<|startoftranscript|> héllo\n # ##",
    ):
        assert (
            built.encode(text, add_special_tokens=False).ids
            == read.encode(text, add_special_tokens=False).ids
        )
    assert built.get_vocab() == read.get_vocab()
    assert vocabulary(built, 51864) == vocabulary(read, 51864)


# ── random checkpoints ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("dtype", "shards"), [("F32", 1), ("F16", 1), ("BF16", 1), ("F32", 3), ("BF16", 2)])
def test_storage_types_and_shards_give_the_same_model(tmp_path, dtype, shards):
    reference = encode(converted(tiny(tmp_path / "reference")))
    folder = converted(tiny(tmp_path / "other", dtype=dtype, shards=shards))
    assert folder.layout == "ctranslate2"
    np.testing.assert_array_equal(encode(folder), reference)


def test_encoder_equals_numpy(tmp_path):
    """An independent reference: the encoder of the checkpoint, written out in numpy."""
    tensors = wc.random_tensors(vocabulary=WORDS + 107 + 1501, layers=1)
    folder = converted(tiny(tmp_path / "source", tensors=tensors))
    features = np.random.default_rng(3).normal(0, 0.5, (1, 80, 3000)).astype(np.float32)
    expected = wc.numpy_encoder(tensors, features[0], heads=2)
    np.testing.assert_allclose(encode(folder)[0], expected, atol=0.02)


@pytest.mark.parametrize(("languages", "mels"), [(99, 80), (100, 128)])
def test_vocabularies_of_both_generations(tmp_path, languages, mels):
    size = 50257 + languages + 8 + 1501  # 51865, or 51866 with large-v3's Cantonese
    tokenizer = wc.tokenizer_json(50257, languages, timestamps=languages == 100)
    tensors = wc.random_tensors(vocabulary=size, mels=mels)
    folder = converted(tiny(tmp_path / "source", tensors=tensors, tokenizer=tokenizer))
    tokens = json.loads((folder.path / "vocabulary.json").read_text())
    assert len(tokens) == size and tokens[-1] == "<|30.00|>" and tokens[-1501] == "<|0.00|>"
    config = json.loads((folder.path / "config.json").read_text())
    assert [tokens[i] for i in config["lang_ids"]][:2] == ["<|en|>", "<|zh|>"]
    assert len(config["lang_ids"]) == languages
    assert json.loads((folder.path / "preprocessor_config.json").read_text())["feature_size"] == mels
    model = ctranslate2.models.Whisper(str(folder.path), device="cpu")
    assert model.n_mels == mels and model.is_multilingual and model.num_languages == languages


def test_multilingual_checkpoint_detects_a_language(tmp_path):
    folder = converted(tiny(tmp_path / "s"))
    model = ctranslate2.models.Whisper(str(folder.path), device="cpu", compute_type="float32")
    assert model.is_multilingual
    features = ctranslate2.StorageView.from_array(np.zeros((1, 80, 3000), np.float32))
    (found,) = model.detect_language(features)
    assert len(found) == 99 and sum(p for _, p in found) == pytest.approx(1, abs=1e-3)


def test_alignment_heads_listed_or_the_upper_half(tmp_path):
    plain = converted(tiny(tmp_path / "plain"))
    assert json.loads((plain.path / "config.json").read_text())["alignment_heads"] == [[1, 0], [1, 1]]
    listed = converted(tiny(tmp_path / "listed", generation={"alignment_heads": [[0, 1]]}))
    assert json.loads((listed.path / "config.json").read_text())["alignment_heads"] == [[0, 1]]
    assert (listed.path / "generation_config.json").is_file()


def test_no_token_is_suppressed_that_there_is_not(tmp_path):
    """Transformers' default for the first token is written into the config of a Whisper of 400 words, too."""
    for times, last in ((True, 400 + 107 + 1500), (False, 400 + 107 + 1500)):
        wc.write_checkpoint(
            tmp_path / str(times),
            wc.random_tensors(vocabulary=400 + 107 + 1501),
            heads=2,
            tokenizer=wc.tokenizer_json(400, 99, timestamps=times),
        )
        tokenizer = load_tokenizer(tmp_path / str(times))
        listed = [-1, 3, last, last + 1, 50256]
        assert suppressed(tokenizer, [{"suppress_tokens": listed}]) == [3, last]
        assert suppressed_first(tokenizer, [{"begin_suppress_tokens": listed}]) == [3, last]


def test_an_empty_suppress_list_is_a_choice(tmp_path):
    folder = converted(tiny(tmp_path / "s", generation={"suppress_tokens": [], "begin_suppress_tokens": []}))
    config = json.loads((folder.path / "config.json").read_text())
    assert config["suppress_ids"] == [] and config["suppress_ids_begin"] == []


def test_an_untied_projection_is_kept(tmp_path):
    tensors = wc.random_tensors(vocabulary=WORDS + 107 + 1501)
    other = tensors["model.decoder.embed_tokens.weight"][::-1].copy()
    folder = converted(tiny(tmp_path / "s", tensors=tensors | {"proj_out.weight": other}))
    variables = wc.read_ctranslate2(folder.path / "model.bin")
    np.testing.assert_array_equal(variables["decoder/projection/weight"], other.astype(np.float16))


def test_names_without_the_model_prefix(tmp_path):
    tensors = wc.random_tensors(vocabulary=WORDS + 107 + 1501)
    bare = {name.removeprefix("model."): array for name, array in tensors.items()}
    source = tiny(tmp_path / "s", tensors=tensors)
    wc.write_safetensors(source / "model.safetensors", bare)
    np.testing.assert_array_equal(encode(converted(source)), encode(converted(tiny(tmp_path / "t"))))


# ── the cache of conversions ─────────────────────────────────────────────────────────────────────


def test_a_conversion_is_made_once_and_again_when_the_weights_change(tmp_path):
    source = tiny(tmp_path / "source")
    first = converted(source)
    written = (first.path / "model.bin").stat().st_mtime_ns
    assert converted(source) == first and (first.path / "model.bin").stat().st_mtime_ns == written
    os.utime(source / "model.safetensors", ns=(1, 1))
    assert converted(source).path != first.path


def test_a_conversion_is_made_again_when_a_text_changes(tmp_path):
    source = tiny(tmp_path / "source")
    before = converted_path(source)
    (source / "generation_config.json").write_text('{"suppress_tokens": [1]}')
    assert converted_path(source) != before


def test_two_conversions_at_once_leave_one_good_folder(tmp_path):
    source, found = tiny(tmp_path / "source"), []
    threads = [threading.Thread(target=lambda: found.append(converted(source))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len({folder.path for folder in found}) == 1
    assert [path.name for path in found[0].path.parent.iterdir()] == [found[0].path.name]


def test_leftovers_of_killed_processes_are_swept_away(tmp_path):
    source = tiny(tmp_path / "source")
    old = converted_path(source).parent / ".dead.x"
    old.mkdir(parents=True)
    os.utime(old, (1, 1))
    (fresh := old.with_name(".alive.x")).mkdir()
    converted(source)
    assert not old.exists() and fresh.exists()


def test_a_failed_conversion_leaves_nothing(tmp_path):
    source = tiny(tmp_path / "source", vocabulary=WORDS)
    with pytest.raises(ModelError, match="the tokenizer knows"):
        converted(source)
    assert not any(converted_path(source).parent.iterdir())


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    source = tiny(tmp_path / "source")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("AURICLE_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match=r"^cannot write .*Set AURICLE_CACHE"):
        converted(source)


def test_a_ctranslate2_folder_stays_as_it_is():
    folder = resolve("tiny.en")
    assert ctranslate2_folder(folder) is folder


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


def refuse(source: Path, match: str) -> None:
    with pytest.raises(ModelError, match=match) as caught:
        converted(source)
    assert "\n" not in str(caught.value)


def test_a_missing_tensor_is_named(tmp_path):
    tensors = wc.random_tensors(vocabulary=WORDS + 107 + 1501)
    del tensors["model.decoder.layers.1.fc2.bias"]
    refuse(tiny(tmp_path / "s", tensors=tensors), r"lacks the tensor model\.decoder\.layers\.1\.fc2\.bias")


def test_a_misshapen_tensor_is_named(tmp_path):
    source = tiny(tmp_path / "s")
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(config | {"num_mel_bins": 128}))
    refuse(source, r"conv1\.weight has the shape \(8, 80, 3\), config\.json says \(8, 128, 3\)")


def test_values_beyond_float16_are_refused(tmp_path):
    tensors = wc.random_tensors(vocabulary=WORDS + 107 + 1501)
    tensors["model.encoder.layer_norm.bias"][3] = 1e6
    refuse(tiny(tmp_path / "s", tensors=tensors), "not finite in float16")


@pytest.mark.parametrize("change", [{"scale_embedding": True}, {"activation_function": "relu"}])
def test_another_architecture_is_refused(tmp_path, change):
    source = tiny(tmp_path / "s")
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(config | change))
    refuse(source, "only gelu")


def test_a_config_without_sizes_is_refused(tmp_path):
    source = tiny(tmp_path / "s")
    (source / "config.json").write_text(json.dumps({"model_type": "whisper", "d_model": 8}))
    refuse(source, r"config\.json lacks encoder_layers")


def test_heads_that_do_not_divide_the_width_are_refused(tmp_path):
    refuse(tiny(tmp_path / "s", heads=3), "do not divide d_model, 8")


def test_an_alignment_head_that_does_not_exist_is_refused(tmp_path):
    refuse(tiny(tmp_path / "s", generation={"alignment_heads": [[9, 0]]}), r"no attention head \[9, 0\]")


def test_a_checkpoint_without_a_tokenizer_says_what_to_type(tmp_path):
    refuse(tiny(tmp_path / "s", tokenizer=None), r"lacks tokenizer\.json.*save_pretrained")


def test_a_broken_tokenizer_is_refused(tmp_path):
    refuse(tiny(tmp_path / "s", tokenizer=b"{}"), "the tokenizer of .* cannot be read")


def test_slow_tokenizer_files_that_do_not_fit_are_refused(tmp_path):
    source = tiny(tmp_path / "s", tokenizer=None)
    (source / "vocab.json").write_text('{"a": 0, "b": 1, "ab": 2}')
    (source / "merges.txt").write_text("a b\n")
    (source / "added_tokens.json").write_text('{"<|x|>": 7}')
    refuse(source, r"the id of <\|x\|> does not follow vocab\.json")
    (source / "merges.txt").write_text("q r\n")
    refuse(source, "the tokenizer of .* cannot be read")


def test_the_tokenizer_of_another_model_is_refused(tmp_path):
    tokenizer = wc.tokenizer_json(WORDS, 99, timestamps=False) | {"added_tokens": []}
    refuse(tiny(tmp_path / "s", tokenizer=tokenizer), "lacks <|endoftext|>".replace("|", r"\|"))


# ── safetensors ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def good(tmp_path) -> Path:
    path = tmp_path / "good.safetensors"
    wc.write_safetensors(path, {"a": np.ones((2, 3), np.float32), "b": np.arange(4, dtype=np.float32)})
    return path


def test_tensors_are_read_by_name(good):
    tensors = Tensors([good])
    assert "a" in tensors and "c" not in tensors
    np.testing.assert_array_equal(tensors.read("b", (4,)), [0, 1, 2, 3])


def test_bfloat16_is_the_upper_half_of_float32(tmp_path):
    values = np.array([1.0, -2.5, 3.0e38, 1.0e-38, 0.0, -0.0, np.inf], np.float32)
    wc.write_safetensors(tmp_path / "b", {"x": values}, "BF16")
    found = Tensors([tmp_path / "b"]).read("x", (7,))
    np.testing.assert_array_equal(found, (values.view(np.uint32) & 0xFFFF0000).view(np.float32))


def rewrite(path: Path, change) -> None:
    text = header(path)
    data = path.read_bytes()[8 + len(text) :]
    entries = json.loads(text)
    change(entries)
    new = json.dumps(entries).encode()
    path.write_bytes(len(new).to_bytes(8, "little") + new + data)


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries["a"].update(data_offsets=[0, 1000]),
        lambda entries: entries["b"].update(data_offsets=[8, 24]),
        lambda entries: entries["a"].update(shape=[2, 4]),
        lambda entries: entries["a"].update(shape=[-2, -3]),
        lambda entries: entries["a"].update(dtype="F8_E4M3"),
        lambda entries: entries["a"].update(data_offsets=[0]),
        lambda entries: entries["a"].update(data_offsets=None),
        lambda entries: entries["a"].pop("shape"),
        lambda entries: entries.pop("b"),
        lambda entries: entries.update(c=[]),
    ],
)
def test_a_header_that_does_not_fit_its_file_is_refused(good, change):
    rewrite(good, change)
    with pytest.raises(ModelError, match=r"good\.safetensors"):
        Tensors([good])


@pytest.mark.parametrize("data", [b"", b"short", b"\xff" * 64, (200).to_bytes(8, "little") + b"{}"])
def test_files_that_are_no_safetensors_are_refused(tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(ModelError):
        Tensors([tmp_path / "x"])


@pytest.mark.parametrize("text", [b"[]", b"not json"])
def test_headers_that_are_no_objects_are_refused(tmp_path, text):
    (tmp_path / "x").write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(ModelError, match="not a safetensors file"):
        Tensors([tmp_path / "x"])


def test_a_file_cut_short_is_refused(good):
    good.write_bytes(good.read_bytes()[:-3])
    with pytest.raises(ModelError, match="bytes, not"):
        Tensors([good])


def test_a_tensor_in_two_files_is_refused(good, tmp_path):
    other = tmp_path / "other.safetensors"
    other.write_bytes(good.read_bytes())
    with pytest.raises(ModelError, match="repeats the tensor a"):
        Tensors([good, other])


def test_whole_numbers_are_no_weights(tmp_path, good):
    rewrite(good, lambda entries: entries["b"].update(dtype="I32"))
    with pytest.raises(ModelError, match="b is I32"):
        Tensors([good]).read("b", (4,))
