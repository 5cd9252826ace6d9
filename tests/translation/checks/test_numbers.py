import unicodedata
from decimal import Decimal

import pytest
import regex
from babel.numbers import format_decimal
from hypothesis import assume, given
from hypothesis import strategies as st

from hbir.translation.checks.numbers import lost_share

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
        ("1,234.56 km", "1 234,56 км"),
        ("1,000.75 km", "1\u202f000,75 km"),
        ("12,345,678.9 km", "12\u2009345\u2009678,9 km"),
        ("1,234,567.25", "1\u00a0234\u00a0567,25"),
        ("in 2019 1,234.5 m", "2019 1 234,5 m"),
        ("2.5 percent of 750", "７５０ の ２．５ %"),
        ("1,234 people", "１，２３４人"),
        ("2.5 percent", "۲/۵ درصد"),
        ("12,345 people", "1万2345人"),
        ("16,784,123 people", "1678万4123人"),
        ("16,784,123 people", "1,678万4,123人"),
        ("316,784,123 people", "3億1678万4123人"),
        ("316,784,123 people", "3亿1678万4123人"),
        ("10,005 people", "1万5人"),
        ("100,012,345 people", "1億1万2345人"),
        ("100,000,057 people", "1億57人"),
        ("12,345 people", "1만 2345명"),
        ("135,000 people", "13万5千人"),
        ("12 people", "doce personas"),
        ("1,200 people", "mil doscientas personas"),
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
        ("1,234 and 56 and 78 and 91", "1 234, 56 und achtundsiebzig", 0.5),
        ("K-12 and UTF-16", "K und UTF", 1.0),
        ("12 of 15 people", "doce de quince", 1.0),
        ("12 of 345 people", "doce de 345", 0.0),
        ("345 people", "trescientas personas", 1.0),
        ("34.5 %", "34,6 %", 1.0),
        ("1,234.56", "1 235,56", 1.0),
        ("12,345", "1万2346", 1.0),
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


LOCALES = [
    "ar_EG",
    "bn",
    "de",
    "de_CH",
    "el",
    "en",
    "es",
    "fa",
    "fr",
    "hi",
    "my",
    "pt_PT",
    "ru",
    "th",
    "tr",
    "vi",
    "zh",
]
DECIMALS = st.decimals(0, 10**12, places=2) | st.decimals(0, 10**5, places=4) | st.integers(0, 10**15)


def written(number: Decimal | int, locale: str, numbering: str = "latn") -> str:
    return str(format_decimal(number, "#,##0.####", locale, numbering_system=numbering))


@given(st.lists(DECIMALS, max_size=5), st.sampled_from(LOCALES), st.sampled_from(["latn", "default"]))
def test_a_number_is_found_as_any_locale_writes_it(numbers, locale: str, numbering: str):
    source = " and ".join(written(number, "en") for number in numbers)
    translation = " – ".join(written(number, locale, numbering) for number in numbers)
    assert lost_share(source, translation) == 0


@given(st.lists(DECIMALS, max_size=5), st.sampled_from(LOCALES), st.sampled_from(ZEROS))
def test_a_number_is_found_with_the_digits_of_any_script(numbers, locale: str, zero: str):
    source = " and ".join(written(number, "en") for number in numbers)
    digits = {ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)}
    translation = " – ".join(written(number, locale) for number in numbers).translate(digits)
    assert lost_share(source, translation) == 0


@given(st.integers(1, 10**12 - 1), st.sampled_from(["万亿", "萬億", "만억"]))
def test_a_number_is_found_with_its_myriads_named(number: int, names: str):
    written = str(number % 10**4 or "")
    for power, name in zip((4, 8), names, strict=True):
        if part := number // 10**power % 10**4:
            written = f"{part}{name}{written}"
    assert lost_share(f"{number:,}", f"({written})") == 0


@given(DECIMALS, DECIMALS, st.sampled_from(LOCALES))
def test_another_number_is_not_taken_for_it(number, other, locale: str):
    wanted, there = (regex.sub("[.,]", "", written(each, "en")).strip("0") for each in (number, other))
    assume(len(wanted) > 2 and wanted not in there)
    assert lost_share(written(number, "en"), written(other, locale)) == 1
