import sqlite3
from contextlib import closing
from itertools import pairwise

import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from hbir.core.errors import DataError
from hbir.core.sentences import sentence_breaks
from hbir.translation.memory.batches import chunks
from hbir.translation.memory.memory import Memory
from hbir.translation.memory.sentences import WIDTH, Unit, cut, join, spans, split_texts, translatable

WRAPPED = "Whoever walks along the river in the evening sees the towers,"
BREAKS = regex.compile(r"[ \t]*\r?\n")
pieces = st.sampled_from(
    [
        "Oslo is cold. ",
        "Why?",
        WRAPPED,
        f"{WRAPPED}\nand ",
        f"the same towers that {WRAPPED} \r\nnot ",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "Dr. Lee",
        "...",
        "1,204",
        "\u2028",
        "é",
        "甲。",
        "\x1c",
        "\x00",
    ]
)
texts = st.one_of(st.text(), st.lists(pieces).map("".join))


def split(text):
    return cut(text, spans(text))


def test_sentences_and_the_white_space_after_them():
    assert split("Dr. Lee is here. Run!  Now?") == [
        Unit("Dr. Lee is here.", " "),
        Unit("Run!", "  "),
        Unit("Now?", ""),
    ]


def test_no_sentence_goes_over_a_line_break():
    assert split("History\nIt began\r\n\r\n\tlate. So what?\n") == [
        Unit("History", "\n"),
        Unit("It began", "\r\n\r\n\t"),
        Unit("late.", " "),
        Unit("So what?", "\n"),
    ]


def test_white_space_at_the_start_is_kept():
    assert split("  Run.") == [Unit("", "  "), Unit("Run.", "")]
    assert split(" \n\t") == [Unit("", " \n\t")]
    assert split("") == []


def test_a_wrapped_line_goes_on():
    text = f"# Towers\n\n{WRAPPED} \r\nwhich are old. They stand on the hill, and nobody lives in any of them\n"
    text += "now.\n"
    assert split(text) == [
        Unit("# Towers", "\n\n"),
        Unit(f"{WRAPPED} which are old.", " "),
        Unit("They stand on the hill, and nobody lives in any of them now.", "\n"),
    ]


@pytest.mark.parametrize(
    ("line", "after"),
    [
        (WRAPPED, "Which are old."),
        (WRAPPED, "- which"),
        (WRAPPED, "  which"),
        (WRAPPED, "\nwhich"),
        (WRAPPED.replace(",", "."), "which"),
        (WRAPPED.replace(",", ":"), "which"),
        ("the old tower," + " " * WIDTH, "which"),
        ("pip install hbir", "dvc repro"),
        (f"{WRAPPED}\x0b", "which"),
    ],
)
def test_any_other_line_break_ends_a_sentence(line, after):
    assert [unit.text for unit in split(f"{line}\n{after}")] == [line.strip(), after.strip()]


@given(texts)
def test_what_was_not_translated_comes_back_but_for_breaks_of_wrapped_lines(text):
    joined = join(split(text), "es")
    assert BREAKS.sub(" ", joined) == BREAKS.sub(" ", text)
    if joined != text:
        assert len(joined.splitlines()) < len(text.splitlines())


@given(st.lists(pieces.filter(lambda piece: WRAPPED not in piece)).map("".join))
def test_what_was_not_translated_comes_back_exactly_where_lines_are_short(text):
    if all(len(line) < WIDTH for line in text.splitlines()):
        assert join(split(text), "es") == text


@given(texts)
def test_units_hold_no_white_space_around_them(text):
    units = split(text)
    assert all(unit.text == unit.text.strip() and not unit.gap.strip() for unit in units)
    assert all(unit.text for unit in units[1:])


@given(texts)
def test_spans_are_in_order_and_are_the_sentences_of_each_line(text):
    text = text.replace(WRAPPED, "")
    found = spans(text)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assume(all(len(line) < WIDTH for line in text.splitlines()))
    slow = [line[a:b].strip() for line in text.splitlines() for a, b in sentence_breaks(line)]
    assert [text[a:b] for a, b in found] == [sentence for sentence in slow if sentence]


@pytest.mark.parametrize(
    ("target", "joined"),
    [
        ("zh", "\t甲。乙。\n丙。\t丁。"),
        ("yue", "\t甲。乙。\n丙。\t丁。"),
        ("ja", "\t甲。乙。\n丙。\t丁。"),
        ("th", "\t甲。 乙。\n丙。\t丁。  "),
        ("es", "\t甲。 乙。\n丙。\t丁。  "),
    ],
)
def test_chinese_and_japanese_write_no_space_between_sentences(target, joined):
    units = [Unit("", "\t"), Unit("甲。", " "), Unit("乙。", "\n"), Unit("丙。", "\t"), Unit("丁。", "  ")]
    assert join(units, target) == joined


@pytest.mark.parametrize("text", ["", "12,000.5 %", "– … !?", "① ½"])
def test_without_a_letter_there_is_nothing_to_translate(text):
    assert not translatable(text)


@pytest.mark.parametrize("text", ["a", "7th", "...é", "甲"])
def test_with_a_letter_there_is(text):
    assert translatable(text)


def test_many_texts_are_split_once(tmp_path, monkeypatch):
    memory = Memory(tmp_path / "es.sqlite")
    some = ["A b. C d.", "", " E?\nF", "1"]
    assert split_texts(some, memory) == [split(text) for text in some]
    asked = []

    def counted(text):
        asked.append(text)
        return spans(text)

    monkeypatch.setattr("hbir.translation.memory.sentences.spans", counted)
    monkeypatch.setattr("hbir.translation.memory.sentences._CHUNK", 1)
    more = ["New. One.", *some, "Another"]
    assert split_texts(more, memory) == [split(text) for text in more]
    assert asked == ["New. One.", "Another"]


def test_another_splitter_splits_again(tmp_path, monkeypatch):
    memory = Memory(tmp_path / "es.sqlite")
    split_texts(["It is late. We go."], memory)
    monkeypatch.setattr("hbir.translation.memory.sentences.spans", lambda text: [(0, len(text))])
    assert len(split_texts(["It is late. We go."], memory)[0]) == 2
    monkeypatch.setattr("hbir.translation.memory.sentences.version", lambda package: "99")
    assert split_texts(["It is late. We go."], memory) == [[Unit("It is late. We go.", "")]]


def test_chunks():
    assert list(chunks("abcde", 2)) == ["ab", "cd", "e"]
    assert list(chunks("", 2)) == []


def test_all_languages_share_the_places_of_sentences(tmp_path, monkeypatch):
    some = ["A b. C d.", " E?\nF"]
    found = split_texts(some, Memory(tmp_path / "es.sqlite"))
    monkeypatch.setattr("hbir.translation.memory.sentences.spans", lambda text: pytest.fail("asked again"))
    assert split_texts(some, Memory(tmp_path / "de.sqlite")) == found
    assert (tmp_path / "sentences.sqlite").is_file()


@pytest.mark.parametrize("broken", ["{", "[1]", '[["a", 2]]', "7"])
def test_places_that_are_none_are_told(tmp_path, broken):
    memory = Memory(tmp_path / "es.sqlite")
    split_texts(["A b. C d."], memory)
    with closing(sqlite3.connect(tmp_path / "sentences.sqlite")) as connection, connection:
        connection.execute("UPDATE entries SET text = ?", (broken,))
    with pytest.raises(DataError, match=r"sentences\.sqlite: expected places of sentences"):
        split_texts(["A b. C d."], memory)
