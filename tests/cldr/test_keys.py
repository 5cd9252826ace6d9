import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.cldr.facts import RELATIONS, Fact
from hbir.cldr.keys import QUESTIONS, STATEMENTS, Sentence, parse, passage_key, query_key
from hbir.core.errors import DataError

codes = st.text("ABCXYZabcxyz0189", min_size=1, max_size=6)
some_facts = st.builds(Fact, st.sampled_from(sorted(RELATIONS)), codes, codes)
sentences = st.builds(Sentence, some_facts, st.integers(0, STATEMENTS - 1))


def test_keys_look_as_documented():
    yen = Fact("currency", "JP", "JPY")
    assert query_key(yen, 2) == "cldr:query:currency:JP:JPY:2"
    spoken = Sentence(Fact("main_language", "JP", "ja"), 1)
    key = passage_key([Sentence(yen, 0), spoken])
    assert key == "cldr:passage:currency:JP:JPY:0+main_language:JP:ja:1"


@given(some_facts, st.integers(0, QUESTIONS - 1))
def test_query_keys_come_back(fact, wording):
    assert parse(query_key(fact, wording)) == ("query", ((fact, wording),))


@given(st.lists(sentences, min_size=1, max_size=3))
def test_passage_keys_come_back(parts):
    assert parse(passage_key(parts)) == ("passage", tuple(parts))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "what is the currency of Japan?",
        "cldr:query:currency:JP:JPY",
        "cldr:query:currency:JP:JPY:3",
        "cldr:query:currency:JP:JPY:-1",
        "cldr:query:colour:JP:JPY:0",
        "cldr:query:currency:JP:JPY:0+currency:DE:EUR:0",
        "cldr:answer:currency:JP:JPY:0",
        "wiki:query:currency:JP:JPY:0",
        "cldr:passage:currency:JP:JPY:0+",
    ],
)
def test_other_keys_are_refused(key):
    with pytest.raises(DataError, match="embedded corpus"):
        parse(key)
