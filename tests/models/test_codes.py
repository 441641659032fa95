"""One code a language, whatever a person or a model card calls it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.errors import OptionError
from auricle.models import LANGUAGES
from auricle.models.codes import _ALSO, _THREE, NAMES, any_language, model_language


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        *(("dv", "dv"), ("div", "dv"), ("Dhivehi", "dv"), ("Divehi", "dv"), ("dv-MV", "dv")),
        *(("deu", "de"), ("cmn", "zh"), ("zh_CN", "zh"), ("jav", "jw"), ("jv", "jw"), ("nob", "no")),
        *(("Odia", "or"), ("ast", "ast"), ("Central  Kurdish", "ckb"), ("yue", "yue"), ("tgl", "tl")),
    ],
)
def test_names_and_codes(asked, code):
    assert model_language(asked) == code


@given(st.sampled_from(sorted(NAMES)))
def test_every_code_and_name_is_understood(code):
    assert model_language(code) == model_language(NAMES[code].upper()) == model_language(f"{code}-XX") == code


def test_whisper_keeps_its_names():
    assert LANGUAGES.items() <= NAMES.items()
    assert set(_THREE.values()) | set(_ALSO.values()) <= NAMES.keys()
    assert all(len(code) == 3 for code in _THREE)


@pytest.mark.parametrize(
    ("asked", "match"), [("Divehy", "Did you mean divehi"), ("germann", "german"), ("", "Give a code")]
)
def test_an_unknown_language(asked, match):
    with pytest.raises(OptionError, match=match):
        model_language(asked)


def test_codes_of_models_with_a_thousand_languages() -> None:
    assert any_language("abi") == "abi"
    assert any_language("Dhivehi") == any_language("div") == "dv"
    for wrong in ("ger", "a1b", "abidji", "xx", ""):
        with pytest.raises(OptionError):
            any_language(wrong)
