"""Know what the code must know of languages: one table of names, scripts, lengths and the codes of engines.

`languages.csv` holds the table. Sources: NLLB-200's and M2M-100's codes are those of transformers' own
tokenizers, to which a test holds them; MADLAD-400's those of its published vocabulary; OPUS-MT's the models of
Helsinki-NLP on the Hub. A model from English to one language alone is preferred; of those with several
targets, which want a token, the one whose card (Helsinki-NLP/Tatoeba-Challenge) has the better score. Where
that is below .25 chrF, or the model on the Hub is broken (Korean), there is none.

`length` was measured where XQuAD-R has the language: characters of its 240 parallel contexts per character of
English (ar .87, de 1.14, el 1.14, es 1.13, hi .98, ru 1.08, th .94, tr 1.01, vi 1.02, zh .32; the sentences of
Tatoeba give the same within .1). Any other language takes that of its script: the measured language's (for
Latin the mean of four), or an estimate.
"""

import csv
import difflib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from hbir.core.errors import LanguageError

ENGLISH = "en"
"""The language that sources come in and engines translate from."""
UNSPACED = frozenset({"zh", "yue", "wuu", "lzh", "th", "ja", "km", "lo", "my", "bo", "dz"})
"""Languages written without spaces between words: texts are counted in characters."""
_CODE = re.compile(r"([a-z]{2,3})(?:[-_@.]([a-z0-9]+))?(?:[-_@.][a-z0-9]+)*")
"""A language, perhaps with a script, a region, a variant: de, zh-Hans-CN, pt_BR.UTF-8, ca@valencia."""
_OF_CHINESE = frozenset({"yue", "wuu", "nan", "hak", "gan", "hsn", "cdo", "lzh"})
"""Languages of their own, which may also be written after `zh-`."""
OPUS = "Helsinki-NLP/opus-mt-"
"""What the ids of OPUS-MT's models begin with on the Hub."""
_SCRIPT_LENGTHS = {
    "Latin": 1.08,
    "Cyrillic": 1.08,
    "Greek": 1.14,
    "Arabic": 0.87,
    "Devanagari": 0.98,
    "Thai": 0.94,
    "Lao": 0.94,
    "Han": 0.45,
    "Hangul": 0.5,
    "Ethiopic": 0.65,
    "Hebrew": 0.8,
}
"""Characters per English character: measured but for the last four, Han standing for Japanese."""
_OTHER_SCRIPTS = 1.05
"""Estimate for alphabets and the scripts of South and South-East Asia."""


@dataclass(frozen=True, kw_only=True)
class Language:
    """Hold what is known of one language; an engine that does not know it has None."""

    code: str
    """ISO 639-1, or 639-3 for what has no shorter one."""
    name: str
    """In English."""
    scripts: tuple[str, ...]
    """Unicode names of the scripts it is written in, the usual one first."""
    length: float
    """Typical characters per character of English."""
    nllb: str | None
    """NLLB-200's code, such as `zho_Hans`."""
    m2m100: str | None
    """M2M-100's code, such as `zh`."""
    opus: str | None
    """OPUS-MT's model from English, such as `Helsinki-NLP/opus-mt-en-zh`."""
    opus_token: str | None
    """What that model wants before every text to know the language, such as `>>cmn_Hans<<`."""
    madlad: str | None
    """MADLAD-400's token, such as `<2zh>`."""


def language(code: str, where: str = "language") -> Language:
    """Look a language up.

    Args:
        code: such as `de`.
        where: the file and key, for a message.

    Returns:
        What is known of it.

    Raises:
        LanguageError: when the table lacks it; the nearest code is named.
    """
    if code in LANGUAGES:
        return LANGUAGES[code]
    raise _unknown(code, where, f"the ISO 639-1 code of one of {len(LANGUAGES)} languages")


def language_code(code: str, where: str = "language") -> str:
    """Return the one code by which the project knows a language, so that codes can be compared.

    Args:
        code: as others write it. Script, region and variant do not count (`zh-CN`, `zh_Hans`, `pt-BR`,
            `sr-Latn`), nor does case; old codes (`iw`) and those of three letters (`deu`) are known.
        where: the file and key, for a message.

    Returns:
        The code of the table; for a language that the table lacks, its own in lower case.

    Raises:
        LanguageError: when it is no code, such as `Chinese`; the nearest is named.
    """
    if (known := _coded(code)) is None:
        raise _unknown(code, where, "a language code such as de, zh or pt-BR")
    return known


@lru_cache(maxsize=1024)
def _coded(code: str) -> str | None:
    form = _CODE.fullmatch(code.strip().lower())
    if form is None:
        return None
    first, second = form.groups()
    if first == "zh" and (second in _OF_CHINESE or "min-nan" in form[0].replace("_", "-")):
        return second if second in _OF_CHINESE else "nan"
    return first if first in LANGUAGES else _other_names().get(first, first)


def is_code_of(name: str, code: str) -> bool:
    """Tell whether what another project calls a language is ours.

    Args:
        name: such as `deu`, `de` or `cat_valencia`, whose region, script or variant does not count.
        code: as in the table; one that the table lacks has no other names than ISO 639's.

    Returns:
        Whether both are the same language.
    """
    first = re.split("[-_@]", name.lower())[0]
    return bool(_CODE.fullmatch(name.lower())) and (language_code(name) == code or first in _codes(code))


@cache
def _other_names() -> dict[str, str]:
    """Map codes that the table lacks to its own. Source: CLDR's aliases of ISO 639-2 and -3, through Babel."""
    from babel.core import get_global

    names: dict[str, str] = {}
    for known in LANGUAGES.values():
        names.setdefault((known.nllb or "").split("_")[0], known.code)
    for other, alias in get_global("language_aliases").items():
        base = alias.split("_")[0]
        if other in LANGUAGES and base not in LANGUAGES:  # CLDR prefers fil to our tl
            other, base = base, other
        names.setdefault(other, base)
    return names


def _codes(code: str) -> set[str]:
    if code not in LANGUAGES:
        return set()
    known = LANGUAGES[code]
    theirs = (known.nllb or "", known.m2m100 or "", (known.madlad or "").strip("<2>"))
    return {name.split("_")[0] for name in (*theirs, (known.opus or "").split("-")[-1])} - {""}


def _unknown(code: str, where: str, expected: str) -> LanguageError:
    near = _nearest(code)
    hint = f"Did you mean {near.code!r} ({near.name})?" if near else "Write it as in `de`, `hi` or `zh`."
    return LanguageError(where=where, expected=expected, found=repr(code), hint=hint)


def _nearest(code: str) -> Language | None:
    names = {name.lower(): known for known in LANGUAGES.values() for name in _names(known) if name}
    # The region or script of `pt-BR` or `deu_Latn` says nothing of the language.
    wanted = code.lower().replace("_", "-").split("-")[0]
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.75)
    return names[near[0]] if near else None


def _names(known: Language) -> list[str]:
    return [(known.nllb or "").split("_")[0], known.name, known.code]


def _row(row: dict[str, str]) -> Language:
    scripts = tuple(row["scripts"].split())
    model, _, token = row["opus"].partition(" ")
    return Language(
        code=row["code"],
        name=row["name"],
        scripts=scripts,
        length=float(row["length"] or _SCRIPT_LENGTHS.get(scripts[0], _OTHER_SCRIPTS)),
        nllb=row["nllb"] or None,
        m2m100=row["m2m100"] or None,
        opus=f"{OPUS}{model}" if model else None,
        opus_token=token or None,
        madlad=row["madlad"] or None,
    )


_TABLE = files("hbir.core").joinpath("languages.csv").read_text(encoding="utf-8")
LANGUAGES = {row["code"]: _row(row) for row in csv.DictReader(_TABLE.splitlines())}
"""The 100 of M2M-100, those of NLLB-200 that ISO 639-1 has, and those of every benchmark, by their codes."""
