import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.benchmarks.squad_file import read_squad
from hbir.core.errors import DataError

FAIR = "🎉" * 20 + " The fair opened in May. It was held in Riga. Over 900 firms came from abroad."
TOWN = "First line is here about the town hall.\n" * 30 + "The market burned in 1903. It was rebuilt."


def write(folder, *paragraphs, name="squad.json", title="t"):
    """Write paragraphs of a context and answers, each a text and its offset."""
    items = [
        {
            "context": context,
            "qas": [
                {
                    "id": f"{number}-{place}",
                    "question": "Why?",
                    "answers": [{"text": text, "answer_start": start}],
                }
                for place, (text, start) in enumerate(answers)
            ],
        }
        for number, (context, answers) in enumerate(paragraphs)
    ]
    path = folder / name
    path.write_text(json.dumps({"data": [{"title": title, "paragraphs": items}]}), encoding="utf-8")
    return path


def starts(file):
    return [a.start for paragraph in file.paragraphs for asked in paragraph.questions for a in asked.answers]


@pytest.mark.parametrize(
    ("context", "answer", "offset", "unit"),
    [
        (FAIR, "May", 40, "characters"),
        (FAIR, "May", 60, "UTF-16 units"),
        (FAIR, "May", 100, "bytes"),
        (TOWN, "1903", 1251, "characters, line ends as two"),
        (TOWN.replace("\n", "\r\n"), "1903", 1221, "characters, line ends as one"),
        (TOWN.replace("\n", "\r\n"), "1903", 1251, "characters"),
        ("🎉\n" + TOWN, "1903", 1255, "UTF-16 units, line ends as two"),
    ],
)
def test_the_texts_of_answers_tell_the_unit(tmp_path, caplog, context, answer, offset, unit):
    file = read_squad(write(tmp_path, (context, [(answer, offset)])))
    assert (starts(file), file.unit) == ([context.index(answer)], unit)
    assert list(file.misplaced()) == []
    assert [unit in message for message in caplog.messages] == ([] if unit == "characters" else [True])


def test_one_unit_for_the_whole_file(tmp_path):
    """A word at the place by chance does not make another unit of one answer."""
    file = read_squad(write(tmp_path, (FAIR, [("May", 60), ("Riga", 80), ("a", 40)]), ("Plain.", [("Pl", 0)])))
    assert starts(file) == [40, FAIR.index("Riga"), None, 0]


def test_what_stands_nowhere_near_is_listed(tmp_path):
    path = write(tmp_path, ("He paid. She came.", [("She", 0), ("paid", 3), ("came", 99), ("He", -1)]))
    assert [(asked.id, a.written) for _, asked, a in read_squad(path).misplaced()] == [
        ("0-0", 0),
        ("0-2", 99),
        ("0-3", -1),
    ]


def test_case_and_forms_of_characters_do_not_count(tmp_path):
    assert starts(read_squad(write(tmp_path, ("Das Ｃafé lag hier.", [("café", 4)])))) == [4]


def test_without_a_text_nothing_can_be_checked(tmp_path):
    file = read_squad(write(tmp_path, (FAIR, [("", 60), ("", 999)])))
    assert (starts(file), file.unit) == ([60, None], "characters")


def test_version_two(tmp_path):
    asked = {"id": "a", "question": "?", "is_impossible": True, "answers": [{"text": "x", "answer_start": 9}]}
    path = tmp_path / "squad.json"
    paragraph = {"context": "Ja.", "qas": [asked, {"id": "b", "question": "?"}]}
    path.write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}))
    (read,) = read_squad(path).paragraphs
    assert [question.answers for question in read.questions] == [[], []]
    assert (read.title, read.sentence_breaks) == ("", None)


@pytest.mark.parametrize("text", ["", "[]", '{"data": 1}'])
def test_another_layout(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match="a.json.*expected"):
        read_squad(tmp_path / "a.json")


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="expected a file, found none"):
        read_squad(tmp_path / "a.json")


@given(st.text("aé語😀\n\r ", min_size=1, max_size=30), st.data())
def test_every_unit_by_encoding(tmp_path_factory, context, data):
    """The offset of a character is the length of what is before it, encoded in that unit."""
    context += "Xq"
    codec, size = data.draw(st.sampled_from([("utf-32-le", 4), ("utf-16-le", 2), ("utf-8", 1)]))
    written = context.replace("\r\n", "\n").replace("\n", "\r\n") if data.draw(st.booleans()) else context
    offset = len(written[: written.index("Xq")].encode(codec)) // size
    file = read_squad(write(tmp_path_factory.mktemp("drawn"), (context, [("Xq", offset)])))
    assert starts(file) == [context.index("Xq")]
