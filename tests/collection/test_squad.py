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
    answers = {"answers": [{"answer_start": start}, {"answer_start": 0, "text": "Dr."}]}
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
    with pytest.raises(DataError, match="question q2: expected an `answer_start` within one of .*found 3"):
        read(tmp_path, question(2, 3), breaks=breaks)


def test_unanswerable_questions_are_counted(tmp_path):
    result = read(tmp_path, question(1, 1), question(2, 1, is_impossible=True), question(3, 1, answers=[]))
    assert len(result.english) == 1
    assert result.summary.dropped == {"squad: query without an answer": 2}


@pytest.mark.parametrize("start", [-1, 1, len(CONTEXT), 9999])
@pytest.mark.parametrize("passage", ["sentence", "paragraph"])
def test_an_answer_that_is_not_where_the_file_says(tmp_path, start, passage):
    wrong = question(2, 0, answers=[{"answer_start": start, "text": "Nobody"}])
    result = read(tmp_path, question(1, 4), wrong, passage=passage)
    assert len(result.english) == 1
    assert result.summary.dropped == {"squad: answer that is not where the file says": 1}
    with pytest.raises(DataError, match=r"none left \(answer that is not where the file says 1\)"):
        read(tmp_path, wrong, passage=passage)


UNITS = {
    "characters": lambda before: len(before),
    "UTF-16 units": lambda before: len(before.encode("utf-16-le")) // 2,
    "bytes": lambda before: len(before.encode()),
    "characters, line ends as two": lambda before: len(before.replace("\n", "\r\n")),
}
EMOJI = "😀 Ärger in Köln.\nThe 🎉 began at noon.\nMüller left early. Nobody else came!"


@pytest.mark.parametrize("unit", UNITS)
def test_offsets_in_every_unit_find_the_sentence(tmp_path, caplog, unit):
    words = {"Köln": "😀 Ärger in Köln.", "noon": "The 🎉 began at noon.", "Nobody": "Nobody else came!"}
    asked = [
        question(place, 0, answers=[{"text": word, "answer_start": UNITS[unit](EMOJI[: EMOJI.index(word)])}])
        for place, word in enumerate(words)
    ]
    result = read(tmp_path, *asked, context=EMOJI)
    assert {passage for _, passage in pairs_of(result)} == set(words.values())
    assert ("answer_start counts" in caplog.text) == (unit != "characters")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"data": [\n{', r"squad\.json: expected JSON in UTF-8, found Invalid JSON.*line 2"),
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
