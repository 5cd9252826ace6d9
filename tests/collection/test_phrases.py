"""Known phrases are found exactly where a naive search finds them."""

from hypothesis import given
from hypothesis import strategies as st

from hbir.collection.phrases import SHORTEST, Phrases, units

words = st.lists(st.sampled_from(["a", "b", "ab", "c"]), max_size=24)
characters = st.text("天地人ก", max_size=24)


def test_units_are_words_or_characters():
    assert units("The  U.S. won 3–1!", "en") == ("the u s won 3 1 ", [0, 4, 6, 8, 12, 14, 16])
    assert units("天 地，AB。", "zh") == ("天地ab", [0, 1, 2, 3, 4])
    assert units("กำ ไร", "th").text == units("กําไร", "th").text
    assert units("…", "en") == ("", [0])


def contains(long, short):
    """Tell by comparing every slice."""
    return any(long[at : at + len(short)] == short for at in range(len(long) - len(short) + 1))


@given(words, st.lists(words, max_size=4))
def test_words_against_every_slice(text, known):
    phrases = Phrases()
    for number, phrase in enumerate(known):
        phrases.add(units(" ".join(phrase), "en"), str(number))
    expected = {
        next(n for n, other in enumerate(known) if other == phrase)
        for phrase in known
        if len(phrase) >= SHORTEST and contains(text, phrase)
    }
    found = phrases.find(units(", ".join(text), "en"))
    assert (found is not None) == bool(expected)
    assert found is None or int(found) in expected


@given(characters, st.lists(characters, max_size=4))
def test_characters_against_every_slice(text, known):
    phrases = Phrases()
    for phrase in known:
        phrases.add(units(phrase, "zh"), phrase)
    expected = {phrase for phrase in known if len(phrase) >= SHORTEST and phrase in text}
    found = phrases.find(units("。".join(text), "zh"))
    assert (found is not None) == bool(expected)
    assert found is None or found in expected


def test_whole_words_only():
    phrases = Phrases()
    phrases.add(units("one two three four five six seven eight", "en"), "x")
    assert phrases.find(units("ONE two: three four five six seven (eight).", "en")) == "x"
    assert phrases.find(units("stone two three four five six seven eight", "en")) is None
    assert phrases.find(units("one two three four five six seven eighty", "en")) is None


def test_seven_words_are_too_few():
    phrases = Phrases()
    phrases.add(units("one two three four five six seven", "en"), "x")
    assert phrases.find(units("zero one two three four five six seven eight", "en")) is None
