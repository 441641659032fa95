"""Which languages of Whisper are nearest to one that it has no token for.

By descent, as the handbooks of comparative linguistics group them, and the nearest first; where
sounds and letters come from a neighbour that is no relative (Basque loans, Creoles), that neighbour.
A fine-tuning takes the token of such a language: what the decoder does after it is the best start there is.
"""

from __future__ import annotations

from collections.abc import Iterable

# Codes of one branch, ":", codes in Whisper, nearest first.
_BRANCHES = (
    "ak tw fat ee gaa dag ig bm dyu mos wo ff srr: yo ha sn",  # Niger-Congo west of the Bantu
    "rw rn lg ny ki kam umb kg lua bem tum nyn luy guz mer: sw sn ln",  # Bantu, east and centre
    "zu xh st tn nso ts ve ss nr: sn sw af",  # Bantu, south
    "sg: ln fr",  # a creole of Ngbandi
    "om aa sid: so am",  # Cushitic
    "ti gez tig: am ar",  # Ethio-Semitic
    "kab ber tzm shi rif: ar fr",  # Berber, with letters and loans of both
    "ary arz apc ajp acm aeb ars syr arc: ar he",  # Arabic varieties, Aramaic
    "luo din nus kr mas teo: so sw ha",  # Nilo-Saharan: no relative in Whisper, so the neighbours
    "ky kaa nog crh kum: kk tt tr uz",  # Kipchak
    "ug: uz kk",  # Karluk
    "cv sah tyv alt kjh: tt ba kk",  # Oghur and Siberian Turkic
    "gag: tr az",  # Oghuz
    "ku kmr ckb zza lrc: fa tr",  # Iranian, west
    "os wbl: fa tg",  # Iranian, east
    "or mai bho mag rkt syl ctg: bn as hi",  # Indo-Aryan, east
    "raj mwr bgc hne awa doi ks kok gom: hi mr ur",  # Indo-Aryan, centre, north-west, and Konkani
    "dv: si",  # Insular Indo-Aryan
    "skr hno: pa ur sd",  # Lahnda
    "tcy kfa: kn ml ta",  # South Dravidian
    "gon: te",  # South-Central Dravidian
    "mni kac lus dz new: my bo ne",  # Tibeto-Burman
    "za shn khb kht: th lo",  # Tai
    "nan hak wuu hsn gan cdo: zh yue",  # Sinitic
    "mnw kha sat: km my",  # Austroasiatic
    "ceb ilo hil war pam bik pag: tl id",  # Philippine
    "min ban mad bug ace bjn mak: id ms jw su",  # Malayo-Sumbawan and neighbours
    "sm to ty rap niu tvl fj rar mh gil: mi haw",  # Oceanic
    "fy nds stq: nl de",  # West Germanic, coast
    "gsw bar pfl ksh vmf: de lb",  # High German
    "sco: en",  # Anglic
    "an ast ext lad: es gl ca",  # Iberian Romance
    "mwl kea pov: pt",  # Portuguese and its creoles
    "sc scn nap vec lmo pms lij fur rm lld co: it ro",  # Italian and Rhaeto-Romance
    "wa pcd frp: fr oc",  # Oïl and Arpitan
    "gcf acf mfe rcf gcr lou: ht fr",  # French creoles
    "bi tpi pis jam pcm srn: en",  # English creoles
    "ga gd gv kw: cy br",  # Celtic
    "hsb dsb csb szl: pl cs",  # West Slavic
    "rue: uk sk",  # East Slavic
    "sh cnr: hr sr bs",  # South Slavic
    "ltg sgs: lv lt",  # Baltic
    "se smj sma sms vep krl olo vro liv kv koi mhr mrj myv mdf udm: fi et",  # Uralic of the west
    "kca mns: hu",  # Ugric
    "ab ady kbd ce inh av lez dar lbe xmf: ka",  # of the Caucasus: neighbours, not relatives
    "bua xal: mn",  # Mongolic
    "qu ay gn nah yua: es",  # of the Americas: letters and loans of Spanish
    "eo ia ie io: it es",  # made of Romance
)

_RELATIVES = {
    code: tuple(near.split())
    for codes, near in (branch.split(":") for branch in _BRANCHES)
    for code in codes.split()
}


#: The codes of all languages whose relatives are known.
BRANCHED = frozenset(_RELATIVES)


def relatives(code: str, among: Iterable[str]) -> tuple[str, ...]:
    """The codes of ``among`` that are nearest to a language, nearest first; none where none is known.

    >>> relatives("tw", ["en", "yo", "sw", "ha"])
    ('yo', 'ha')
    """
    known = frozenset(among)
    return tuple(near for near in _RELATIVES.get(code, ()) if near in known)
