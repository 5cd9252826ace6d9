import json
import os
import unicodedata
from pathlib import Path

import pytest

from hbir.benchmarks import mewsli_x, miracl, mtop, tatoeba
from hbir.core.errors import LanguageError
from hbir.core.languages import LANGUAGES, UNSPACED, language

XQUAD_R = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")
DATA = os.environ.get("HBIR_DATA")


def test_one_language():
    chinese = language("zh")
    assert chinese.name == "Chinese"
    assert chinese.scripts == ("Han",)
    assert (chinese.nllb, chinese.m2m100, chinese.madlad) == ("zho_Hans", "zh", "<2zh>")
    assert (chinese.opus, chinese.opus_token) == ("Helsinki-NLP/opus-mt-en-zh", ">>cmn_Hans<<")


@pytest.mark.parametrize(
    ("code", "nllb", "m2m100", "opus", "madlad"),
    [
        ("ar", "arb_Arab", "ar", "en-ar", "<2ar>"),
        ("de", "deu_Latn", "de", "en-de", "<2de>"),
        ("fa", "pes_Arab", "fa", "en-mul", "<2fa>"),
        ("he", "heb_Hebr", "he", "en-he", "<2he>"),
        ("ja", "jpn_Jpan", "ja", "en-jap", "<2ja>"),
        ("no", "nob_Latn", "no", "en-gmq", "<2no>"),
        ("nso", "nso_Latn", "ns", "en-nso", "<2nso>"),
        ("sw", "swh_Latn", "sw", "en-sw", "<2sw>"),
        ("te", "tel_Telu", None, "en-dra", "<2te>"),
        ("th", "tha_Thai", "th", "en-mul", "<2th>"),
        ("tl", "tgl_Latn", "tl", "en-tl", "<2fil>"),
        ("tr", "tur_Latn", "tr", "tc-big-en-tr", "<2tr>"),
    ],
)
def test_codes_of_engines(code, nllb, m2m100, opus, madlad):
    known = language(code)
    assert (known.nllb, known.m2m100, known.madlad) == (nllb, m2m100, madlad)
    assert known.opus == f"Helsinki-NLP/opus-mt-{opus}"


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
    asked = {*tatoeba.ISO3, *miracl.PASSAGES, *mtop.LANGUAGES, *mewsli_x.LANGUAGES, *UNSPACED}
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
