import re
import sys
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from hbir.core import text as module
from hbir.core.text import is_empty, normalise

TRICKY = (
    "iıİIеёЕ\u0301\u0308\u0307\u0323\u0345αΰῇΣςß\u0640\u0628\u064b\u0654يك\u200b\u200d \u00adﷺﬁ가\u1161\x00\x85"
)


def test_a_text_by_hand():
    assert normalise("  Straße\u00a0 ＡＢ\n") == "strasse ab"
    assert normalise("a\x07b\tc") == "ab c"
    assert normalise("мой ещё, naïve, Ångström, ӓ") == "мой еще, naïve, ångström, ӓ"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("بزرگ\u200cترین شهر می\u200cشود", "بزرگترین شهر میشود"),  # zero-width non-joiners
        ("zero\u200bwidth so\u00adft \ufeffmark \u2066in\u2069", "zerowidth soft mark in"),
        ("İSTANBUL'UN ILIK GÜNLERİ", "İstanbul'un ılık günleri"),
        ("ΠΟΙΑ ΕΙΝΑΙ Η ΑΘΗΝΑ ΤΟΥ ΒΟΡΡΑ", "Ποια είναι η Αθήνα του βορρά"),
        ("مَا هِيَ أَكْبَرُ مَدِينَةٍ", "ما هي أكبر مدينة"),
        ("محـــمد", "محمد"),  # tatweel
        ("ﻣﺎ ﻫﻲ", "ما هي"),  # presentation forms
        ("کتاب فارسی", "كتاب فارسي"),  # a Persian text from an Arabic keyboard
        ("מָהִי עִיר הַבִּירָה", "מהי עיר הבירה"),
        ("Росси́я ещё", "Россия еще"),
        (unicodedata.normalize("NFD", "Thủ đô của nước Pháp"), "Thủ đô của nước Pháp"),
        (unicodedata.normalize("NFD", "लड़का क्या पढ़ता है"), "लड़का क्या पढ़ता है"),
        (unicodedata.normalize("NFD", "한국의 수도"), "한국의 수도"),
        ("WAS HEISST STRASSE", "was heißt Straße"),
        ("Ｗｈａｔ ｈａｐｐｅｎｅｄ", "What happened"),
    ],
)
def test_texts_that_read_the_same(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("schön", "schon"), ("été", "ete"), ("мой", "мои"), ("كَتَب", "كتاب"), ("1945", "1954"), ("أب", "اب")],
)
def test_texts_that_read_otherwise(one, other):
    assert normalise(one) != normalise(other)


@given(st.text() | st.text(alphabet=TRICKY))
def test_a_normalised_text_stays_as_it_is(text):
    folded = normalise(text)
    assert normalise(folded) == folded
    assert normalise(unicodedata.normalize("NFD", text)) == folded


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_ascii_takes_no_other_way(text):
    assert normalise(text + "é").removesuffix("é") == normalise(text + "e").removesuffix("e")


def test_every_invisible_character_of_unicode():
    unseen = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}]")
    ours = re.compile(f"[{module._INVISIBLE}]")
    others = {
        point
        for point in range(sys.maxunicode + 1)
        if bool(unseen.match(chr(point))) != bool(ours.match(chr(point))) and not chr(point).isspace()
    }
    assert others == {0xFFF9, 0xFFFA, 0xFFFB}  # around annotations


@pytest.mark.parametrize(
    "text", ["", " \n", "\u200b", "\u200b\u200e", "\ufeff", "...", "---", "¿?!", "\u3164", "→ €"]
)
def test_texts_that_say_nothing(text):
    assert is_empty(text)


@pytest.mark.parametrize("text", ["a", "7", "\u200bü", "中", "٣", "क", "½"])
def test_texts_that_say_something(text):
    assert not is_empty(text)
