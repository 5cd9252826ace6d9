import json
from functools import partial
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.benchmarks.offset_units import CHARACTERS, UNITS
from hbir.benchmarks.squad_file import read_squad
from hbir.core.errors import DataError

FAIR = "🎉" * 20 + " The fair opened in May. It was held in Riga. Over 900 firms came from abroad."
HINDI = ["मेला मई में खुला।\n", "यह रीगा 🎉🎉 में हुआ था।\r\n", "९०० से अधिक कंपनियाँ आईं।"]
GREEK = ["Η έκθεση 🎉 άνοιξε 🎉\n", "Έγινε στη Ρίγα.\r\n", "Ήρθαν 900."]
COUNTED = {"character": ("utf-32-le", 4), "UTF-16 unit": ("utf-16-le", 2), "byte": ("utf-8", 1)}
ENDS = {"as written": None, "two": "\r\n", "one": "\n"}
TOWN = "First line is here about the town hall.\n" * 30 + "The market burned in 1903. It was rebuilt."


def write(folder, *paragraphs, name="squad.json", title="t", breaks=None):
    """Write paragraphs of a context and answers, each a text and its offset, all with the same breaks."""
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
        | ({} if breaks is None else {"sentence_breaks": breaks})
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
    assert (read.title, read.breaks, read.sentences("here")) == ("", None, None)


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


def measure(text, unit):
    """Count a text in a unit, by writing it so."""
    codec, size = COUNTED[unit.character]
    end = ENDS[unit.line_end]
    written = text if end is None else text.replace("\r\n", "\n").replace("\n", end)
    return len(written.encode(codec)) // size


def spans(sentences, count=len):
    """Say where each of the sentences starts and ends."""
    ends = [count("".join(sentences[:number])) for number in range(len(sentences) + 1)]
    return list(pairwise(ends))


def asked(sentences, count):
    """Ask for the first word of every sentence."""
    return [
        (text.split()[0], start) for text, (start, _) in zip(sentences, spans(sentences, count), strict=True)
    ]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
@pytest.mark.parametrize("sentences", [HINDI, GREEK], ids=["hi", "el"])
@pytest.mark.parametrize("answers", [True, False])
def test_breaks_in_every_unit(tmp_path, caplog, sentences, unit, answers):
    """Both are converted, whether the answers tell the unit or the breaks alone."""
    count = partial(measure, unit=unit)
    items = asked(sentences, count) if answers else [("", start) for _, start in asked(sentences, count)]
    path = write(tmp_path, ("".join(sentences), items), breaks=spans(sentences, count))
    file = read_squad(path)
    assert file.paragraphs[0].sentences("here") == spans(sentences)
    assert starts(file) == [start for start, _ in spans(sentences)]
    warned = [f"{key} counts {unit.name}, not" in caplog.text for key in ("answer_start", "sentence_breaks")]
    assert warned == 2 * [unit is not CHARACTERS]


@pytest.mark.parametrize(("first", "second"), list(permutations(COUNTED, 2)))
def test_breaks_that_another_tool_wrote(tmp_path, first, second):
    units = [next(unit for unit in UNITS if unit.name == f"{name}s") for name in (first, second)]
    items = asked(HINDI, partial(measure, unit=units[0]))
    breaks = spans(HINDI, partial(measure, unit=units[1]))
    file = read_squad(write(tmp_path, ("".join(HINDI), items), breaks=breaks))
    assert (file.unit, file.breaks_unit) == (units[0].name, units[1].name)
    assert starts(file) == [start for start, _ in spans(HINDI)]
    assert file.paragraphs[0].sentences("here") == spans(HINDI)


def test_a_break_within_a_character_and_behind_the_end(tmp_path):
    sentences = ["Große Messe. ", "Ende."]
    count = partial(measure, unit=UNITS[2])
    for wrong in ([0, 4], [0, 99], [-1, 3]):
        path = write(
            tmp_path, ("".join(sentences), asked(sentences, count)), breaks=[*spans(sentences, count), wrong]
        )
        with pytest.raises(DataError, match=rf"page 3: .*between two, found \[{wrong[0]}, {wrong[1]}\]"):
            read_squad(path).paragraphs[0].sentences("page 3")


@given(
    st.lists(st.text("aé語😀\n\r ", max_size=9).map(lambda text: f"Xq{text}. "), min_size=1, max_size=4),
    st.sampled_from(UNITS),
)
def test_breaks_of_any_text(tmp_path_factory, sentences, unit):
    """Where the answers tell every boundary, the breaks are converted as the answers are."""
    sentences = [*sentences, "Xq"]
    count = partial(measure, unit=unit)
    breaks = spans(sentences, count)
    path = write(tmp_path_factory.mktemp("drawn"), ("".join(sentences), asked(sentences, count)), breaks=breaks)
    assert read_squad(path).paragraphs[0].sentences("here") == spans(sentences)
