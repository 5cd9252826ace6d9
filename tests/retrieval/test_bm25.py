"""Words in every script, and an index that is never at a loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.retrieval.bm25 import Bm25
from hbir.retrieval.words import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Die Währung, bitte!", ["die", "währung", "bitte"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("mt5-base 3.5", ["mt5", "base", "3", "5"]),
        ("जापान की मुद्रा", ["जापान", "की", "मुद्रा"]),
        ("日本の通貨", ["日本", "本の", "の通", "通貨"]),
        ("円", ["円"]),
        ("日本", ["日本"]),
        ("NHKは日本", ["nhk", "は日", "日本"]),
        ("สกุลเงิน", ["สกุ", "กุล", "ุลเ", "ลเง", "เงิ", "งิน"]),
        ("ไทย 2024", ["ไทย", "2024"]),
        ("¿?…", []),
        ("", []),
    ],
)
def test_a_text_becomes_words(text, expected):
    assert words(text) == expected


@given(st.text())
def test_any_text_has_words_without_space(text):
    assert all(word and not any(map(str.isspace, word)) for word in words(text))


def test_a_passage_with_the_words_ranks_first():
    index = Bm25([words(text) for text in ("the crown of Norway", "the euro", "Norway")])
    scores = index.scores([words("Norway crown"), words("zloty"), []])
    assert scores.shape == (3, 3)
    assert scores.dtype == np.float32
    assert scores[0].argmax() == 0
    assert scores[0, 1] == 0
    assert not scores[1:].any()


def test_passages_without_a_word_score_nothing():
    assert not Bm25([[], []]).scores([["a"], []]).any()
    assert Bm25([[], ["a"]]).scores([["a"]])[0, 1] > 0
