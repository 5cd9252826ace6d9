from hypothesis import given
from hypothesis import strategies as st

from hbir.benchmarks.spans import Place, cut, place


def test_by_hand():
    where = Place(0.25, 0.5)
    assert cut("one two  three\nfour five six seven eight", "en", where) == "three four five six"
    assert cut("一二三四五六七八", "zh", where) == "三四五六"
    assert cut("one", "en", where) == "one"


def test_thai_keeps_vowel_signs_on_their_consonants():
    # Three characters to a reader, six code points.
    assert cut("กี่ขู้ค", "th", Place(0.34, 0.33)) == "ขู้"


def test_the_row_decides_the_place():
    places = [place(f"doc#{n}", (0.3, 0.6)) for n in range(2000)]
    assert place("doc#7", (0.3, 0.6)) == places[7]
    assert all(0.3 <= length <= 0.6 and 0 <= start <= 1 - length for start, length in places)
    assert abs(sum(where.length for where in places) / 2000 - 0.45) < 0.01
    assert max(start + length for start, length in places) > 0.99


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=30), st.integers(0, 10**6))
def test_a_span_is_a_run_of_the_words(words, number):
    where = place(str(number), (0.3, 0.6))
    span = cut(" ".join(words), "en", where).split()
    first = int(where.start * len(words))
    assert span == words[first : first + len(span)]
    assert span
    assert abs(len(span) - where.length * len(words)) <= 1
