"""The catalogue: every row whole, every fact with a source, and advice that says why."""

from __future__ import annotations

import dataclasses
import json

import pytest

from auricle.errors import DatasetError, OptionError
from auricle.verbs.datasets.catalogue import (
    STYLES,
    DatasetInfo,
    NeedOptions,
    as_dict,
    catalogue,
    left_out,
    lookup,
    recommend,
)

NAMED = """librispeech common-voice voxpopuli tedlium gigaspeech spgispeech earnings-21 earnings-22 ami mls
fleurs minds14 peoples-speech switchboard fisher-english chime-6 l2-arctic edacc coraal afrispeech-200
indicvoices shrutilipi aishell-1 aishell-2 wenetspeech reazonspeech ksponspeech golos yodas""".split()


def names(**need: object) -> list[str]:
    return [advice.info.name for advice in recommend(NeedOptions(**need))]


def test_the_datasets_that_were_asked_for_are_there() -> None:
    assert set(NAMED) <= set(catalogue())
    assert len(catalogue()) >= 40


@pytest.mark.parametrize("info", catalogue().values(), ids=lambda info: info.name)
def test_a_row_is_whole_and_every_fact_has_its_source(info: DatasetInfo) -> None:
    assert info.title
    assert info.get
    assert info.use
    assert set(info.styles) <= set(STYLES)
    assert info.access in ("open", "gated", "form", "licensed", None)
    assert info.rate is None or 8000 <= info.rate <= 48000
    assert len(set(info.languages)) == len(info.languages)
    assert all(2 <= len(code) <= 3 and code.islower() for code in info.languages)
    facts = {item.name for item in dataclasses.fields(info)} - {"name", "title", "sources"}
    known = {name for name in facts if getattr(info, name) not in (None, ())}
    assert set(info.sources) == known
    assert all(source.startswith("https://") for source in info.sources.values())
    json.dumps(as_dict(info))


def test_fleurs_is_read_wikipedia() -> None:
    info = lookup("google/fleurs")
    assert (info.domains, info.styles, len(info.languages)) == (("wikipedia",), ("narrated",), 102)


def test_common_voice_is_no_longer_on_the_hub() -> None:
    info = lookup("common-voice")
    assert info.hub_id is None
    assert "datacollective" in info.get


@pytest.mark.parametrize(
    ("name", "commercial"),
    [
        ("librispeech", True),
        ("tedlium", False),
        ("afrispeech-200", False),
        ("switchboard", None),
        ("ljspeech", True),
        ("reazonspeech", False),
        ("naijavoices", None),
    ],
)
def test_what_a_licence_allows(name: str, commercial: bool | None) -> None:
    assert lookup(name).commercial is commercial


def test_advice_has_the_language_and_the_licence() -> None:
    need = NeedOptions(language="yo", domain="call-centre", style="spontaneous", licence="commercial")
    advised = recommend(need)
    assert advised
    for advice in advised:
        assert "yo" in advice.info.languages
        assert advice.info.commercial is not False
    assert [advice.score for advice in advised] == sorted((a.score for a in advised), reverse=True)
    assert "narrated, not spontaneous" in advised[0].cons
    assert not left_out(need)


def test_advice_knows_domains_styles_and_accents() -> None:
    calls = recommend(
        NeedOptions(language="en", domain="call-centre", style="spontaneous", licence="commercial")
    )
    assert calls[0].info.name == "harper-valley"
    assert {"domain call-centre", "spontaneous speech"} <= set(calls[0].pros)
    assert names(language="en", domain="meetings", style="spontaneous")[0] == "ami"
    assert set(names(language="en", accent="mandarin")[:2]) == {"l2-arctic", "speechocean762"}
    assert names(language="en", domain="medical")[0] in ("primock57", "afrispeech-200")
    formatted = recommend(NeedOptions(language="en", domain="meetings", formatted=True))
    assert "has punctuation" in formatted[0].pros


def test_what_nobody_has() -> None:
    with pytest.raises(DatasetError, match="no dataset of the catalogue has the language 'xx'"):
        recommend(NeedOptions(language="xx"))
    with pytest.raises(OptionError, match="say what it is for"):
        recommend(NeedOptions())
    with pytest.raises(DatasetError, match="Did you mean fleurs"):
        lookup("flers")
