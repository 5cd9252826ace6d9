import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.translation.numbers import lost_share

ZEROS = [chr(code) for code in range(0x110000) if unicodedata.decimal(chr(code), -1) == 0]
"""The zero of every script; its nine other digits follow it."""


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("In 1945", "Im Jahr 1945"),
        ("In 1945", "عام ١٩٤٥"),
        ("In 1945", "१९४५ में"),
        ("1,234 people", "1.234 Menschen"),
        ("12,345 people", "12 345 человек"),
        ("12,345 people", "12\u202f345 personnes"),
        ("1,234,567", "12,34,567"),  # as in India
        ("3.75 %", "3,75 %"),
        ("2.5 million", "250万"),
        ("0.75 of it", "75 % davon"),
        ("135,000 people", "13.5万人"),
        ("in 2019 100 people", "2019 年 100 人"),
        ("98,765.43 dollars", "९८,७६५.४३ डॉलर"),
    ],
)
def test_a_number_survives_its_way_of_writing(source: str, translation: str):
    assert lost_share(source, translation) == 0


@pytest.mark.parametrize(
    "source",
    [
        "no number",
        "5 apples",
        "10 or 300 apples",
        "in the 1970s and 1980's",
        "the 15th century",
        "a 12km walk",
        "B2B",
    ],
)
def test_what_may_be_said_otherwise_is_not_looked_for(source: str):
    assert lost_share(source, "nichts") == 0


@pytest.mark.parametrize(
    ("source", "translation", "share"),
    [
        ("In 1945", "Im Jahr 1954", 1.0),
        ("In 1945", "", 1.0),
        ("From 1914 to 1918", "Von 1914 an", 0.5),
        ("1914, 1914 and 1918", "1918", 0.5),
        ("1,234 and 56 and 78 and 91", "1 234, 56 und 78", 0.25),
        ("K-12 and UTF-16", "K-12", 0.5),
    ],
)
def test_the_share_of_lost_numbers(source: str, translation: str, share: float):
    assert lost_share(source, translation) == share


@given(st.lists(st.integers(0, 10**12), max_size=6), st.sampled_from(ZEROS))
def test_digits_of_any_script_are_the_same(numbers: list[int], zero: str):
    source = " and ".join(map(str, numbers))
    written = source.translate({ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)})
    assert lost_share(source, written) == 0


@given(st.integers(1_000, 10**15), st.sampled_from([".", ",", " ", "\u00a0", "\u202f", "'", "’", "٬"]))
def test_separators_of_thousands_do_not_matter(number: int, separator: str):
    written = f"{number:,}".replace(",", separator)
    assert lost_share(str(number), f"({written})") == 0
    assert lost_share(f"{number:,}", f"({written})") == 0


@given(st.text(), st.text())
def test_it_is_a_share_of_any_two_texts(source: str, translation: str):
    assert 0 <= lost_share(source, translation) <= 1
    assert lost_share(source, source) == 0
