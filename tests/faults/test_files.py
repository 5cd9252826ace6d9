"""Files of pairs, benchmarks, passages and texts that are broken, hostile, or something else."""

import gzip
import json
import os
import pickle
import zipfile
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hbir.core import unpacked
from tests.faults.harness import Case, Ran, both, cases, params, refusal, write

PICKLE = pickle.dumps(Ran())
LONG_LINE = gzip.compress(b'{"query": "' + os.urandom(90_000).hex().encode() + b'"}')
ROW = b'{"query": "What is it?", "passage": "It is that."}\n'
BOMB = gzip.compress(ROW * 20_000)


def zipped(name: str = "../../RAN") -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "x")
    return stream.getvalue()


def table(**columns: object) -> bytes:
    stream = BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def twice(*names: str) -> bytes:
    columns = [pa.array(["a"])] * 2 * len(names)
    stream = BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=[*names, *names]), stream)
    return stream.getvalue()


def typed_by_pickle() -> bytes:
    """Name the extension type whose description older versions of Arrow unpickled."""
    about = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": PICKLE}
    fields = [pa.field(name, pa.int64(), metadata=about) for name in ("query", "passage")]
    stream = BytesIO()
    pq.write_table(pa.table([[1], [2]], schema=pa.schema(fields)), stream)
    return stream.getvalue()


GOOD = table(query=["What is it?"], passage=["It is that."])
JSONL, CSV, PARQUET, SQUAD = (f"data/sources/x.{ending}" for ending in ("jsonl", "csv", "parquet", "json"))
KINDS = {"jsonl": JSONL, "csv": CSV, "parquet": PARQUET, "squad": SQUAD}


def source(kind: str, content: bytes | str | object):
    given = {"kind": kind, "name": "x", "path": KINDS[kind]}
    return both(params(collect__sources=[given]), write(KINDS[kind], content))


def parallel(content: bytes | str):
    given = {"kind": "parallel", "name": "x", "path": JSONL}
    return both(params(collect__sources=[given]), write(JSONL, content))


def special(kind: str, make):
    def place() -> None:
        path = Path(KINDS[kind])
        path.unlink()
        make(path)

    return both(source(kind, ROW), place)


EVERYTHING = {
    "a pickle": PICKLE,
    "a pickle in gzip": gzip.compress(PICKLE),
    "a zip": zipped(),
    "a gzip bomb": BOMB,
    "a cut gzip": gzip.compress(ROW * 50)[:-12],
    "a gzip with a wrong sum": gzip.compress(ROW * 50)[:-8] + bytes(8),
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40),
    "zero bytes": bytes(500),
    "UTF-16 without a mark": ROW.decode().encode("utf-16-le"),
    "Windows-1252": ROW.replace(b"that", b"caf\xe9"),
    "mixed encodings": ROW + ROW.decode().encode("utf-16"),
    "nothing": b"",
}
"""What no kind of file may be."""


@cases(
    ("jsonl: a pickle", source("jsonl", PICKLE), "collect"),
    ("csv: a pickle in gzip", source("csv", gzip.compress(PICKLE)), "collect"),
    ("parquet: a pickle", source("parquet", PICKLE), "collect"),
    ("squad: a pickle", source("squad", PICKLE), "collect"),
    ("jsonl: a gzip bomb", source("jsonl", BOMB), "collect", "unpacks to at most"),
    ("jsonl: a cut gzip", source("jsonl", EVERYTHING["a cut gzip"]), "collect", "whole gzip"),
    ("jsonl: mixed encodings", source("jsonl", EVERYTHING["mixed encodings"]), "collect", "zero bytes"),
    ("jsonl: an array", source("jsonl", b"[\n" + ROW + b"]"), "collect", "line 1"),
    ("jsonl: a number", source("jsonl", b"5\n"), "collect", "line 1"),
    ("jsonl: cut", source("jsonl", ROW * 3 + ROW[:20]), "collect", "line 4"),
    ("jsonl: nested without end", source("jsonl", "[" * 100_000), "collect", "line 1"),
    ("jsonl: an object nested without end", source("jsonl", '{"query": ' + "[" * 100_000), "collect", "line 1"),
    ("jsonl: a number without end", source("jsonl", '{"query": ' + "9" * 10_000 + "}"), "collect", "line 1"),
    ("jsonl: half a character", source("jsonl", '{"query": "\\ud800", "passage": "b"}'), "collect", "line 1"),
    ("jsonl: a column gone", source("jsonl", b'{"query": "a"}'), "collect", "passage"),
    ("jsonl: a list as text", source("jsonl", b'{"query": ["a"], "passage": "b"}'), "collect"),
    ("jsonl: one long line in gzip", source("jsonl", LONG_LINE), "collect", "a line of more than"),
    ("jsonl: a pipe", special("jsonl", os.mkfifo), "collect", "a pipe or a device"),
    ("jsonl: a device", special("jsonl", lambda path: path.symlink_to("/dev/zero")), "collect", "a device"),
    ("jsonl: a folder", special("jsonl", Path.mkdir), "collect"),
    ("jsonl: a link in a circle", special("jsonl", lambda path: path.symlink_to(path.name)), "collect"),
    ("csv: a column gone", source("csv", "query,other\na,b\n"), "collect", "passage"),
    ("csv: a column twice", source("csv", "query,query,passage\na,b,c\n"), "collect"),
    ("csv: a line break of old computers", source("csv", "\rquery,passage\ra,b\r"), "collect", "line 1"),
    ("csv: ragged", source("csv", "query,passage\na,b\nc\n"), "collect", "line 3"),
    ("csv: an open quote", source("csv", 'query,passage\n"a,b\nc,d\n'), "collect"),
    ("parquet: cut", source("parquet", GOOD[:-30]), "collect"),
    ("parquet: its middle gone", source("parquet", GOOD[:4] + bytes(60) + GOOD[64:]), "collect"),
    ("parquet: a column gone", source("parquet", table(query=["a"])), "collect", "passage"),
    ("parquet: a column twice", source("parquet", twice("query", "passage")), "collect", "one column 'query'"),
    ("parquet: numbers as text", source("parquet", table(query=[[1]], passage=[[2]])), "collect"),
    ("parquet: a type that is a pickle", source("parquet", typed_by_pickle()), "collect"),
    ("squad: a list", source("squad", [1]), "collect"),
    ("squad: keys gone", source("squad", {"data": [{"paragraphs": [{"context": "a"}]}]}), "collect", "data.0"),
    ("squad: nested without end", source("squad", '{"data": ' + "[" * 100_000), "collect"),
    ("parallel: a pickle", parallel(PICKLE), "collect"),
    ("parallel: no texts", parallel('{"id": 1}\n'), "collect"),
    (
        "parallel: an unknown language",
        parallel('{"en": {"query": "a", "passage": "b"}, "../x": "c"}\n'),
        "collect",
    ),
)
@pytest.mark.usefixtures("project", "small_limits")
def test_refused(case: Case):
    refusal(case)


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch):
    """Let what a gzip may unpack to be small, so that a bomb can be."""
    monkeypatch.setattr(unpacked, "FLOOR", 100_000)
    monkeypatch.setattr(unpacked, "RATIO", 20)


FOLDER = "there"
CORPUS, QUERIES, QRELS, RUN = (
    f"{FOLDER}/{name}" for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "run")
)
PASSAGES = "".join(json.dumps({"_id": f"p{n}", "text": f"passage {n}", "title": ""}) + "\n" for n in range(3))
ASKED = "".join(json.dumps({"_id": f"q{n}", "text": f"query {n}"}) + "\n" for n in range(3))
JUDGED = "query-id\tcorpus-id\tscore\n" + "".join(f"q{n}\tp{n}\t1\n" for n in range(3))
RANKED = "".join(f"q{n} Q0 p{n} 1 0.5 tag\n" for n in range(3))
SCORE = f"benchmark beir/x --data {FOLDER} --run {RUN} --option language=en --out out.json"


def beir(path: str, content: bytes | str):
    good = [write(CORPUS, PASSAGES), write(QUERIES, ASKED), write(QRELS, JUDGED), write(RUN, RANKED)]
    return both(*good, write(path, content))


@cases(
    ("passages: a pickle", beir(CORPUS, PICKLE), SCORE),
    ("queries: a pickle", beir(QUERIES, PICKLE), SCORE),
    ("grades: a pickle", beir(QRELS, PICKLE), SCORE),
    ("a run: a pickle", beir(RUN, PICKLE), SCORE),
    ("a run: a gzip bomb", beir(RUN, BOMB), SCORE),
    ("a passage without an id", beir(CORPUS, PASSAGES + '{"text": "a"}\n'), SCORE, "line 4"),
    ("a passage twice", beir(CORPUS, PASSAGES + PASSAGES), SCORE),
    ("a query twice", beir(QUERIES, ASKED + ASKED), SCORE),
    ("a query of numbers", beir(QUERIES, '{"_id": "q0", "text": 5}\n'), SCORE),
    ("a grade of words", beir(QRELS, JUDGED + "q0\tp1\tgood\n"), SCORE),
    ("a grade without end", beir(QRELS, JUDGED + "q0\tp1\t" + "9" * 5000 + "\n"), SCORE),
    ("a grade beyond all numbers", beir(QRELS, JUDGED + "q0\tp1\t1e30\n"), SCORE, "line 5"),
    ("grades of others", beir(QRELS, JUDGED.replace("q", "z")), SCORE),
    ("a run of other queries", beir(RUN, RANKED.replace("q", "z")), SCORE),
    ("a run without columns", beir(RUN, "q0 p0\n"), SCORE, "line 1"),
    ("a run that steers the terminal", beir(RUN, "q0 \x1b[2J\x07\n"), SCORE, "line 1"),
    ("a run with NaN", beir(RUN, RANKED + "q0 Q0 p1 2 nan tag\n"), SCORE, "line 4"),
    ("a run with a passage twice", beir(RUN, RANKED + RANKED), SCORE),
    ("no run", beir(CORPUS, PASSAGES), SCORE.replace(RUN, "none")),
    ("a run that is a folder", beir(CORPUS, PASSAGES), SCORE.replace(RUN, FOLDER)),
    (
        "scores where nothing may be written",
        beir(CORPUS, PASSAGES),
        SCORE.replace("out.json", "/sys/out.json"),
    ),
    ("scores below a file", beir(CORPUS, PASSAGES), SCORE.replace("out.json", "params.yaml/out.json")),
    ("a language that climbs", beir(CORPUS, PASSAGES), f"{SCORE} --lang ../../etc"),
    ("an option that is none", beir(CORPUS, PASSAGES), f"{SCORE} --option x=!!python/name:os.system"),
    ("an option of brackets", beir(CORPUS, PASSAGES), f"{SCORE} --option x={'[' * 3000}"),
    *(
        (
            f"{name}: pickles",
            both(*(write(f"{FOLDER}/{file}", PICKLE) for file in files), write(RUN, RANKED)),
            f"benchmark {name} --data {FOLDER} --run {RUN}",
        )
        for name, files in {
            "xquad-r": ["de.json", "en.json"],
            "mlqa-r": ["de.json", "en.json"],
            "tatoeba": ["tatoeba.deu-eng.deu", "tatoeba.deu-eng.eng"],
            "mtop": ["de/test.txt", "en/test.txt"],
            "mewsli-x": ["wikinews_mentions.jsonl", "candidate_set_entities.jsonl"],
            "miracl": ["topics/a.tsv"],
            "parallel/x": ["rows.jsonl"],
        }.items()
    ),
)
@pytest.mark.usefixtures("project", "small_limits")
def test_benchmarks_are_refused(case: Case):
    refusal(case)


LOOK = "search none query --corpus corpus.jsonl"


@cases(
    ("passages: a pickle", write("corpus.jsonl", PICKLE), LOOK),
    ("passages: an array", write("corpus.jsonl", [{"_id": "a", "text": "b"}]), LOOK),
    ("passages: no file", write("other", b""), LOOK),
    (
        "passages: a table with commas",
        write("corpus.csv", "id,text\n1,a\n"),
        "search none query --corpus corpus.csv",
    ),
)
@pytest.mark.usefixtures("project", "small_limits")
def test_passages_are_refused(case: Case):
    refusal(case)


ENTITIES = '<!DOCTYPE tmx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><tmx><body><tu>&b;</tu></body></tmx>'
TEXTS = "debias none t.jsonl --out new"
OUTSIDE = '<!DOCTYPE tmx [<!ENTITY a SYSTEM "file:///etc/passwd">]><tmx><body>&a;</body></tmx>'


@cases(
    ("texts: a pickle", write("t.jsonl", PICKLE), TEXTS),
    ("texts: entities that explode", write("t.tmx", ENTITIES), "debias none t.tmx --out new"),
    ("texts: an entity of a file", write("t.tmx", OUTSIDE), "debias none t.tmx --out new"),
    ("texts: broken XML", write("t.tmx", "<tmx><body>"), "debias none t.tmx --out new"),
    ("texts: no file", write("other", b""), "debias none t.tmx --out new"),
)
@pytest.mark.usefixtures("project", "small_limits")
def test_texts_are_refused(case: Case):
    refusal(case)


@cases(
    ("a link to nothing", write("x", b""), "link none data/sources/none"),
    ("a link out of the watched folders", write("x", b""), "link x ../x"),
    ("a link that climbs", write("x", b""), "link x data/sources/../../params.yaml"),
    ("a link over a file", both(write("x", b""), write("data/sources/x", b"mine")), "link x data/sources/x"),
    (
        "a link over a folder",
        both(write("x", b""), write("data/sources/x/y", b"mine")),
        "link x data/sources/x",
    ),
)
@pytest.mark.usefixtures("project")
def test_links_are_refused(case: Case):
    refusal(case)


@cases(
    *(
        (f"{kind}: {name}", source(kind, content), "collect")
        for kind in ("jsonl", "csv", "squad", "parquet")
        for name, content in EVERYTHING.items()
    ),
    *(
        (f"{path}: {name}", beir(path, content), SCORE)
        for path in (CORPUS, QUERIES, QRELS, RUN)
        for name, content in EVERYTHING.items()
    ),
    *((f"passages: {name}", write("corpus.jsonl", content), LOOK) for name, content in EVERYTHING.items()),
    *((f"texts: {name}", write("t.jsonl", content), TEXTS) for name, content in EVERYTHING.items()),
)
@pytest.mark.slow
@pytest.mark.usefixtures("project", "small_limits")
def test_everything_is_refused_everywhere(case: Case):
    refusal(case)
