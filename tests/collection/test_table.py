import gzip
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hbir.collection.table import pick
from hbir.core.errors import DataError, ParamsError
from tests.collection.sources import collected, pairs_of, write_jsonl

ROWS = [{"query": f"question {letter * 9}?", "passage": f"It is {letter * 30}."} for letter in "abcdefgh"]
PAIRS = {(row["query"], row["passage"]) for row in ROWS}

CUT_GZIP = gzip.compress(b"query,passage\na,b\n", mtime=0)[:-9]


def jsonl(path, rows=None, **keys):
    return {"kind": "jsonl", "name": "faq", "path": write_jsonl(path, rows or ROWS)} | keys


def table(path, kind, content, **keys):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {"kind": kind, "name": "faq", "path": str(path)} | keys


def test_one_table_in_every_format(tmp_path):
    lines = ["query,passage", *(f'"{row["query"]}",{row["passage"]}' for row in ROWS)]
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    sources = [
        jsonl(tmp_path / "a.jsonl"),
        jsonl(tmp_path / "a.jsonl.gz"),
        table(tmp_path / "a.csv", "csv", "\n".join(lines)),
        table(tmp_path / "a.csv.gz", "csv", gzip.compress("\r\n".join(lines).encode())),
        table(tmp_path / "a.tsv", "csv", "\n".join(lines).replace(",", "\t").replace('"', ""), delimiter="\t"),
        {"kind": "parquet", "name": "faq", "path": str(tmp_path / "a.parquet")},
    ]
    first = collected(sources[0])
    assert pairs_of(first) == PAIRS
    for source in sources[1:]:
        assert collected(source).english.equals(first.english)
    assert len(first.parallel) == 0


def test_a_path_with_a_variable(tmp_path, monkeypatch):
    source = jsonl(tmp_path / "a.jsonl")
    monkeypatch.setenv("MY_PAIRS", str(tmp_path))
    assert pairs_of(collected(source | {"path": "$MY_PAIRS/a.jsonl"})) == PAIRS
    with pytest.raises(ParamsError, match="source faq: path.*the environment variable NOT_SET_HERE"):
        collected(source | {"path": "$NOT_SET_HERE/a.jsonl"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", 1),
        ("b.c", 2),
        ("b.d[0]", 3),
        ("b.d[1].e", 4),
        ("b.d[9]", None),
        ("b.n.any", None),
        ("x.y", 5),
    ],
)
def test_pick(path, value):
    row = {"a": 1, "b": {"c": 2, "d": [3, {"e": 4}], "n": None}, "x.y": 5}
    assert pick(row, path, "here") == value


@pytest.mark.parametrize(
    ("path", "found"),
    [("z", "found a, b"), ("b.z", "found c"), ("a.c", "found 1"), ("a[0]", "a list, found 1")],
)
def test_a_missing_column_names_those_there(path, found):
    with pytest.raises(DataError, match=re.escape(found)):
        pick({"a": 1, "b": {"c": 2}}, path, "here")


def test_columns_by_name_and_rows_of_one_kind(tmp_path):
    rows = [
        {"ask": "who wrote it?", "answers": {"text": ["Somebody else did."]}, "label": 1},
        {"ask": "who read it?", "answers": {"text": ["Nobody at all has."]}, "label": 0},
        {"ask": "who lost it?", "answers": {"text": []}, "label": 1},
    ]
    keys = {"query": "ask", "passage": "answers.text[0]", "only": {"label": 1}}
    result = collected(jsonl(tmp_path / "a.jsonl", rows, **keys))
    assert pairs_of(result) == {("who wrote it?", "Somebody else did.")}
    assert result.summary.dropped == {"faq: label is not 1": 1, "faq: empty passage": 1}


@pytest.mark.parametrize("only", [{"label": 1}, {"label": "1"}, {"good": True}, {"share": 0.5}])
def test_rows_of_one_kind_in_a_csv_file(tmp_path, only):
    lines = "query,passage,label,good,share\nwho?,me,1,True,0.5\nwhat?,it,0,False,0.25\n"
    result = collected(table(tmp_path / "a.csv", "csv", lines, only=only))
    assert pairs_of(result) == {("who?", "me")}
    assert result.summary.dropped == {f"faq: {name} is not {value}": 1 for name, value in only.items()}


def test_limit_and_expected_pairs(tmp_path, caplog):
    path = tmp_path / "a.jsonl"
    assert len(collected(jsonl(path, limit=3)).english) == 3
    for keys in ({"expected_pairs": 8}, {"expected_pairs": 9, "limit": 3}, {"expected_pairs": 3, "limit": 3}):
        collected(jsonl(path, **keys))
    assert caplog.text == ""
    collected(jsonl(path, expected_pairs=7))
    assert "source faq: expected 7 pairs, found 8" in caplog.text
    collected(jsonl(path, expected_pairs=9))
    assert "source faq: expected 9 pairs, found 8" in caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"query": "a", "passage": "b"}\n{"query": \n', r"a\.jsonl, line 2: expected JSON"),
        (b'{"query": "a", "passage": "b"}\n\xff\n', r"a\.jsonl, line 2: expected UTF-8"),
        (b'{"query": "a", "passage": "b"}\n[1]\n', r"a\.jsonl, line 2: expected a JSON object"),
        (b'{"query": "a", "text": "b"}\n', r"line 1: expected the column 'passage', found query, text"),
        (b'{"query": "a", "passage": 7}\n', r"line 1: passage: expected a text, found 7"),
        (b'{"query": ["a"], "passage": "b"}\n', r"line 1: query: expected a text, found \['a'\]"),
        (b"", r"faq: expected at least one pair, found none left \(the source is empty\)"),
        (b'{"query": null, "passage": "b"}\n', r"found none left \(empty query 1\)"),
    ],
)
def test_bad_jsonl(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        collected(table(tmp_path / "a.jsonl", "jsonl", content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("query,passage\na,b\nc\n", r"a\.csv, line 3: expected 2 values, found 1"),
        ('query,passage\na,"b\n', r"a\.csv, line 2: expected separated values"),
        ("query,query,passage\na,b,c\n", r"a\.csv, line 1: expected one column 'query', found 2"),
        (
            "question,passage\na,b\n",
            r"line 1: expected the column 'query', found question, passage \(between",
        ),
        ("question;answer\na;b\n", r"line 1: expected the column .*question, answer \(between semicolons"),
        ("query,passage\n", r"faq: expected at least one pair"),
        ("", r"faq: expected at least one pair"),
        (b"query,passage\na,b\nc,\xff\n", r"a\.csv, line 3: expected UTF-8"),
        (
            gzip.compress(b"query,passage\na,b\n", mtime=0)[:-9],
            r"a\.csv\.gz, line \d+: expected whole gzip data",
        ),
    ],
)
def test_bad_csv(tmp_path, content, message):
    name = "a.csv.gz" if content[:1] == b"\x1f" else "a.csv"
    with pytest.raises(DataError, match=message):
        collected(table(tmp_path / name, "csv", content))


def test_values_over_lines_and_files_without_quotes(tmp_path):
    quoted = table(tmp_path / "a.csv", "csv", 'query,passage\nwhy?,"one\n\ntwo"\n\nhow?,"say ""so"""\n')
    assert pairs_of(collected(quoted)) == {("why?", "one\n\ntwo"), ("how?", 'say "so"')}
    plain = table(tmp_path / "b.tsv", "csv", 'query\tpassage\nwhy?\t"one" two\n', delimiter="\t", quoted=False)
    assert pairs_of(collected(plain)) == {("why?", '"one" two')}


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_as_a_spreadsheet_saves_it(tmp_path, sign, encoding):
    content = f'question{sign}answer{sign}\n"What is rust?"{sign}"Rust is iron\nand oxygen, together."{sign}\n'
    content += f'"Why do cats purr?"{sign}"Cats ""purr"" to calm themselves; so they say."{sign}\n'
    source = table(tmp_path / "a.csv", "csv", content.encode(encoding), query="question", passage="answer")
    assert pairs_of(collected(source)) == {
        ("What is rust?", "Rust is iron\nand oxygen, together."),
        ("Why do cats purr?", 'Cats "purr" to calm themselves; so they say.'),
    }


STRAY = ["q\ta", "one?\t1", '"two?\t2', "three?\t3", "four?\t4", 'five?"\t5', "six?\t6"]


@pytest.mark.parametrize("sign", ["\t", ",", ";"])
def test_a_stray_quotation_mark_swallows_no_row(tmp_path, sign):
    rows = "\n".join(STRAY).replace("\t", sign)
    source = table(tmp_path / "a.csv", "csv", rows, query="q", passage="a")
    with pytest.raises(
        DataError, match=r"line 3: expected 2 values in a row, .* down to line 6.*quoted: false"
    ):
        collected(source)
    assert len(collected(source | {"quoted": False, "validation": 0.0}).english) == 6


def test_a_stray_quotation_mark_in_the_last_column_swallows_no_row(tmp_path):
    rows = ["q\ta", 'one?\t"1', "two?\t2", 'three?\t3"', "four?\t4"]
    source = table(tmp_path / "a.tsv", "csv", "\n".join(rows), query="q", passage="a")
    with pytest.raises(DataError, match=r"line 2: expected 2 values in a row, .* down to line 4"):
        collected(source)


def test_only_the_named_columns_of_parquet_are_read(tmp_path):
    wrong = pa.array([b"\xff\xfe"]).view(pa.string())
    texts = {"q": ["Who made it?"], "a.b": ["A smith."], "s": [{"t": ["A smith named Bor."]}]}
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(texts | {"date": pa.array([3_000_000], pa.date32()), "bytes": wrong}), path)
    source = {"kind": "parquet", "name": "faq", "path": str(path), "query": "q"}
    assert pairs_of(collected(source | {"passage": "a.b"})) == {("Who made it?", "A smith.")}
    assert pairs_of(collected(source | {"passage": "s.t[0]"})) == {("Who made it?", "A smith named Bor.")}
    with pytest.raises(DataError, match="expected the column 'answer', found q, a.b, s, date, bytes"):
        collected(source | {"passage": "answer"})
    for name in ("date", "bytes"):
        with pytest.raises(DataError, match=rf"rows 1 to 1: {name}: expected values that Python can hold"):
            collected(source | {"passage": "a.b", "group": name})


def test_bad_parquet(tmp_path):
    with pytest.raises(DataError, match=r"a\.parquet: expected a whole Parquet file"):
        collected(table(tmp_path / "a.parquet", "parquet", b"PAR1 nothing"))
    with pytest.raises(DataError, match=r"none\.parquet: expected a file"):
        collected({"kind": "parquet", "name": "faq", "path": str(tmp_path / "none.parquet")})
    pq.write_table(pa.table({"query": ["a"], "passage": [7]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"b\.parquet, row 1: passage: expected a text, found 7"):
        collected({"kind": "parquet", "name": "faq", "path": str(tmp_path / "b.parquet")})


def test_a_missing_file(tmp_path):
    for kind in ("jsonl", "csv", "squad", "parallel"):
        with pytest.raises(DataError, match=r"none\.x: expected a file"):
            collected({"kind": kind, "name": "faq", "path": str(tmp_path / "none.x")})


def test_a_folder_instead_of_a_file(tmp_path):
    for kind in ("jsonl", "csv", "squad", "parallel", "parquet"):
        with pytest.raises(DataError, match="expected a file, found a folder"):
            collected({"kind": kind, "name": "faq", "path": str(tmp_path)})


def test_unknown_key_of_a_kind(tmp_path):
    with pytest.raises(ParamsError, match="Did you mean 'passage'"):
        collected(jsonl(tmp_path / "a.jsonl", pasage="text"))


def test_a_parquet_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("hbir.collection.table_files.pq.ParquetFile", refuse)
    monkeypatch.setattr("pathlib.Path.is_dir", refuse)
    with pytest.raises(DataError, match="expected a whole Parquet file, found .*Permission denied"):
        collected({"kind": "parquet", "name": "faq", "path": str(tmp_path / "a.parquet")})
