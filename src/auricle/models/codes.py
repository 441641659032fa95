"""Codes and names for the languages of all models, Whisper's hundred and the others.

A language has one code here: Whisper's where it has one, else ISO 639-1, else ISO 639-3. Model cards
use several standards, often for one variety (``cmn``, ``zh-CN``), so those are brought to that code.
Names and codes are those of ISO 639.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from auricle.errors import OptionError, nearest
from auricle.models.languages import LANGUAGES, language_code
from auricle.models.relatives import BRANCHED

_MORE = (
    "aa Afar, ab Abkhazian, ak Akan, an Aragonese, ary Moroccan Arabic, arz Egyptian Arabic, ast Asturian, "
    "av Avaric, ay Aymara, bi Bislama, bm Bambara, ce Chechen, ceb Cebuano, ckb Central Kurdish, cv Chuvash, "
    "dv Divehi, dz Dzongkha, ee Ewe, eo Esperanto, ff Fulah, fj Fijian, fy Western Frisian, ga Irish, "
    "gd Scottish Gaelic, gn Guarani, ia Interlingua, ig Igbo, kam Kamba, kea Kabuverdianu, ki Kikuyu, "
    "kr Kanuri, ku Kurdish, kv Komi, ky Kirghiz, lg Ganda, luo Luo, mai Maithili, mh Marshallese, "
    "mni Manipuri, nso Pedi, ny Chichewa, om Oromo, or Oriya, os Ossetian, qu Quechua, rm Romansh, rn Rundi, "
    "rw Kinyarwanda, se Northern Sami, sg Sango, sh Serbo-Croatian, sm Samoan, st Southern Sotho, "
    "ti Tigrinya, tn Tswana, ts Tsonga, ug Uighur, umb Umbundu, ve Venda, wo Wolof, xh Xhosa, za Zhuang, "
    "zu Zulu"
)
#: Code → English name of every language that some model of the catalogue knows.
NAMES: Mapping[str, str] = MappingProxyType(
    LANGUAGES | {item.split(" ")[0]: item.split(" ", 1)[1] for item in _MORE.split(", ")}
)

# Other names in use.
_ALSO = {
    "dhivehi": "dv", "maldivian": "dv", "kyrgyz": "ky", "luganda": "lg", "odia": "or", "fulani": "ff",
    "irish gaelic": "ga", "frisian": "fy", "uyghur": "ug", "sepedi": "nso", "sesotho": "st", "avar": "av",
    "bengali bangla": "bn", "moldavian": "ro",
}  # fmt: skip

# ISO 639-3 → the code used here; the second line has single languages of what ISO calls a macrolanguage.
_THREE = dict(
    pair.split(":")
    for pair in (
        "aar:aa abk:ab afr:af aka:ak amh:am ara:ar arg:an asm:as ava:av aym:ay aze:az bak:ba bam:bm bel:be "
        "ben:bn bis:bi bod:bo bos:bs bre:br bul:bg cat:ca ces:cs che:ce chv:cv cym:cy dan:da deu:de div:dv "
        "dzo:dz ell:el eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr fry:fy ful:ff "
        "gla:gd gle:ga glg:gl grn:gn guj:gu hat:ht hau:ha hbs:sh heb:he hin:hi hrv:hr hun:hu hye:hy ibo:ig "
        "ina:ia ind:id isl:is ita:it jav:jw jpn:ja kan:kn kat:ka kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky "
        "kom:kv kor:ko kur:ku lao:lo lat:la lav:lv lin:ln lit:lt ltz:lb lug:lg mah:mh mal:ml mar:mr mkd:mk "
        "mlg:mg mlt:mt mon:mn mri:mi msa:ms mya:my nep:ne nld:nl nno:nn nob:no nor:no nya:ny oci:oc ori:or "
        "orm:om oss:os pan:pa pol:pl por:pt pus:ps que:qu roh:rm ron:ro run:rn rus:ru sag:sg san:sa sin:si "
        "slk:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srp:sr sun:su swa:sw swe:sv "
        "tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tir:ti tsn:tn tso:ts tuk:tk tur:tr uig:ug ukr:uk urd:ur "
        "uzb:uz ven:ve vie:vi wol:wo xho:xh yid:yi yor:yo zha:za zho:zh zul:zu "
        "arb:ar azj:az cmn:zh fuv:ff gaz:om khk:mn lvs:lv npi:ne ory:or pbt:ps pes:fa swh:sw uzn:uz zlm:ms "
        "zsm:ms"
    ).split()
)


def model_language(name_or_code: str, among: Iterable[str] | None = None) -> str:
    """The code for a language given by code or English name ("dv", "div", "Dhivehi", "de-DE").

    ``among`` are the codes to choose from; all of ``NAMES`` where it is left out.
    Raises OptionError, naming the nearest.
    """
    asked = " ".join(name_or_code.lower().replace("_", "-").split())
    if code := _codes().get(asked) or _codes().get(asked.split("-")[0]):
        return code
    known = NAMES.keys() | BRANCHED if among is None else set(among)
    if asked in known:
        return asked
    try:
        return language_code(name_or_code)
    except OptionError as error:
        clause = nearest(asked, [*map(str.lower, NAMES.values()), *_ALSO])
        raise OptionError(
            f"there is no language {name_or_code!r}. {clause}" if clause.startswith("Did") else str(error)
        ) from None


def any_language(name_or_code: str) -> str:
    """As ``model_language``, and any code of ISO 639-3 as it is: MMS alone has a thousand languages.

    Whether a model knows it is the model's business. Raises OptionError where it is neither.
    """
    try:
        return model_language(name_or_code)
    except OptionError:
        code = name_or_code.strip().lower()
        if len(code) == 3 and code.isascii() and code.isalpha() and not _begins(code):
            return code
        raise


def _begins(code: str) -> bool:
    """Whether a name begins like this: "ger" is German cut short."""
    return any(name.startswith(code) for name in _codes())


@functools.cache
def _codes() -> dict[str, str]:
    """Every name and code in lower case → the code used here."""
    names = {name.lower(): code for code, name in NAMES.items()}
    return names | {code: code for code in NAMES} | _THREE | _ALSO
