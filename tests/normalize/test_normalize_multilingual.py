"""The default normaliser keeps what makes words, in every script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.metrics import wer
from auricle.normalize import normalizer

# Sentences with vowels or tones as combining marks, two words or more each.
MARKED = {
    "dv": "ދިވެހި ބަސް",
    "hi": "मैं हिंदी बोलता हूँ",
    "bn": "আমি বাংলায় গান গাই",
    "ta": "தமிழ் மொழி பேசுகிறேன்",
    "th": "ภาษาไทย น้ำ ที่",
    "ar": "الْعَرَبِيَّةُ لُغَةٌ",
    "he": "שָׁלוֹם עֲלֵיכֶם",
    "yo": "ẹ káàárọ̀ ọ̀",
    "vi": "tiếng việt",
}


@pytest.mark.parametrize("language", MARKED)
@pytest.mark.parametrize("known", [True, False])
def test_marks_stay_and_words_stay_whole(language: str, known: bool) -> None:
    text = MARKED[language]
    found = normalizer("multilingual", language if known else None)(text)
    assert found == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("language", MARKED)
def test_a_wrong_vowel_is_an_error(language: str) -> None:
    clean = normalizer("multilingual", language)
    text = unicodedata.normalize("NFD", MARKED[language])
    without = "".join(sign for sign in text if unicodedata.category(sign) not in ("Mn", "Mc"))
    assert wer(clean(text), clean(without)).errors > 0


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("de", "Zwanzig Häuser, fünf Straßen!", "20 häuser 5 straßen"),
        ("de", "1.000,5 €", "1000.5€"),
        ("en", "It’s $5.50 — 50 % of 1,000,000 e-mails.", "it's $5.50 50% of 1000000 e mails"),
        ("fr", "L'homme, aujourd’hui (rires)", "l'homme aujourd'hui rires"),
        ("fr", "quatre-vingt-dix-neuf", "99"),
        ("tr", "İSTANBUL IŞIK", "istanbul ışık"),
        ("ca", "col·legi", "col·legi"),
        ("he", 'צה"ל ו-3', "צה״ל ו 3"),
        ("ar", "العـــربية ٣٫٥", "العربية 3.5"),
        ("fa", "می\u200cخواهم", "میخواهم"),
        ("hi", "२० वर्ष।", "20 वर्ष"),
        ("ml", "അവന്\u200d", "അവൻ"),
        (None, "ＡＢＣ １２ ﬁn x²", "abc 12 fin x²"),
        (None, "ｶﾞｷﾞ", "ガギ"),
        (None, "-3 3-4 a-b", "-3 3 4 a b"),
        (None, "soft\u00adhyphen \u202bright\u202c", "softhyphen right"),
        (None, "cafe\u0301", "café"),
        (None, "\ue000\ue001", ""),
    ],
)
def test_what_is_made_alike(language: str | None, text: str, wanted: str) -> None:
    assert normalizer("multilingual", language)(text) == wanted


def test_text_in_brackets_is_not_dropped() -> None:
    assert normalizer("multilingual")("(Thanks for watching) [music]") == "thanks for watching music"


@given(st.text(max_size=40), st.sampled_from([None, "de", "en", "tr", "th", "ar"]))
def test_no_letter_or_mark_is_lost(text: str, language: str | None) -> None:
    found = normalizer("multilingual", language)(text)
    if language in (None, "tr", "th", "ar"):  # no numbers in words there
        assert normalizer("multilingual", language)(found) == found
        kept = sum(unicodedata.category(sign)[0] in "LM" for sign in unicodedata.normalize("NFD", found))
        given_ = unicodedata.normalize("NFC", text.lower().replace("ـ", ""))
        had = sum(unicodedata.category(sign)[0] in "LM" for sign in unicodedata.normalize("NFC", given_))
        assert kept >= had


def test_the_version_names_the_library_that_reads_numbers() -> None:
    assert normalizer("multilingual", "de").version.startswith("1+text2num.")
    assert normalizer("multilingual", "cy").version == "1"
    assert normalizer("multilingual", "de-AT").language == "de"
