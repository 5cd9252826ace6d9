import gzip
import json
import os
import re
from collections import Counter

import numpy as np
import pytest

from hbir.benchmarks.parallel import ParallelParams, load
from hbir.benchmarks.parallel_rows import Reading, Row, is_held_out, read_rows
from hbir.core.errors import DataError, ParamsError
from hbir.core.params import validated

DATA = os.environ.get("HBIR_DATA", "")
OUT = [name for name in (f"doc{n}" for n in range(400)) if is_held_out(name, 0.1)]
"""Documents that are held out."""
IN = [name for name in (f"doc{n}" for n in range(400)) if not is_held_out(name, 0.1)]


def section(row_id, **texts):
    return {
        "id": row_id,
        "text": {lang: {"title": title, "body": body} for lang, (title, body) in texts.items()},
    }


ROWS = [
    section(f"{IN[0]}#1", en=("Trained", "In training."), de=("Gelernt", "Im Training.")),
    section(f"{OUT[0]}#1", en=("Rivers", "They flow."), de=("Flüsse", "Sie fließen."), zh=("河", "流。")),
    section(f"{OUT[0]}#2", en=("Introduction", "First words."), de=("Einleitung", "Erste Worte.")),
    section(f"{OUT[1]}#1", en=("introduction ", "Other words."), de=("Vorwort", "Andere Worte.")),
    section(f"{OUT[1]}#2", en=("Hills", "They stand."), de=("Hügel", "They  stand.")),
    section(f"{OUT[1]}#3", en=("Peaks", "They rise."), de=("", "Sie steigen.")),
    section(f"{OUT[1]}#4", en=("Tips", "They rise."), de=("Spitzen", "Steigen.")),
    section(f"{OUT[1]}#5", de=("Allein", "Ohne Englisch.")),
]


def write(path, rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return ParallelParams(name="parallel/docs", data=str(path), held_out=0.1)


@pytest.mark.parametrize(
    ("written", "code"),
    [(name, "zh") for name in ("zh", "zh-CN", "zh_TW", "zh-Hans", "ZH", "cmn")]
    + [("th", "th"), ("th-TH", "th")],
)
def test_a_code_with_a_region_or_script_is_cut_like_its_language(tmp_path, written, code):
    """Texts without spaces are cut by characters: by words the whole text would ask for itself."""
    text = {
        "zh": "月亮的引力使海水每天涨落两次所以海边的人要看潮汐表",
        "th": "ดวงจันทร์ดึงน้ำทะเลขึ้นลงทุกวันวันละสองครั้ง",
    }[code]
    english = "The moon pulls the sea and makes the tides twice a day."
    rows = [{"id": f"d{n}", "text": {"en-GB": english, written: text}} for n in range(8)]
    write(tmp_path / "span.jsonl", rows)
    found = [row.versions for row in read_rows(tmp_path / "span.jsonl", Reading(query="span"), Counter())]
    assert [list(versions) for versions in found] == [["en", code]] * 8
    assert all(0 < len(versions[code].query) < 0.7 * len(text) for versions in found)


def test_two_texts_of_one_language_are_refused(tmp_path):
    texts = {code: {"title": "a", "body": "b"} for code in ("en", "zh-CN", "zh-TW")}
    with pytest.raises(
        DataError, match="line 1: expected one text per language, found 'zh-CN' and 'zh-TW', .* zh"
    ):
        load(write(tmp_path / "docs.jsonl", [{"id": OUT[0], "text": texts}]), None)


def test_the_share_of_documents():
    assert abs(sum(is_held_out(f"doc{n}", 0.1) for n in range(10000)) / 10000 - 0.1) < 0.012
    assert not is_held_out("any", 0.0)
    assert is_held_out("any", 1.0)


def test_the_held_out_documents_by_hand(tmp_path, caplog):
    caplog.set_level("INFO", logger="hbir")
    (task,) = load(write(tmp_path / "docs.jsonl.gz", ROWS), None)
    one, two = OUT[:2]
    assert task.passage_ids == [
        f"en:{one}#1",
        f"de:{one}#1",
        f"zh:{one}#1",
        f"en:{one}#2",
        f"de:{one}#2",
        f"en:{two}#1",
        f"de:{two}#1",
        f"en:{two}#2",
        f"en:{two}#3",
        f"en:{two}#4",
        f"de:{two}#4",
    ]
    # "Introduction" is asked twice; the passage "They rise." stands under two titles.
    assert task.query_ids == [f"{lang}:{one}#1/query" for lang in ("en", "de", "zh")] + [f"en:{two}#2/query"]
    assert task.queries == ["Rivers", "Flüsse", "河", "Hills"]
    assert task.query_langs == ["en", "de", "zh", "en"]
    assert task.passages[:3] == ["They flow.", "Sie fließen.", "流。"]
    assert task.positives(0, len(task.queries)).tolist() == [[q, p] for q in range(3) for p in range(3)] + [
        [3, 7]
    ]
    assert task.clusters == [one, one, one, two]
    assert task.measures == ("map",)
    assert "4 of 6 held-out rows are ambiguous" in caplog.text
    for reason in ("row without English': 1", "version left untranslated': 1", "version without a text': 1"):
        assert reason in caplog.text


def test_documents_to_choose_settings_on_are_not_those_of_the_test(tmp_path):
    documents = [f"doc{n}" for n in range(400)]
    rows = [section(f"{name}#1", en=(f"Title of {name}", f"Body of {name}.")) for name in documents]
    write(tmp_path / "docs.jsonl", rows)

    def asked(**keys):
        params = ParallelParams(name="parallel/docs", data=str(tmp_path / "docs.jsonl"), **keys)
        (task,) = load(params, None)
        return set(task.clusters or []), task.version

    (test, _), (both, version) = asked(held_out=0.1), asked(held_out=0.2)
    choosing, apart = asked(held_out=0.2, except_held_out=0.1)
    assert choosing == both - test
    assert choosing
    assert test
    assert apart != version
    assert asked(held_out=0.2, except_held_out=0.0) == (both, version)


def test_only_wanted_languages(tmp_path):
    params = write(tmp_path / "docs.jsonl", ROWS)
    (task,) = load(params, ["zh", "de", "fr"])
    assert task.languages == ["de", "zh"]
    assert task.queries == ["Flüsse", "河"]
    assert task.positives(0, len(task.queries)).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    with pytest.raises(ParamsError, match="one of de, en, zh"):
        load(params, ["fr"])


def test_spans_of_titled_and_plain_texts(tmp_path):
    words = "one two three four five six seven eight nine ten"
    rows = [
        {"id": f"{OUT[0]}#1", "text": {"en": words, "zh": "一二三四五六七八九十", "de": None}},
        section(f"{OUT[0]}#2", en=("", words.replace("e", "o")), de=("Titel", words.upper().replace("E", "I"))),
        {"id": f"{OUT[0]}#3", "text": {"en": "too short a text"}},
    ]
    path = tmp_path / "docs.jsonl"
    write(path, rows)
    (task,) = load(ParallelParams(name="parallel/docs", data=str(path), held_out=0.1, query="span"), None)
    assert task.query_langs == ["en", "zh", "en", "de"]
    for query, passage in zip(task.queries, task.passages, strict=True):
        assert query in passage
        assert 3 <= len(query.split() if " " in passage else query) <= 6
    numbers = {char: number for number, char in enumerate("一二三四五六七八九十")}
    assert words.split().index(task.queries[0].split()[0]) == numbers[task.queries[1][0]]


def test_the_document_is_the_id_up_to_the_first_hash():
    assert Row("iot/README.md#h0#1", {}).document == "iot/README.md"
    assert Row("alone", {}).document == "alone"


def test_texts_without_a_letter_or_digit_are_left_out(tmp_path):
    rows = [
        section(f"{OUT[0]}#1", en=("[ ]", "They flow."), de=("Flüsse", "Sie fließen.")),
        section(f"{OUT[0]}#2", en=("Hills", "They stand."), de=("—", "Sie stehen."), es=("Colinas", "…")),
    ]
    write(tmp_path / "docs.jsonl", rows)
    dropped: Counter[str] = Counter()
    assert [row.versions for row in read_rows(tmp_path / "docs.jsonl", Reading(), dropped)] == [
        {"en": ("Hills", "They stand.")}
    ]
    assert dropped == {"row without English": 1, "version without a text": 2}


def test_a_span_without_a_letter_or_digit_is_left_out(tmp_path):
    bars = " | ".join("—" * 20)
    texts = {"en": f"word {bars} word", "de": " ".join(["Wort"] * 41)}
    path = tmp_path / "docs.jsonl"
    write(path, [{"id": f"d#{number}", "text": texts} for number in range(40)])
    dropped: Counter[str] = Counter()
    rows = list(read_rows(path, Reading(query="span"), dropped))
    assert all("word" in row.versions["en"].query for row in rows)
    assert dropped == {"version whose span has no word": 40 - len(rows)}
    assert 0 < len(rows) < 40


def test_the_share_must_be_given():
    for keys in ({}, {"data": "docs.jsonl"}):
        with pytest.raises(ParamsError, match=r"parallel/docs: held_out: .* `--option held_out=0\.1`"):
            validated(ParallelParams, {"name": "parallel/docs"} | keys, "params.yaml: benchmark")


def test_the_version_is_of_the_file_and_of_what_is_asked(tmp_path):
    rows = [section(f"{OUT[0]}#{n}", en=(f"Title {n}", "a b c d e f g h " * n)) for n in range(1, 9)]
    path = tmp_path / "docs.jsonl"
    write(path, rows)

    def version(**keys):
        given = {"held_out": 0.1} | keys
        return load(ParallelParams(name="parallel/docs", data=str(path), **given), None)[0].version

    first = version()
    assert len(first) == 16
    assert version() == first
    others = [
        version(held_out=0.2),
        version(query="span"),
        version(query="span", span=[0.3, 0.5]),
        version(query="span", fewest_words=9),
    ]
    write(path, rows[:-1])
    assert len({first, version(), *others}) == 6


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": {}}, "line 2: expected `id`, a text or a whole number, found the keys text"),
        ({"id": 7.5, "text": {}}, "line 2: expected `id`, a text or a whole number, found 7.5"),
        ({"id": True, "text": {}}, "line 2: expected `id`, a text or a whole number, found True"),
        ({"id": "x", "text": "plain"}, "line 2: expected `text`, a mapping of languages, found 'plain'"),
        ({"id": "x", "texts": {}}, "line 2: expected `text`, a mapping of languages, found the keys id, texts"),
        ({"id": "a#1", "text": {}}, "line 2: expected an id of its own, found 'a#1' a second time"),
        ({"id": "x", "text": {"en": "plain"}}, "line 2: expected `title` and `body` in every language"),
        ({"id": "x", "text": {"en": {"title": "only"}}}, "line 2: expected `title` and `body`"),
        ({"id": "x", "text": {"en": {"title": "a", "body": ["b"]}}}, "line 2: expected a text, or `title` and"),
    ],
)
def test_bad_rows(tmp_path, row, message):
    with pytest.raises(DataError, match=re.escape(message)):
        load(write(tmp_path / "docs.jsonl", [section("a#1", en=("a", "b")), row]), None)


def test_ids_that_are_numbers(tmp_path):
    path = tmp_path / "docs.jsonl"
    write(path, [{"id": 1, "text": {"en": {"title": "A title", "body": "A body here."}}}])
    assert [row.id for row in read_rows(path, Reading(), Counter())] == ["1"]


def test_a_text_of_the_wrong_type(tmp_path):
    path = tmp_path / "docs.jsonl"
    write(path, [{"id": "x", "text": {"en": 7}}])
    with pytest.raises(DataError, match="line 1: expected a text, or `title` and `body`, found 7"):
        list(read_rows(path, Reading(query="span"), Counter()))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "line 1: expected JSON"),
        (b'\n"\xff"', "line 2: expected UTF-8"),
        (b"", "rows of held-out documents"),
    ],
)
def test_a_broken_file(tmp_path, content, message):
    params = write(tmp_path / "docs.jsonl", [])
    (tmp_path / "docs.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=message):
        load(params, None)


def test_no_file_or_no_held_out_document(tmp_path, monkeypatch):
    monkeypatch.delenv("HBIR_DATA", raising=False)
    with pytest.raises(
        ParamsError, match=r"parallel/docs: data: expected the file of parallel texts, found none"
    ):
        load(ParallelParams(name="parallel/docs", held_out=0.1), None)
    with pytest.raises(ParamsError, match="found the folder"):
        load(ParallelParams(name="parallel/docs", data=str(tmp_path), held_out=0.1), None)
    with pytest.raises(DataError, match=r"held-out documents \(0.1 of all\), found none"):
        load(write(tmp_path / "docs.jsonl", ROWS[:1]), None)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"held_outt": 0.1}, "Did you mean 'held_out'"),
        ({"held_out": 0}, "greater than 0"),
        ({"except_held_out": 0.1}, "except_held_out: expected less than held_out, which is 0.1, found 0.1"),
        ({"query": "body"}, "'title' or 'span'"),
        ({"span": [0.6, 0.3]}, "shortest span that is not above"),
        ({"span": [0.6]}, "at least 2 items"),
    ],
)
def test_bad_params(keys, message):
    with pytest.raises(ParamsError, match=message):
        validated(ParallelParams, {"name": "parallel/docs", "held_out": 0.1} | keys, "params.yaml: benchmark")


@pytest.mark.skipif(not DATA, reason="HBIR_DATA is not set")
def test_the_real_sections():
    file = f"{DATA}/parallel-docs/sections.jsonl.gz"
    (task,) = load(ParallelParams(name="parallel/sections", data=file, held_out=0.1), None)
    assert len(task.languages) == 11
    assert Counter(task.query_langs)["en"] == 466
    per_query = np.bincount(task.positives(0, len(task.queries))[:, 0])
    assert per_query.min() >= 1
    assert per_query.max() == 11
    assert len(set(task.clusters or ())) == 30
