"""Qrels and topics: their formats, and what is broken in them."""

import logging

import pytest

from hbir.benchmarks.qrels import (
    Qrel,
    known_queries,
    read_beir,
    read_topics,
    read_trec,
    relevance,
    tolerate_unknown,
)
from hbir.core.errors import DataError

HEADER = "query-id\tcorpus-id\tscore\n"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "file.tsv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_topics_keep_their_quotation_marks(written):
    path = written('1\t"Who?" she asked\n2\tWas heißt "x\ty"?\n')
    assert read_topics(path) == {"1": '"Who?" she asked', "2": 'Was heißt "x\ty"?'}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\ta\n2 b\n", "line 2: expected an id, a tab and a query, found '2 b'"),
        ("1\t \n", "line 1: expected an id, a tab and a query"),
        ("1\ta\n1\tb\n", "line 2: expected ids of their own, found '1' once more"),
    ],
)
def test_broken_topics(written, text, message):
    with pytest.raises(DataError, match=message):
        read_topics(written(text))


def test_trec_and_beir_say_the_same(written):
    expected = [Qrel("q1", "5#0", 1), Qrel("q1", "5#1", 0), Qrel("q2", "7", 2)]
    assert read_trec(written("q1\tQ0\t5#0\t1\nq1 Q0 5#1 0\nq2\tQ0\t7\t2\n")) == expected
    assert read_beir(written(HEADER + "q1\t5#0\t1\nq1\t5#1\t0\nq2\t7\t2\n")) == expected


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (read_trec, "q Q0 p 1\nq Q0 p\n", "line 2: expected query, Q0, passage and grade, found q p"),
        (read_trec, "q Q0 p yes\n", "line 1: expected a whole number as the grade.*, found 'yes'"),
        (
            read_beir,
            HEADER + "q\tp\t0.5\n",
            "line 2: expected a whole number as .*, found '0.5', a fraction. Grades",
        ),
        (read_beir, HEADER + "q\tp\tnan\n", "line 2: expected a whole number as the grade.*, found 'nan'"),
        (read_beir, HEADER + "q\tp\t\n", "line 2: expected a whole number as the grade.*, found none"),
        (read_beir, HEADER + "\tp\t1\n", "line 2: expected query, passage and grade between tabs"),
        (read_trec, "q Q0 p 1\n\n", "line 2: .* found an empty line"),
        (read_beir, "q\tp\t1\n", "line 1: expected the header query-id, corpus-id, score"),
        (read_beir, "", "line 1: expected the header"),
        (read_beir, HEADER + "q p 1\n", "line 2: expected query, passage and grade between tabs, found q p 1"),
        (
            read_beir,
            HEADER + "q\tp\t1\nq\tp\t2\n",
            "line 3: expected one grade .* 1 before and 2 now for 'q' and 'p'",
        ),
    ],
)
def test_broken_qrels(written, reader, text, message):
    with pytest.raises(DataError, match=message):
        reader(written(text))


def test_the_same_qrel_twice_is_counted(written, caplog):
    assert read_trec(written("q Q0 p 1\nq Q0 p 1\nr Q0 p 1\n")) == [
        Qrel("q", "p", 1),
        Qrel("r", "p", 1),
    ]
    assert "1 qrels stand there more than once" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "q1\tp1\t1.0\nq2\tp2\t2.0\n",
        "q1\tp1\t1\t\nq2\tp2\t2\t\t\n",
        "\ufeffq1\tp1\t1\r\nq2\u200b\t\u00a0p2\t2e0\r\n",
    ],
)
def test_grades_and_ids_as_table_programs_write_them(written, text):
    expected = [Qrel("q1", "p1", 1), Qrel("q2", "p2", 2)]
    assert read_beir(written("Query-ID\tcorpus-id\tscore\t\n" + text)) == expected


def test_relevance_is_sorted_and_leaves_out_grades_up_to_0():
    rows = [("b", "y", 2), ("a", "y", 1), ("a", "x", 3), ("b", "z", 0), ("b", "w", -1)]
    found = relevance([Qrel(*row) for row in rows], {"a": 0, "b": 1})
    assert found.passage_ids == ["y", "x"]
    assert found.pairs.tolist() == [[0, 0], [0, 1], [1, 0]]
    assert found.grades.tolist() == [1, 3, 2]
    found = relevance([Qrel("a", "x", 1)], {"a": 0}, ["v", "x"])
    assert (found.passage_ids, found.pairs.tolist()) == (["v", "x"], [[0, 1]])
    assert relevance([], {}).pairs.shape == (0, 2)


def test_unknown_queries():
    rows = [Qrel("a", "x", 1), Qrel("b", "x", 1), Qrel("b", "y", 1)]
    assert list(known_queries(rows, {"a": 0}, "here", 0.5)) == rows[:1]
    with pytest.raises(DataError, match="here: expected at most 40.0% .* found 1 of 2 queries .* the first b"):
        known_queries(rows, {"a": 0}, "here", 0.4)


def test_unknown_ids_are_counted_and_the_first_five_named(caplog):
    names = [f"p{i}" for i in range(8)]
    with caplog.at_level(logging.WARNING):
        tolerate_unknown([], 0, "passages", "here", 0.0)
        assert not caplog.text
        tolerate_unknown(names, 16, "passages", "here", 0.5)
    assert "8 of 16 passages in the qrels unknown, the first p0, p1, p2, p3, p4" in caplog.text
    with pytest.raises(DataError, match="raise `unknown_share`"):
        tolerate_unknown(names, 15, "passages", "here", 0.5)
