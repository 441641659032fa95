"""The data file: its schema, its codes, its sources, and arithmetic against Transformers."""

import json
import re
from pathlib import Path

import pytest

from auricle.models import LANGUAGES, catalogue, kinds
from auricle.models import catalogue as _catalogue_function
from auricle.models.catalogue import PRECISIONS, TASKS, find
from auricle.models.codes import NAMES

FILE = Path(_catalogue_function.__wrapped__.__code__.co_filename).with_name("catalogue.json")
TABLE = json.loads(FILE.read_text("utf-8"))
FIELDS = {
    *("name", "aliases", "family", "kind", "engines", "hub_id", "original_id", "parameters", "languages"),
    *("tasks", "cased", "punctuated", "license", "size", "wer", "shape", "sources"),
}
# Those of https://spdx.org/licenses/ that a row may have; others are references to a licence's own text.
SPDX = {"MIT", "Apache-2.0", "CC-BY-4.0", "CC-BY-NC-4.0"}
ROWS = [pytest.param(row, id=row["name"]) for row in TABLE["models"]]


def test_the_families_are_there():
    assert len(catalogue()) >= 40 and next(iter(catalogue())) == "tiny.en"
    assert {info.family for info in catalogue().values()} >= {
        *("whisper", "distil-whisper", "moonshine", "wav2vec2", "hubert", "wavlm", "xlsr-53", "xls-r", "mms"),
        *("wav2vec2-bert", "parakeet", "canary", "seamless-m4t", "speech2text"),
    }


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_every_field_and_no_other(row):
    assert set(row) - {"language_count"} == FIELDS
    assert re.fullmatch(r"[a-z0-9.-]+", row["name"])
    for hub_id in (row["hub_id"], row["original_id"]):
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", hub_id)
    assert row["kind"] in ("seq2seq", "ctc")
    assert set(row["engines"]) <= {"ctranslate2", "transformers"}
    assert row["tasks"] and set(row["tasks"]) <= set(TASKS)
    for flag in (row["cased"], row["punctuated"]):
        assert flag is None or isinstance(flag, bool)
    for count in (row["parameters"], row["size"], row.get("language_count", 1)):
        assert count is None or (isinstance(count, int) and count > 0)
    assert row["license"] is None or row["license"] in SPDX or row["license"].startswith("LicenseRef-")


@pytest.mark.parametrize("row", ROWS)
def test_every_fact_that_is_known_has_a_source(row):
    checked = {
        *("parameters", "languages", "tasks", "cased", "punctuated", "license", "size", "shape"),
    }
    known = {fact for fact in checked if row[fact] not in (None, [])}
    assert known <= set(row["sources"]), known - set(row["sources"])
    assert set(row["sources"]) <= known | {"hub_id", "language_count"}
    assert set(row["sources"].values()) <= TABLE["sources"].keys()
    for rate in row["wer"]:
        assert rate["source"] in TABLE["sources"] and rate["set"]
        assert 0 < rate["rate"] < 1 and rate.get("measure", "wer") in ("wer", "cer")


def test_sources_lists_and_shapes_are_used():
    sources = {key for row in TABLE["models"] for key in row["sources"].values()}
    sources |= {rate["source"] for row in TABLE["models"] for rate in row["wer"]}
    assert sources == TABLE["sources"].keys()
    lists = {row["languages"] for row in TABLE["models"] if isinstance(row["languages"], str)}
    assert {name for name in lists if not name.startswith("whisper-")} == TABLE["languages"].keys()
    assert {row["shape"] for row in TABLE["models"]} - {None} == TABLE["shapes"].keys()


def test_no_name_means_two_models():
    names = [
        name.lower()
        for info in catalogue().values()
        for name in dict.fromkeys((info.name, *info.aliases, info.hub_id, info.original_id))
    ]
    assert len(names) == len(set(names))
    for name in names:
        assert find(name) is not None


def test_language_codes_are_known_and_each_once():
    for info in catalogue().values():
        assert len(set(info.languages)) == len(info.languages), info.name
        assert set(info.languages) <= NAMES.keys(), info.name
        assert info.language_count is None or info.language_count >= len(info.languages)
        if info.family == "whisper" and info.multilingual:
            assert info.languages == tuple(LANGUAGES)[: len(info.languages)]


def test_what_cannot_translate_says_so():
    able = {
        name for name, info in catalogue().items() if info.family == "whisper" and "translate" in info.tasks
    }
    whispers = {name for name, info in catalogue().items() if info.family == "whisper"}
    assert whispers - able == {name for name in whispers if name.endswith(".en") or name == "turbo"}


def test_what_task_can_be_is_transcribe_or_translate():
    assert catalogue()["turbo"].tasks == ("transcribe", "timestamps")
    assert catalogue()["turbo"].decodes == ("transcribe",)


TYPES = {
    "wav2vec2": "wav2vec2",
    "hubert": "hubert",
    "wavlm": "wavlm",
    "xlsr-53": "wav2vec2",
    "xls-r": "wav2vec2",
    "mms": "wav2vec2",
    "wav2vec2-bert": "wav2vec2-bert",
    "parakeet": "parakeet_ctc",
    "moonshine": "moonshine",
    "seamless-m4t": "seamless_m4t_v2",
    "speech2text": "speech_to_text",
    "canary": "canary",
    "moonshine-streaming": "moonshine_streaming",
}


def test_engines_are_those_that_load_the_type():
    """A model is offered for the Transformers engine only where that takes its type."""
    for info in catalogue().values():
        if info.family in ("whisper", "distil-whisper"):
            assert info.engines == ("ctranslate2", "transformers")
            continue
        kind = TYPES[info.family]
        able = kind in (kinds.CTC_TYPES if info.kind == "ctc" else kinds.SEQ2SEQ_TYPES)
        assert info.engines == (("transformers",) if able else ()), info.name
        assert able or kind in kinds.REFUSED_TYPES


def test_weights_are_parameters_times_bytes():
    for info in catalogue().values():
        for name, count in PRECISIONS.items():
            assert info.weights(name) == (None if info.parameters is None else info.parameters * count)
        assert ("int8" in info.precisions) == ("ctranslate2" in info.engines)


def test_sizes_agree_with_parameters():
    """Weights are stored in two or four bytes a parameter; a slip of the pen is a factor of ten."""
    for info in catalogue().values():
        if info.size and info.parameters:
            assert 1.8 < info.size / info.parameters < 4.1, info.name


def test_shapes_agree_with_parameters():
    """Layers and embeddings are nine tenths of a model or more; SeamlessM4T also speaks."""
    for info in catalogue().values():
        if info.shape and info.parameters and info.family != "seamless-m4t":
            shape = info.shape
            width = shape.decoder_width or shape.width
            counted = shape.encoder_parameters + shape.decoder_parameters + shape.vocabulary * width
            assert 0.89 < counted / info.parameters < 1.06, info.name


LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "feat_extract_norm": "layer",
    "conv_bias": True,
    "do_stable_layer_norm": True,
}
XLARGE = LARGE | {"hidden_size": 1280, "num_hidden_layers": 48, "intermediate_size": 5120}
SMALLER = {"feat_extract_norm": "group", "conv_bias": False, "do_stable_layer_norm": False}
S2T = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}


@pytest.mark.parametrize(
    ("name", "family", "options"),
    [
        ("wav2vec2-base-960h", "Wav2Vec2", {}),
        ("wav2vec2-large-960h", "Wav2Vec2", LARGE | SMALLER),
        ("wav2vec2-large-960h-lv60-self", "Wav2Vec2", LARGE),
        ("hubert-large-ls960-ft", "Hubert", LARGE),
        ("hubert-xlarge-ls960-ft", "Hubert", XLARGE),
        ("wavlm-libri-clean-100h-base-plus", "WavLM", {}),
        ("wavlm-libri-clean-100h-large", "WavLM", LARGE),
        ("moonshine-tiny", "Moonshine", {}),
        (
            "s2t-small",
            "Speech2Text",
            S2T | {"d_model": 256, "encoder_ffn_dim": 2048, "decoder_ffn_dim": 2048},
        ),
        (
            "s2t-large",
            "Speech2Text",
            S2T | {"d_model": 1024, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096},
        ),
    ],
)
def test_parameters_counted_with_transformers(name, family, options):
    """The count of the published shape, without weights (a tensor of the meta device has none)."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    config = getattr(transformers, f"{family}Config")(**options)
    kind = "ForCTC" if catalogue()[name].kind == "ctc" else "ForConditionalGeneration"
    with torch.device("meta"):
        model = getattr(transformers, family + kind)(config)
    assert sum(weights.numel() for weights in model.parameters()) == catalogue()[name].parameters
