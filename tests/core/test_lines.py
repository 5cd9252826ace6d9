import gzip
import json
import sys

import pytest

from hbir.core.errors import DataError
from hbir.core.lines import read_jsonl, read_lines


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
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\ntwo\n")[:-6])
    with pytest.raises(DataError, match="line 3: expected whole gzip data"):
        list(read_lines(tmp_path / "a.gz"))
    (tmp_path / "b.gz").write_bytes(b"\x1f\x8b plain\n")
    with pytest.raises(DataError, match="line 1: expected whole gzip data"):
        list(read_lines(tmp_path / "b.gz"))


def test_the_content_tells_whether_a_file_is_gzipped(tmp_path):
    (tmp_path / "a.GZ").write_bytes(gzip.compress(b"one\n"))
    (tmp_path / "b.gz").write_bytes(b"one\n")
    (tmp_path / "c").write_bytes(b"")
    for name, lines in {"a.GZ": [(1, "one")], "b.gz": [(1, "one")], "c": []}.items():
        assert list(read_lines(tmp_path / name)) == lines


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
    with pytest.raises(DataError, match="a.jsonl, line 2: expected JSON, found .*recursion"):
        list(read_jsonl(path))


def test_a_number_of_too_many_digits(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": ' + "9" * 5000 + "}\n")
    with pytest.raises(DataError, match="a.jsonl, line 1: expected JSON"):
        list(read_jsonl(path))
