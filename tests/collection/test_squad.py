import json
import os
from itertools import pairwise
from pathlib import Path

import pytest

from hbir.core.errors import DataError
from hbir.core.sentences import sentence_breaks
from tests.collection.sources import collected, pairs_of

CONTEXT = "Dr. Ada went to Rome.  She saw the U.S. envoy there. Nobody else came!"
DATA = os.environ.get("HBIR_DATA", "")


def question(number, start, **keys):
    answers = {"answers": [{"answer_start": start, "text": "x"}, {"answer_start": 0, "text": "y"}]}
    return {"id": f"q{number}", "question": f"question {number}?"} | answers | keys


def source(folder, *questions, context=CONTEXT, breaks=None, **keys):
    paragraph = {"context": context, "qas": list(questions)}
    paragraph |= {} if breaks is None else {"sentence_breaks": breaks}
    path = folder / "squad.json"
    path.write_text(json.dumps({"version": "1", "data": [{"title": "Ada", "paragraphs": [paragraph]}]}))
    return {"kind": "squad", "name": "squad", "path": str(path), "near_duplicates": None} | keys


def read(*args, **keys):
    given = source(*args, **keys)
    return collected(given, near_duplicates=given.pop("near_duplicates"))


def test_the_breaks_cover_the_text():
    breaks = sentence_breaks(CONTEXT)
    assert [CONTEXT[first:stop].strip() for first, stop in breaks] == [
        "Dr. Ada went to Rome.",
        "She saw the U.S. envoy there.",
        "Nobody else came!",
    ]
    assert breaks[0][0] == 0
    assert breaks[-1][1] == len(CONTEXT)
    assert sentence_breaks("") == [(0, 0)]


def test_the_sentence_that_holds_the_answer(tmp_path):
    # 22 is the second of the two spaces between the first sentences.
    starts = {1: 4, 2: 21, 3: 23, 4: CONTEXT.index("Nobody")}
    result = read(tmp_path, *(question(number, start) for number, start in starts.items()))
    assert pairs_of(result) == {
        ("question 1?", "Dr. Ada went to Rome."),
        ("question 2?", "Dr. Ada went to Rome."),
        ("question 3?", "She saw the U.S. envoy there."),
        ("question 4?", "Nobody else came!"),
    }
    assert len(set(result.english["split"].to_pylist())) == 1


def test_the_paragraph(tmp_path):
    result = read(tmp_path, question(1, 4), passage="paragraph")
    assert pairs_of(result) == {("question 1?", CONTEXT)}


def test_the_breaks_of_the_file_come_first(tmp_path):
    breaks = [[0, 3], [4, len(CONTEXT)]]
    assert pairs_of(read(tmp_path, question(1, 1), breaks=breaks)) == {("question 1?", "Dr.")}
    with pytest.raises(DataError, match="question q2: expected an `answer_start` within a sentence.*found 3"):
        read(tmp_path, question(2, 3), breaks=breaks)


def test_unanswerable_questions_are_counted(tmp_path):
    result = read(tmp_path, question(1, 1), question(2, 1, is_impossible=True), question(3, 1, answers=[]))
    assert len(result.english) == 1
    assert result.summary.dropped == {"squad: query without an answer": 2}


@pytest.mark.parametrize("start", [-1, len(CONTEXT), 9999])
def test_an_answer_outside_its_context(tmp_path, start):
    for passage in ("sentence", "paragraph"):
        with pytest.raises(DataError, match=rf"squad\.json: question q1: .*found {start}\."):
            read(tmp_path, question(1, start), passage=passage)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"data": [\n{', r"squad\.json: expected SQuAD's layout, found Invalid JSON.*line 2"),
        ('{"rows": []}', r"squad\.json: data: expected SQuAD's layout, found Field required"),
        (
            '{"data": [{"paragraphs": [{"context": "a", "qas": [{"id": 7, "question": "b"}]}]}]}',
            r"data\.0\.paragraphs\.0\.qas\.0\.id: .*valid string",
        ),
        ('{"data": []}', "squad: expected at least one pair"),
    ],
)
def test_bad_layout(tmp_path, text, message):
    (tmp_path / "squad.json").write_text(text)
    with pytest.raises(DataError, match=message):
        collected({"kind": "squad", "name": "squad", "path": str(tmp_path / "squad.json")})


def test_broken_utf8(tmp_path):
    (tmp_path / "squad.json").write_bytes(b'{"data":\n"\xff"}')
    with pytest.raises(DataError, match="line 2: expected UTF-8"):
        collected({"kind": "squad", "name": "squad", "path": str(tmp_path / "squad.json")})


@pytest.mark.skipif(not DATA, reason="HBIR_DATA is not set")
def test_xquad_sentences():
    """Its own breaks and syntok's mostly agree; the file's come first where it has some."""
    file = json.loads(Path(DATA, "xquad-r/en.json").read_text(encoding="utf-8"))
    paragraphs = [paragraph for article in file["data"] for paragraph in article["paragraphs"]]
    starts = found = 0
    for paragraph in paragraphs:
        own = {first for first, _ in paragraph["sentence_breaks"]}
        split = sentence_breaks(paragraph["context"])
        starts += len(own)
        found += len(own & {first for first, _ in split})
        assert all(left[1] == right[0] for left, right in pairwise(split))
    assert (starts, found) == (1180, 1170)
    result = collected(
        {"kind": "squad", "name": "xquad", "path": f"{DATA}/xquad-r/en.json"}, near_duplicates=None
    )
    assert len(result.english) == 1190 - sum(result.summary.dropped.values())
    assert result.summary.dropped["xquad: repeated pair"] == 4
