import gzip
import json
import sys

import pytest

from hbir.core.errors import DataError, ParamsError
from hbir.core.lines import expanded, read_jsonl, read_lines


@pytest.mark.parametrize("name", ["folder", "folder.gz"])
def test_a_folder(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=f"{name}: expected a file, found a folder"):
        list(read_lines(tmp_path / name))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="expected a file, found none"):
        list(read_lines(tmp_path / "none"))


@pytest.mark.parametrize("name", ["a", "a.gz"])
def test_a_file_that_cannot_be_read(tmp_path, monkeypatch, name):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("hbir.core.lines.opened", refuse)
    with pytest.raises(DataError, match="expected a file that can be read, found Permission denied"):
        list(read_lines(tmp_path / name))


def test_a_file_below_a_file(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(DataError, match="expected a file that can be read, found Not a directory"):
        list(read_lines(tmp_path / "a" / "b"))


def test_broken_gzip_is_told_by_the_line(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\ntwo\n" * 50)[:-6])
    with pytest.raises(DataError, match="line 101: expected whole gzip data"):
        list(read_lines(tmp_path / "a.gz"))
    (tmp_path / "b.gz").write_bytes(b"\x1f\x8b plain\n")
    with pytest.raises(DataError, match="line 1: expected whole gzip data"):
        list(read_lines(tmp_path / "b.gz"))


@pytest.mark.parametrize("name", ["a.jsonl", "a.JSONL.GZ", "a"])
def test_the_content_tells_whether_a_file_is_gzipped(tmp_path, name):
    path = tmp_path / name
    for content in (b"plain\n", gzip.compress(b"plain\n")):
        path.write_bytes(content)
        assert list(read_lines(path)) == [(1, "plain")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_byte_order_mark_tells_the_encoding(tmp_path, encoding, pack):
    path = tmp_path / "a.txt"
    path.write_bytes(pack("größer\r\n\n中\u2028文".encode(encoding)))
    assert list(read_lines(path)) == [(1, "größer"), (2, ""), (3, "中\u2028文")]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"PK\x03\x04 and so on", "line 1: .*found a zip archive or an Excel workbook. Unpack it"),
        (b"PAR1 and so on", "found a Parquet file"),
        ("query,passage\n".encode("utf-16-le"), "found zero bytes, as in UTF-16 without a byte order mark"),
        ("größer\n".encode("latin-1"), "line 1: expected UTF-8, .* Save the file as UTF-8: .*Windows-1252"),
        ("ok\nab".encode("utf-16")[:-1], "line 1: expected UTF-8, .*truncated data"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, content, found):
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(DataError, match=found):
        list(read_lines(tmp_path / "a.gz"))


def test_json_over_several_lines(tmp_path):
    (tmp_path / "a.jsonl").write_text('[\n{"a": 1}\n]\n')
    with pytest.raises(DataError, match=r"line 1: expected JSON, .* Write one object per line.*jq -c"):
        list(read_jsonl(tmp_path / "a.jsonl"))
    (tmp_path / "a.jsonl").write_text('[{"a": 1}]\n')
    with pytest.raises(DataError, match=r"line 1: expected a JSON object, found list\. Write one object"):
        list(read_jsonl(tmp_path / "a.jsonl"))


def test_a_home_that_nobody_has():
    with pytest.raises(ParamsError, match="source faq: path: expected a home folder for `~`"):
        expanded("~nobody-of-this-name/a.csv", "source faq: path")


@pytest.mark.parametrize("escaped", ["\\ud800", "\\uDFFF x", "\\ude00\\ud83d"])
def test_half_a_character(tmp_path, escaped):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"a": ["' + escaped + '"]}\n')
    with pytest.raises(DataError, match="a.jsonl, line 2: expected JSON, found .*surrogates not allowed"):
        list(read_jsonl(path))


def test_a_pair_of_halves_is_a_character(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"a": "😀", "b": r"\\ud800"}) + "\n")
    assert list(read_jsonl(path)) == [(1, {"a": "😀", "b": r"\\ud800"})]


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_deep_nesting(tmp_path, bracket):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"a": ' + bracket * 2 * sys.getrecursionlimit() + "\n")
    with pytest.raises(DataError, match="a.jsonl, line 2: expected JSON, found .*(recursion|Expecting)"):
        list(read_jsonl(path))


def test_a_number_of_too_many_digits(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": ' + "9" * 5000 + "}\n")
    with pytest.raises(DataError, match="a.jsonl, line 1: expected JSON"):
        list(read_jsonl(path))
