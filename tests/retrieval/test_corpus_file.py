"""A user's corpus: JSON lines and plain text, by place and whole."""

import gzip
import json

import numpy as np
import pytest

from hbir.core.errors import DataError
from hbir.retrieval.corpus_file import CorpusFile, Entry, load_catalogue, save_catalogue

ROWS = [
    {"_id": "a", "title": "Größe", "text": "erste", "lang": "de"},
    {"docid": "b#1", "text": "दूसरा", "language": "hi"},
    {"id": 3, "text": "third"},
    {"_id": "d", "title": None, "text": "vierte", "lang": "de"},
]
ENTRIES = [
    Entry("a", "Größe", "erste", "de"),
    Entry("b#1", "", "दूसरा", "hi"),
    Entry("3", "", "third", None),
    Entry("d", "", "vierte", "de"),
]


def write(path, text):
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return CorpusFile(path)


def lines(rows):
    return "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


@pytest.mark.parametrize("name", ["c.jsonl", "c.jsonl.gz", "c.ndjson"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_passages_are_read_whole_and_by_place(tmp_path, name, bom, ending):
    corpus = write(tmp_path / name, bom + lines(ROWS).replace("\n", ending))
    assert list(corpus) == ENTRIES
    catalogue = corpus.catalogue()
    assert corpus.read(catalogue, range(4)) == ENTRIES
    assert corpus.read(catalogue, [2, 0]) == [ENTRIES[2], ENTRIES[0]]
    assert catalogue.names == ["de", "hi"]
    assert catalogue.languages.tolist() == [0, 1, -1, 0]
    assert ENTRIES[0].whole == "Größe erste"
    assert ENTRIES[1].whole == "दूसरा"


@pytest.mark.parametrize("name", ["c.txt", "c.txt.gz"])
def test_plain_text_has_its_line_numbers_as_ids(tmp_path, name):
    corpus = write(tmp_path / name, "one\n\n  two \n")
    entries = [Entry("1", "", "one", None), Entry("3", "", "two", None)]
    assert list(corpus) == entries
    catalogue = corpus.catalogue()
    assert catalogue.names == []
    assert corpus.read(catalogue, [1, 0]) == entries[::-1]


def test_a_catalogue_is_the_same_after_reading(tmp_path):
    catalogue = write(tmp_path / "c.jsonl", lines(ROWS[::-1])).catalogue()
    save_catalogue(catalogue, tmp_path / "x.npz")
    again = load_catalogue(tmp_path / "x.npz")
    assert np.array_equal(again.numbers, catalogue.numbers)
    assert again.numbers.tolist() == [1, 3, 5, 7]
    assert np.array_equal(again.offsets, catalogue.offsets)
    assert np.array_equal(again.languages, catalogue.languages)
    assert again.names == catalogue.names == ["de", "hi"]


def test_languages_keep_their_names_in_any_order_of_appearance(tmp_path):
    rows = [{"id": i, "text": "x", "lang": lang} for i, lang in enumerate(["zh", "ar", "de", "zh"])]
    catalogue = write(tmp_path / "c.jsonl", lines(rows)).catalogue()
    assert [catalogue.names[code] for code in catalogue.languages] == ["zh", "ar", "de", "zh"]


def test_the_fingerprint_follows_content_and_format(tmp_path):
    text = lines(ROWS)
    prints = [write(tmp_path / name, text).fingerprint() for name in ("a.jsonl", "b.JSONL", "c.txt")]
    assert prints[0] == prints[1] == prints[2]
    assert write(tmp_path / "a.jsonl", text + " ").fingerprint() != prints[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": 1, "text": "x"}\n{"id": 2', "line 2: expected JSON"),
        ('{"id": 1, "text": "x"}\n[1]', "line 2: expected a JSON object, found list"),
        ('{"id": 1}', "line 1: expected a `text`, .* found none"),
        ('{"id": 1, "text": null}', "line 1: expected a `text`, .* found None"),
        ('{"id": 1, "text": " "}', "line 1: expected a text that is not empty"),
        ('{"text": "x"}', "line 1: expected an id"),
        ('{"id": 1, "text": "x", "lang": ["de"]}', "line 1: expected a language code"),
        ('{"id": 1, "text": "x"}\n\n{"id": "1", "text": "y"}', "line 3: expected an id of its own, .* line 1"),
        ("\n\n", "expected passages, found none"),
    ],
)
def test_broken_lines(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        write(tmp_path / "c.jsonl", text).catalogue()


def test_broken_bytes(tmp_path):
    (tmp_path / "c.txt").write_bytes(b"one\n\xff\n")
    with pytest.raises(DataError, match="line 2: expected UTF-8"):
        CorpusFile(tmp_path / "c.txt").catalogue()
    whole = gzip.compress(b"one\ntwo\n" * 1000)
    (tmp_path / "c.txt.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="expected whole gzip data"):
        CorpusFile(tmp_path / "c.txt.gz").catalogue()


def test_a_missing_corpus(tmp_path):
    with pytest.raises(DataError, match="c.jsonl: expected a file, found none"):
        CorpusFile(tmp_path / "c.jsonl")


@pytest.mark.parametrize("name", ["c.JSONL", "c.Jsonl.GZ", "c.txt", "corpus"])
def test_json_lines_are_known_under_any_name(tmp_path, name):
    (tmp_path / name).write_text('{"_id": "1", "text": "Yen", "lang": "de"}\n')
    assert list(CorpusFile(tmp_path / name)) == [Entry("1", "", "Yen", "de")]


@pytest.mark.parametrize("name", ["collection.tsv", "c.TSV", "c.txt"])
@pytest.mark.parametrize("header", ["id\ttext\n", "_ID\tText\n", ""])
def test_a_table_gives_ids_and_texts_and_its_header_is_no_passage(tmp_path, name, header):
    corpus = write(tmp_path / name, f"{header}7067032\tThe yen.\n7067033\tParis.\n")
    entries = [Entry("7067032", "", "The yen.", None), Entry("7067033", "", "Paris.", None)]
    assert list(corpus) == entries
    catalogue = corpus.catalogue()
    assert corpus.read(catalogue, [1, 0]) == entries[::-1]


def test_a_table_may_name_titles_and_languages(tmp_path):
    corpus = write(
        tmp_path / "c.tsv.gz", "docid\ttitle\ttext\tlang\r\n1\tYen\tGeld.\tde\r\n\r\n2\t\tCity.\t\r\n"
    )
    assert list(corpus) == [Entry("1", "Yen", "Geld.", "de"), Entry("2", "", "City.", None)]


def test_tabs_within_prose_make_no_table(tmp_path):
    corpus = write(tmp_path / "c.txt", "one\ttwo\nthree\n")
    assert [entry.text for entry in corpus] == ["one\ttwo", "three"]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("c.json", b'[{"id": 1, "text": "x"}]', "a JSON array"),
        ("c.csv", b"a,b\n", "a table with commas"),
        ("c.txt", b"id,text\n1,x\n", "a table with commas"),
        ("c.tsv", b"1\thttp://x\ttitle\tbody\n", "4 columns without a header"),
        ("c.tsv", b"key\ttext\n1\tx\n", "2 columns without a header"),
        ("c.jsonl", "x".encode("utf-16"), "UTF-16"),
        ("c.txt", b"PAR1\0\0", "a Parquet file"),
        ("c.txt", b"%PDF-1.4", "a PDF file"),
        ("c.txt", b"PK\x03\x04", "a zip archive"),
        ("c.txt", b"a\0b", "a binary file"),
    ],
)
def test_other_formats_are_refused_by_name(tmp_path, name, content, found):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"expected JSON lines, a table with tabs or text .*, found {found}"):
        CorpusFile(tmp_path / name)


def test_a_row_with_another_number_of_columns(tmp_path):
    with pytest.raises(DataError, match="line 3: expected 2 columns, as in the first line, found 3 columns"):
        write(tmp_path / "c.tsv", "id\ttext\n1\tx\n2\ty\tz\n").catalogue()
