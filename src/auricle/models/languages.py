"""The languages Whisper knows: their codes, their English names, and the order of their tokens.

A multilingual checkpoint has one token a language, in this order, right after
``<|startoftranscript|>``; the first 99 belong to every one of them, Cantonese came with large-v3.
"""

from __future__ import annotations

from collections.abc import Iterable

from auricle.errors import OptionError, nearest

_TABLE = (
    "en English, zh Chinese, de German, es Spanish, ru Russian, ko Korean, fr French, ja Japanese, "
    "pt Portuguese, tr Turkish, pl Polish, ca Catalan, nl Dutch, ar Arabic, sv Swedish, it Italian, "
    "id Indonesian, hi Hindi, fi Finnish, vi Vietnamese, he Hebrew, uk Ukrainian, el Greek, ms Malay, "
    "cs Czech, ro Romanian, da Danish, hu Hungarian, ta Tamil, no Norwegian, th Thai, ur Urdu, "
    "hr Croatian, bg Bulgarian, lt Lithuanian, la Latin, mi Maori, ml Malayalam, cy Welsh, sk Slovak, "
    "te Telugu, fa Persian, lv Latvian, bn Bengali, sr Serbian, az Azerbaijani, sl Slovenian, "
    "kn Kannada, et Estonian, mk Macedonian, br Breton, eu Basque, is Icelandic, hy Armenian, "
    "ne Nepali, mn Mongolian, bs Bosnian, kk Kazakh, sq Albanian, sw Swahili, gl Galician, mr Marathi, "
    "pa Punjabi, si Sinhala, km Khmer, sn Shona, yo Yoruba, so Somali, af Afrikaans, oc Occitan, "
    "ka Georgian, be Belarusian, tg Tajik, sd Sindhi, gu Gujarati, am Amharic, yi Yiddish, lo Lao, "
    "uz Uzbek, fo Faroese, ht Haitian Creole, ps Pashto, tk Turkmen, nn Nynorsk, mt Maltese, "
    "sa Sanskrit, lb Luxembourgish, my Myanmar, bo Tibetan, tl Tagalog, mg Malagasy, as Assamese, "
    "tt Tatar, haw Hawaiian, ln Lingala, ha Hausa, ba Bashkir, jw Javanese, su Sundanese, yue Cantonese"
)

#: Code → English name, in the order of Whisper's language tokens.
LANGUAGES: dict[str, str] = {item.split(" ")[0]: item.split(" ", 1)[1] for item in _TABLE.split(", ")}

# Other names and codes in use for the same language; "jw" is Whisper's own code for Javanese (ISO: jv).
_ALSO = {
    "burmese": "my",
    "castilian": "es",
    "farsi": "fa",
    "fil": "tl",
    "filipino": "tl",
    "flemish": "nl",
    "haitian": "ht",
    "iw": "he",
    "jv": "jw",
    "letzeburgesch": "lb",
    "mandarin": "zh",
    "moldavian": "ro",
    "moldovan": "ro",
    "nb": "no",
    "panjabi": "pa",
    "pushto": "ps",
    "sinhalese": "si",
    "valencian": "ca",
}
_CODES = {name.lower(): code for code, name in LANGUAGES.items()} | {code: code for code in LANGUAGES} | _ALSO


def language_code(name_or_code: str, among: Iterable[str] = LANGUAGES) -> str:
    """Whisper's code for a language given by code, English name or locale ("de", "German", "de-DE").

    ``among`` are the codes that the model at hand knows. Raises OptionError, naming the nearest.
    """
    asked = " ".join(name_or_code.lower().replace("_", "-").split())
    code = _CODES.get(asked) or _CODES.get(asked.split("-")[0])
    known = tuple(among)
    if code in known:
        return code
    if asked in known:  # of a model that was given a token for a language which Whisper has none for
        return asked
    if code is not None:
        raise OptionError(f"this model does not know {LANGUAGES[code]} ({code}). {_few(known)}")
    raise OptionError(f"there is no language {name_or_code!r}. {_suggest(asked)}")


def _suggest(asked: str) -> str:
    """The nearest names, or where to look: a list of all hundred helps nobody."""
    clause = nearest(asked, _CODES)
    if clause.startswith("Known"):
        return "Give a code such as de, or a name such as German."
    return clause


def _few(codes: tuple[str, ...]) -> str:
    shown = ", ".join(codes[:10])
    return f"It knows {shown}{f' and {len(codes) - 10} more' if len(codes) > 10 else ''}."
