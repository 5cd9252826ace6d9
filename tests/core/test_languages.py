import json
import os
import unicodedata
from pathlib import Path

import pytest
from babel.core import get_global

from hbir.benchmarks import mewsli_x, miracl, mtop, tatoeba
from hbir.core.errors import LanguageError
from hbir.core.languages import LANGUAGES, is_code_of, language, language_code

XQUAD_R = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")
DATA = os.environ.get("HBIR_DATA")


def test_one_language():
    chinese = language("zh")
    assert chinese.name == "Chinese"
    assert chinese.scripts == ("Han",)
    assert (chinese.nllb, chinese.m2m100, chinese.madlad) == ("zho_Hans", "zh", "<2zh>")
    assert (chinese.opus, chinese.opus_token) == ("Helsinki-NLP/opus-mt-en-zh", ">>cmn_Hans<<")


CODES = """
ar arb_Arab ar en-ar >>ara<< <2ar>
bn ben_Beng bn en-inc >>ben<< <2bn>
de deu_Latn de en-de - <2de>
el ell_Grek el en-el - <2el>
es spa_Latn es en-es - <2es>
fa pes_Arab fa en-mul >>pes<< <2fa>
fi fin_Latn fi en-fi - <2fi>
fr fra_Latn fr en-fr - <2fr>
hi hin_Deva hi en-hi - <2hi>
id ind_Latn id en-id - <2id>
ja jpn_Jpan ja en-jap - <2ja>
ko kor_Hang ko - - <2ko>
ru rus_Cyrl ru en-ru - <2ru>
sw swh_Latn sw en-sw - <2sw>
te tel_Telu - en-dra >>tel<< <2te>
th tha_Thai th en-mul >>tha<< <2th>
tr tur_Latn tr tc-big-en-tr - <2tr>
vi vie_Latn vi en-vi >>vie<< <2vi>
yo yor_Latn yo en-alv >>yor<< <2yo>
zh zho_Hans zh en-zh >>cmn_Hans<< <2zh>
"""
"""Code, then NLLB-200's, M2M-100's, OPUS-MT's model and token, and MADLAD-400's; a dash where there is none."""


@pytest.mark.parametrize("row", CODES.strip().splitlines(), ids=lambda row: row[:2])
def test_codes_of_engines(row):
    code, *parts = row.split()
    nllb, m2m100, model, token, madlad = (None if part == "-" else part for part in parts)
    known = language(code)
    assert (known.nllb, known.m2m100, known.madlad) == (nllb, m2m100, madlad)
    assert known.opus == (model and f"Helsinki-NLP/opus-mt-{model}")
    assert known.opus_token == token


def test_codes_are_written_out_for_all_benchmarks():
    assert {row[:2] for row in CODES.strip().splitlines()} == ({*XQUAD_R, *miracl.PASSAGES} - {"en"})


@pytest.mark.parametrize(
    ("code", "nllb", "m2m100", "opus", "madlad"),
    [
        ("he", "heb_Hebr", "he", "en-he", "<2he>"),
        ("no", "nob_Latn", "no", "en-gmq", "<2no>"),
        ("nso", "nso_Latn", "ns", "en-nso", "<2nso>"),
        ("pl", "pol_Latn", "pl", "en-zlw", "<2pl>"),
        ("pt", "por_Latn", "pt", "tc-big-en-pt", "<2pt>"),
        ("tl", "tgl_Latn", "tl", "en-tl", "<2fil>"),
    ],
)
def test_codes_that_are_unlike_others(code, nllb, m2m100, opus, madlad):
    known = language(code)
    assert (known.nllb, known.m2m100, known.madlad) == (nllb, m2m100, madlad)
    assert known.opus == f"Helsinki-NLP/opus-mt-{opus}"


def test_codes_of_madlad_are_ours_but_for_three():
    theirs = {
        code: known.madlad for code, known in LANGUAGES.items() if known.madlad not in (None, f"<2{code}>")
    }
    assert theirs == {"nb": "<2no>", "tl": "<2fil>", "tw": "<2ak>"}


def test_codes_of_nllb_begin_with_iso_639_3():
    """CLDR has an alias for most; the others are languages of a group, named one by one."""
    aliases = get_global("language_aliases")
    parts = {code: known.nllb.split("_")[0] for code, known in LANGUAGES.items() if known.nllb}
    others = {code: part for code, part in parts.items() if aliases.get(part, part) != code}
    assert others == {"ff": "fuv", "no": "nob", "ps": "pbt", "qu": "quy", "tl": "tgl", "tw": "twi"}


def test_all_of_nllb_that_iso_639_1_has_are_there():
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    aliases = get_global("language_aliases")
    short = {aliases.get(code.split("_")[0], "") for code in FAIRSEQ_LANGUAGE_CODES}
    assert len(short) > 120
    assert not {code for code in short if len(code) == 2} - set(LANGUAGES)


def test_kurdish_and_kashmiri_have_two_scripts():
    assert language("ku").scripts == ("Latin", "Arabic")
    assert language("ks").scripts == ("Arabic", "Devanagari")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *[
            ("de", "de"),
            ("deu", "de"),
            ("ger", "de"),
            ("cat_valencia", "ca"),
            ("zho", "zh"),
            ("cmn_Hans", "zh"),
        ],
        *[
            ("jap", "ja"),
            ("jpn", "ja"),
            ("nob", "nb"),
            ("nob", "no"),
            ("nor", "no"),
            ("tgl", "tl"),
            ("pes", "fa"),
        ],
        *[("arg", "an"), ("an", "an"), ("ast", "ast")],
    ],
)
def test_names_that_others_give_a_language(name, code):
    assert is_code_of(name, code)


@pytest.mark.parametrize(
    ("name", "code"), [("cat", "es"), ("spa_cat", "ca"), ("en", "de"), ("", "de"), ("de", "xx")]
)
def test_names_of_other_languages(name, code):
    assert not is_code_of(name, code)


WRITTEN = """
zh: zh zh-CN zh_TW zh-Hans zh_Hans_CN ZH zho cmn cmn-Hans zho_Hans zh-cmn zh_CN.UTF-8 chi
th: th th-TH th_TH tha THA
pt: pt pt-BR pt_PT por
sr: sr sr-Latn sr_Cyrl_RS sh srp
he: he iw heb iw-IL
yi: ji
id: in ind
ro: mo ron
tl: tl fil tgl fil-PH
no: no nor
nb: nb nob nb-NO
ca: ca ca@valencia cat_valencia
en: en en-US eng EN_gb
sw: swa swh
yue: yue zh-yue yue-Hant
nan: zh-min-nan zh_min_nan nan
tlh: tlh
"""


@pytest.mark.parametrize("row", WRITTEN.strip().splitlines(), ids=lambda row: row[:2])
def test_a_language_has_one_code_however_it_is_written(row):
    code, written = row.split(": ")
    assert {name: language_code(name) for name in written.split()} == dict.fromkeys(written.split(), code)


@pytest.mark.parametrize(
    ("name", "near"),
    [("Chinese", "'zh'"), ("german", "'de'"), ("", "Write"), ("zh CN", "zh"), ("z", "z")],
)
def test_what_is_no_code_is_refused(name, near):
    with pytest.raises(LanguageError, match=near) as caught:
        language_code(name, "a file, line 3")
    assert caught.value.where == "a file, line 3"


def test_every_code_of_the_table_is_its_own():
    assert {language_code(code) for code in LANGUAGES} == set(LANGUAGES)
    assert {language_code(known.nllb) for known in LANGUAGES.values() if known.nllb} == {
        known.code for known in LANGUAGES.values() if known.nllb
    } - {"no"}  # nob_Latn is shared by no and nb


def test_all_of_m2m100_are_there():
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

    assert {known.m2m100 for known in LANGUAGES.values()} - {None} == set(FAIRSEQ_LANGUAGE_CODES["m2m100"])


def test_codes_of_nllb_are_its_tokenizers():
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    ours = [known.nllb for known in LANGUAGES.values() if known.nllb]
    assert not set(ours) - set(FAIRSEQ_LANGUAGE_CODES)
    shared = {code for code in ours if ours.count(code) > 1}
    assert shared == {"nob_Latn"}  # no and nb


@pytest.mark.parametrize("languages", [XQUAD_R, miracl.PASSAGES])
def test_every_engine_has_a_code_for_the_benchmarks(languages):
    for code in set(languages) - {"en"}:
        known = language(code)
        assert known.nllb, code
        assert known.madlad, code
        assert known.m2m100 or code == "te"
        assert known.opus or code == "ko"


def test_all_benchmarks_are_covered():
    asked = {*tatoeba.ISO3, *miracl.PASSAGES, *mtop.LANGUAGES, *mewsli_x.LANGUAGES}
    assert not asked - set(LANGUAGES)


def test_the_table_is_sound():
    assert list(LANGUAGES) == sorted(LANGUAGES)
    for code, known in LANGUAGES.items():
        assert known.code == code
        assert known.name
        assert known.scripts
        assert 0.3 < known.length < 1.2
        assert bool(known.opus_token) <= bool(known.opus)
        assert known.opus_token is None or known.opus_token.strip("<>").replace("_", "").isalpha()
        assert known.madlad is None or known.madlad[:2] + known.madlad[-1] == "<2>"


def test_scripts_are_unicodes_own():
    import regex

    for script in {script for known in LANGUAGES.values() for script in known.scripts}:
        pattern = regex.compile(rf"\p{{Script={script}}}")
        assert any(pattern.match(chr(point)) for point in range(0x41, 0xE000) if _is_letter(point))


def _is_letter(point: int) -> bool:
    return unicodedata.category(chr(point)).startswith("L")


@pytest.mark.parametrize(
    ("code", "near"),
    [("deu", "'de'"), ("german", "'de'"), ("pt-BR", "'pt'"), ("zh_CN", "'zh'"), ("swh_Latn", "'sw'")],
)
def test_unknown_language_with_a_near_one(code, near):
    with pytest.raises(LanguageError, match=near) as caught:
        language(code, where="params.yaml: languages")
    assert caught.value.where == "params.yaml: languages"
    assert caught.value.found == repr(code)


@pytest.mark.parametrize("code", ["qqq", "", "1"])
def test_unknown_language_without(code):
    with pytest.raises(LanguageError, match="Write it as in `de`"):
        language(code)


@pytest.mark.skipif(not DATA, reason="HBIR_DATA is not set")
@pytest.mark.parametrize("code", sorted(set(XQUAD_R) - {"en"}))
def test_lengths_are_those_of_xquad_r(code):
    characters = {tag: sum(map(len, _contexts(tag))) for tag in ("en", code)}
    assert language(code).length == pytest.approx(characters[code] / characters["en"], abs=0.006)


def _contexts(code: str) -> list[str]:
    text = (Path(DATA or "") / "xquad-r" / f"{code}.json").read_text(encoding="utf-8")
    return [part["context"] for article in json.loads(text)["data"] for part in article["paragraphs"]]
