"""The table of relatives against Whisper's languages."""

from __future__ import annotations

from auricle.models.codes import NAMES
from auricle.models.languages import LANGUAGES
from auricle.models.relatives import _BRANCHES, relatives


def test_every_near_language_has_a_token_and_no_language_of_the_table_has_one() -> None:
    codes = [code for branch in _BRANCHES for code in branch.split(":")[0].split()]
    near = {code for branch in _BRANCHES for code in branch.split(":")[1].split()}
    assert near <= set(LANGUAGES)
    assert not set(codes) & set(LANGUAGES)
    assert len(codes) == len(set(codes))


def test_languages_that_other_models_know_have_relatives() -> None:
    assert {code for code in NAMES if code not in LANGUAGES and not relatives(code, LANGUAGES)} == set()


def test_only_what_the_model_has_is_named() -> None:
    assert relatives("fy", ["en", "de"]) == ("de",)
    assert relatives("xx", LANGUAGES) == relatives("de", LANGUAGES) == ()
    assert relatives("nan", [code for code in LANGUAGES if code != "yue"]) == ("zh",)
