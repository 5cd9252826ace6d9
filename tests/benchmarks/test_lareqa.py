import json
import os
import shutil
from bisect import bisect
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.benchmarks.lareqa import MLQA_R, XQUAD_R, XTREME_R, LareqaParams, XtremeLareqaParams, load
from hbir.core.errors import DataError, ParamsError
from hbir.core.params import validated

DATA = Path(os.environ.get("HBIR_DATA", ""), "xquad-r")
real = pytest.mark.skipif("HBIR_DATA" not in os.environ, reason="HBIR_DATA, the folder of real files, is unset")
CANDIDATES = {
    "ar": 1222,
    "de": 1276,
    "el": 1234,
    "en": 1180,
    "es": 1215,
    "hi": 1244,
    "ru": 1219,
    "th": 852,
    "tr": 1167,
    "vi": 1209,
    "zh": 1196,
}


@pytest.fixture(autouse=True)
def _no_data(monkeypatch):
    monkeypatch.delenv("HBIR_DATA", raising=False)


def ask(name, *starts):
    return {
        "id": name,
        "question": f"{name}?",
        "answers": [{"answer_start": start} for start in starts],
    }


def paragraph(context, breaks, *questions):
    return {"context": context, "sentence_breaks": breaks, "sentences": [], "qas": list(questions)}


def write(folder, language, *paragraphs):
    folder.mkdir(exist_ok=True)
    document = {"version": 1.0, "data": [{"title": "t", "paragraphs": [item]} for item in paragraphs]}
    (folder / f"{language}.json").write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    """Three languages; question a in all, b in de and es, c in en alone; a German sentence occurs twice."""
    folder = tmp_path / "data"
    write(folder, "de", paragraph("Ja. Nein! Ja.", [[0, 3], [4, 9], [10, 13]], ask("a", 10), ask("b", 4)))
    write(folder, "en", paragraph("Yes. No!", [[0, 4], [5, 8]], ask("c", 7), ask("a", 0)))
    write(
        folder,
        "es",
        paragraph("Sí.", [[0, 3]], ask("b", 2)),
        paragraph("No. No.", [[0, 3], [4, 7]], ask("a", 4)),
    )
    return folder


def loaded(folder, languages=("de", "en", "es"), name=MLQA_R, **more):
    kind = XtremeLareqaParams if name == XTREME_R else LareqaParams
    (task,) = load(kind(name=name, data=str(folder), languages=list(languages), **more), None)
    return task


def pairs(task):
    return [(task.query_ids[q], task.passage_ids[p]) for q, p in task.relevant]


def test_miniature(folder):
    task = loaded(folder)
    assert task.query_ids == ["de:a", "de:b", "en:c", "en:a", "es:b", "es:a"]
    assert task.queries == ["a?", "b?", "c?", "a?", "b?", "a?"]
    assert task.clusters == ["a", "b", "c", "a", "b", "a"]
    assert task.passages == ["Ja.", "Nein!", "Ja.", "Yes.", "No!", "Sí.", "No.", "No."]
    assert task.passage_ids[:3] == ["de:1-1", "de:1-2", "de:1-3"]
    assert task.passage_ids[5:] == ["es:1-1", "es:2-1", "es:2-2"]
    assert task.passage_langs == ["de"] * 3 + ["en"] * 2 + ["es"] * 3
    a, b = ["de:1-3", "en:1-1", "es:2-2"], ["de:1-2", "es:1-1"]
    expected = [("de:a", a), ("de:b", b), ("en:c", ["en:1-2"]), ("en:a", a), ("es:b", b), ("es:a", a)]
    assert pairs(task) == [(query, passage) for query, passages in expected for passage in passages]
    assert (task.name, task.measures, len(task.settings)) == (MLQA_R, ("map",), 3)


def test_fewer_languages_leave_fewer_relevant(folder):
    assert pairs(loaded(folder, ["de", "en"])) == [
        ("de:a", "de:1-3"),
        ("de:a", "en:1-1"),
        ("de:b", "de:1-2"),
        ("en:c", "en:1-2"),
        ("en:a", "de:1-3"),
        ("en:a", "en:1-1"),
    ]


def test_sentence_and_context(folder):
    plain, task = loaded(folder), loaded(folder, candidate="sentence_and_context")
    assert task.passages[:4] == [
        "Ja. Ja. Nein! Ja.",
        "Nein! Ja. Nein! Ja.",
        "Ja. Ja. Nein! Ja.",
        "Yes. Yes. No!",
    ]
    assert task.bodies == plain.passages
    assert plain.bodies is None
    assert pairs(task) == pairs(plain)
    assert task.version == f"{plain.version}+context"


def test_candidate_of_another_kind():
    with pytest.raises(ParamsError, match="candidate"):
        validated(LareqaParams, {"name": XQUAD_R, "candidate": "paragraph"}, "params.yaml")


def test_xtreme_r_takes_the_files_of_xquad_r(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HBIR_DATA", str(tmp_path))
    folder.rename(tmp_path / XQUAD_R)
    params = XtremeLareqaParams(name=XTREME_R, languages=["de"])
    (task,) = load(params, None)
    assert (task.name, task.measures, task.passages[1]) == (XTREME_R, ("map@20",), "Nein! Ja. Nein! Ja.")
    write(tmp_path / XTREME_R, "de", paragraph("Eigenes.", [[0, 8]], ask("a", 0)))
    (task,) = load(params, None)
    assert task.passages == ["Eigenes. Eigenes."]


def test_version_is_of_the_content_alone(folder, tmp_path):
    version = loaded(folder).version
    assert len(version) == 12
    assert loaded(shutil.copytree(folder, tmp_path / "elsewhere")).version == version
    assert loaded(folder, ["de"]).version != version
    write(folder, "de", paragraph("Ja. Nein? Ja.", [[0, 3], [4, 9], [10, 13]], ask("a", 10), ask("b", 4)))
    assert loaded(folder).version != version


def test_counts_unlike_the_official_ones_are_told(folder, caplog):
    loaded(folder, ["de"])
    (message,) = caplog.messages
    assert message.endswith("de.json has 2 queries and 3 candidates, the official file 512 and 2362")


def test_byte_order_mark(folder):
    path = folder / "de.json"
    expected = loaded(folder, ["de"]).passages
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert loaded(folder, ["de"]).passages == expected


@st.composite
def corpora(draw):
    """Draw paragraphs in two languages, as sentences and, per question, the sentence of its answer.

    A sentence ends with a full stop and begins with no space: by that the unit of the breaks is known.
    """
    words = st.text("ab é語😀", min_size=1, max_size=6).map(lambda text: f"{text.strip()}.")
    languages = {}
    for language in ("de", "en"):
        numbers, written = count(), []
        for sentences in draw(st.lists(st.lists(words, min_size=1, max_size=4), min_size=1, max_size=3)):
            places = draw(st.lists(st.integers(0, len(sentences) - 1), max_size=3))
            offsets = [draw(st.integers(0, len(sentences[place]) - 1)) for place in places]
            gap = draw(st.integers(0, 2))
            written.append(
                (sentences, [(f"q{next(numbers)}", *pair) for pair in zip(places, offsets, strict=True)], gap)
            )
        languages[language] = written
    return languages


def told(name, start, text):
    return {"id": name, "question": f"{name}?", "answers": [{"answer_start": start, "text": text}]}


def test_an_answer_that_stands_elsewhere_is_refused_and_counted(tmp_path):
    asked = [told("a", 4, "Ja."), told("b", 4, "Nein"), told("c", 0, "Nein!")]
    write(tmp_path, "de", paragraph("Ja. Nein!", TWO, *asked))
    message = r"question a: expected its answer 'Ja\.' at answer_start 4, found 'Nei' .*; 2 of 3 answers"
    with pytest.raises(DataError, match=message):
        loaded(tmp_path, ["de"])


def test_offsets_in_other_units_are_found(tmp_path, caplog):
    context = "😀😀😀😀. Nein!"
    write(tmp_path, "de", paragraph(context, [[0, 5], [6, 11]], told("a", 10, "Nein")))
    assert pairs(loaded(tmp_path, ["de"])) == [("de:a", "de:1-2")]
    assert any("answer_start counts UTF-16 units" in message for message in caplog.messages)


@given(corpora())
def test_relevance_by_construction(tmp_path_factory, corpus):
    folder = tmp_path_factory.mktemp("drawn")
    answers: dict[tuple[str, str], int] = {}
    passages: list[str] = []
    for language, written in corpus.items():
        items = []
        for sentences, questions, gap in written:
            lengths = [len(sentence) + gap for sentence in sentences]
            starts = [sum(lengths[:place]) for place in range(len(sentences))]
            breaks = [[start, start + len(sentence)] for start, sentence in zip(starts, sentences, strict=True)]
            asked = [ask(name, starts[place] + offset) for name, place, offset in questions]
            items.append(paragraph((" " * gap).join(sentences), breaks, *asked))
            answers |= {(language, name): len(passages) + place for name, place, _ in questions}
            passages += sentences
        write(folder, language, *items)
    if not answers:
        return
    task = loaded(folder, ["de", "en"])
    expected = [
        (number, answers[language, name])
        for number, (_, name) in enumerate(answers)
        for language in ("de", "en")
        if (language, name) in answers
    ]
    assert task.passages == passages
    assert list(map(tuple, task.relevant.tolist())) == expected


@real
def test_counts_of_every_language(caplog):
    (task,) = load(LareqaParams(name=XQUAD_R, data=str(DATA)), None)
    assert {lang: task.query_langs.count(lang) for lang in task.languages} == dict.fromkeys(CANDIDATES, 1190)
    assert {lang: task.passage_langs.count(lang) for lang in task.languages} == CANDIDATES
    assert (len(task.queries), len(task.passages)) == (13090, 13014)
    assert not caplog.messages


@real
def test_relevance_on_the_real_files():
    (task,) = load(LareqaParams(name=XQUAD_R, data=str(DATA)), None)
    sentences = {}
    cut_otherwise = []
    for language in CANDIDATES:
        document = json.loads((DATA / f"{language}.json").read_text(encoding="utf-8"))
        for item in (item for article in document["data"] for item in article["paragraphs"]):
            breaks = item["sentence_breaks"]
            cut = [item["context"][start:end] for start, end in breaks]
            cut_otherwise += [
                language for ours, theirs in zip(cut, item["sentences"], strict=True) if ours != theirs
            ]
            for question in item["qas"]:
                (answer,) = question["answers"]
                place = bisect([start for start, _ in breaks], answer["answer_start"]) - 1
                sentences[language, question["id"]] = cut[place]
    assert cut_otherwise == ["tr", "tr"]
    relevant, clusters = np.asarray(task.relevant), task.clusters or []
    assert len(relevant) == 13090 * 11
    for number, (query, passage) in enumerate(relevant):
        language = list(CANDIDATES)[number % 11]
        assert task.passage_langs[passage] == language
        assert task.passages[passage] == sentences[language, clusters[query]]


def test_without_a_folder():
    with pytest.raises(DataError) as error:
        load(LareqaParams(name=MLQA_R), None)
    message = str(error.value)
    for part in (
        "benchmark mlqa-r",
        "ar.json",
        "zh.json",
        "mlqa-dev-r",
        "lareqa",
        "--data",
        "$HBIR_DATA/mlqa-r",
    ):
        assert part in message


def test_folder_that_does_not_exist(tmp_path):
    with pytest.raises(ParamsError, match="a path that exists, found .*nowhere"):
        loaded(tmp_path / "nowhere")


def test_a_folder_that_may_not_be_entered(folder, monkeypatch):
    def exists(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", exists)
    with pytest.raises(ParamsError, match="expected a path that may be read, found permission denied"):
        loaded(folder)


def test_a_folder_that_may_not_be_listed(folder, monkeypatch):
    def iterdir(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(DataError, match=r"expected hi\.json, found a folder that may not be read"):
        loaded(folder, ["hi"])


def test_missing_language_file(folder):
    with pytest.raises(DataError, match=r"data: expected hi\.json, found de\.json, en\.json, es\.json"):
        loaded(folder, ["de", "hi"])


def test_file_instead_of_a_folder(folder):
    with pytest.raises(DataError, match=r"expected de\.json, found no folder"):
        loaded(folder / "de.json", ["de"])


TWO = [[0, 3], [4, 9]]
BAD = {
    "no answer": (TWO, [ask("a")], "paragraph 1, question a: expected an answer, found none"),
    "in a gap": (TWO, [ask("a", 3)], "a sentence that holds the answer, found none at answer_start 3"),
    "one of two in a gap": (
        TWO,
        [ask("a", 0, 3)],
        "a sentence that holds the answer, found none at answer_start 3",
    ),
    "in two sentences": (TWO, [ask("a", 0, 4)], "its answers in one sentence, found answers in 2"),
    "behind the context": (
        TWO,
        [ask("a", 9)],
        "at answer_start 9, found '' in a context of 9 characters; 1 of 1",
    ),
    "before the context": (TWO, [ask("a", -1)], "at answer_start -1, found '' in a context of 9 characters"),
    "id twice": (
        TWO,
        [ask("a", 0), ask("a", 4)],
        r"de\.json: expected every question's id once, found 'a' 2 times",
    ),
    "break behind the context": ([[0, 10]], [], r"paragraph 1: .* within the 9 characters.*, found \[0, 10\]"),
    "break before the context": ([[-1, 3]], [], r"within the 9 characters.*, found \[-1, 3\]"),
    "empty sentence": ([[3, 3]], [], r"at least one character, found \[3, 3\]"),
    "overlap": ([[0, 4], [3, 9]], [], r"in order and apart, found \[3, 9\] after 4"),
    "breaks in disorder": ([[4, 9], [0, 3]], [], r"in order and apart, found \[0, 3\] after 9"),
    "break of three numbers": ([[0, 3, 4]], [], r"de\.json: data\.0\.paragraphs\.0\.sentence_breaks\.0"),
    "answer_start as text": (
        TWO,
        [ask("a", "4")],
        r"answers\.0\.answer_start: expected SQuAD's layout",
    ),
}


@pytest.mark.parametrize(("breaks", "questions", "message"), BAD.values(), ids=BAD)
def test_bad_paragraph(tmp_path, breaks, questions, message):
    write(tmp_path, "de", paragraph("Ja. Nein!", breaks, *questions))
    with pytest.raises(DataError, match=message):
        loaded(tmp_path, ["de"])


def test_several_answers_in_one_sentence(tmp_path):
    write(tmp_path, "de", paragraph("Ja. Nein!", TWO, ask("a", 4, 6)))
    assert pairs(loaded(tmp_path, ["de"])) == [("de:a", "de:1-2")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"data": [', r"de\.json: expected JSON in UTF-8, found Invalid JSON: EOF .* line 1"),
        (b'{"data":\n "\xff"}', r"de\.json, line 2: expected UTF-8"),
        (b"", r"de\.json: expected JSON in UTF-8"),
        (b'{"articles": []}', r"de\.json: data: expected SQuAD's layout, found Field required"),
        (
            b'{"data": [{"paragraphs": [{"context": "Ja.", "qas": []}]}]}',
            "paragraph 1: expected `sentence_breaks`",
        ),
    ],
)
def test_broken_file(tmp_path, content, message):
    (tmp_path / "de.json").write_bytes(content)
    with pytest.raises(DataError, match=message):
        loaded(tmp_path, ["de"])


def test_file_without_questions(tmp_path):
    write(tmp_path, "de", paragraph("Ja.", [[0, 3]]))
    with pytest.raises(DataError, match="at least one of the queries"):
        loaded(tmp_path, ["de"])
