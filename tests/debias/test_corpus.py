"""What is held out is never trained on, whatever the shape and the languages of the texts."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.benchmarks.parallel_rows import Reading, Text, is_held_out, read_rows
from hbir.benchmarks.registry import load
from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError
from hbir.core.files import read_table
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.core.text import normalise
from hbir.debias.corpus import LEAST_HELD_OUT, Corpus, held_out_share, make_corpus
from hbir.debias.pairs import benchmark_entry, make_pairs, make_plan
from hbir.debias.texts import Parallel, read_texts
from tests.debias.conftest import options, rows, sentence, write


def corpus(folder: Path, given: list[Parallel], **changes: Any) -> tuple[Corpus, Path]:
    path = folder / "corpus.jsonl"
    return make_corpus(given, options(**changes), Counter(), path), path


def texts(folder: Path, count: int = 60, langs: tuple[str, ...] = ("en", "de", "zh")) -> list[Parallel]:
    return read_texts([str(write(folder / "texts.jsonl", rows(count, langs)))], Counter())


def asked(made: Corpus, path: Path) -> RetrievalTask:
    [task] = load(benchmark_entry(made, path), None)
    assert isinstance(task, RetrievalTask)
    return task


@given(
    st.dictionaries(st.text(max_size=6), st.integers(1, 9), min_size=2, max_size=40),
    st.floats(0.01, 0.5),
    st.integers(1, 200),
)
def test_a_share_holds_out_the_documents_that_it_says(documents: dict[str, int], wanted: float, most: int):
    share, held = held_out_share(documents, wanted, most)
    assert 0 < share < 1
    assert {document for document in documents if is_held_out(document, share)} == set(held)
    assert 0 < len(held) < len(documents)
    texts = sum(documents[document] for document in held)
    assert len(held) == 1 or texts <= min(wanted * sum(documents.values()), most)


@pytest.mark.parametrize("langs", [("en", "de", "zh"), ("de", "zh")], ids=["with English", "without"])
def test_nothing_of_a_held_out_document_is_trained_on(tmp_path: Path, langs: tuple[str, ...]):
    made, path = corpus(tmp_path, texts(tmp_path, langs=langs))
    assert (made.languages, made.query, made.texts, made.documents) == (tuple(sorted(langs)), "span", 60, 15)
    assert made.pivot == ("en" if "en" in langs else "de")
    train, validation = make_pairs(made, path, tmp_path / "pairs.parquet")
    pairs = read_table(tmp_path / "pairs.parquet", PAIRS_SCHEMA)
    assert Counter(pairs["lang"].to_pylist()).keys() == set(langs)
    assert train + validation == len(pairs) == len(langs) * (60 - made.held_texts)
    task = asked(made, path)
    trained = {normalise(text) for side in ("query", "passage") for text in pairs[side].to_pylist()}
    assert not trained & {normalise(text) for text in [*task.queries, *task.passages]}
    assert len(task.passages) == len(langs) * made.held_texts
    rows_of = {sentence(number, lang): number % 15 for number in range(60) for lang in langs}
    held = {rows_of[text] for text in task.passages}
    assert held.isdisjoint(rows_of[text] for text in pairs["passage"].to_pylist())
    assert len(held) == made.held_documents


def test_each_language_has_its_own_text(tmp_path: Path):
    made, path = corpus(tmp_path, texts(tmp_path))
    make_pairs(made, path, tmp_path / "pairs.parquet")
    table = read_table(tmp_path / "pairs.parquet", PAIRS_SCHEMA).to_pylist()
    by_pair: dict[int, dict[str, str]] = {}
    for row in table:
        by_pair.setdefault(row["pair_id"], {})[row["lang"]] = row["passage"]
        assert row["query"] in row["passage"]
    of = {sentence(number, "en"): number for number in range(60)}
    for found in by_pair.values():
        number = of[found["en"]]
        assert found == {lang: sentence(number, lang) for lang in ("en", "de", "zh")}


def test_titles_ask_where_every_text_has_one(tmp_path: Path):
    given = [
        Parallel(
            "",
            {code: Text(f"{code} {n} {sentence(n, code)}", sentence(n + 100, code)) for code in ("en", "de")},
        )
        for n in range(40)
    ]
    made, path = corpus(tmp_path, given)
    assert (made.query, made.documents) == ("title", 0)
    assert all(query.startswith(("en ", "de ")) for query in asked(made, path).queries)
    untitled = [*given, Parallel("", {code: Text("", sentence(500, code)) for code in ("en", "de")})]
    assert corpus(tmp_path, untitled)[0].query == "span"
    assert corpus(tmp_path, untitled, query="title")[0].texts == 40


def test_a_text_that_another_nearly_repeats_is_on_no_side(tmp_path: Path):
    given = texts(tmp_path)
    again = [Parallel(f"other{n}", {"en": Text("", f"{row.versions['en'].passage}!"), "de": row.versions["de"]})
             for n, row in enumerate(given[:10])]  # fmt: skip
    dropped: Counter[str] = Counter()
    made = make_corpus([*given, *again], options(), dropped, tmp_path / "corpus.jsonl")
    assert made.texts == 60
    assert made.dropped["text that another nearly repeats"] == 10


@pytest.mark.parametrize("documents", [["one"] * 60, ["one"] * 40 + [f"d{n}" for n in range(20)], [""] * 60])
def test_few_documents_or_a_large_one_are_cut(tmp_path: Path, documents: list[str]):
    given = [row._replace(document=name) for row, name in zip(texts(tmp_path), documents, strict=True)]
    made, path = corpus(tmp_path, given)
    assert made.documents == 0
    assert 1 <= made.held_texts <= 6
    assert len({row.document for row in read_rows(path, Reading(query="span"), Counter())}) == 60


def test_no_more_is_held_out_than_can_be_scored_quickly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hbir.debias.corpus.MOST_HELD_OUT", 3)
    monkeypatch.setattr("hbir.debias.corpus.LEAST_HELD_OUT", 2)
    assert LEAST_HELD_OUT > 2
    assert (
        corpus(tmp_path, [row._replace(document="") for row in texts(tmp_path)], held_out=0.5)[0].held_texts
        == 2
    )


@pytest.mark.parametrize(
    ("count", "changes", "message"),
    [
        (60, {"languages": ("en",)}, "expected two languages of at least 8 texts each, found 60 in en"),
        (60, {"languages": ("en", "fr")}, "expected texts in fr, found .*Correct --lang"),
        (7, {}, "two languages of at least 8 texts each, found 7 in de, 7 in en, 7 in zh"),
        (60, {"batch_size": 31}, "expected two languages of at least 62 texts each"),
        (
            60,
            {"query": "title"},
            "expected at least 8 texts in two languages or more .* found 0 that can be used",
        ),
    ],
)
def test_too_little_is_said_in_one_line(tmp_path: Path, count: int, changes: dict[str, Any], message: str):
    with pytest.raises(DataError, match=message) as raised:
        corpus(tmp_path, texts(tmp_path, count), **changes)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("texts.jsonl: ")


def test_a_language_with_too_few_texts_is_left_out_and_counted(tmp_path: Path):
    given = texts(tmp_path)
    few = [row._replace(versions={**row.versions, "fr": Text("", "un deux")}) for row in given[:5]]
    made, _ = corpus(tmp_path, [*few, *given[5:]])
    assert made.languages == ("de", "en", "zh")
    assert made.dropped["fr, too few for a batch"] == 5


def test_a_batch_that_the_pairs_cannot_fill_is_said_in_the_commands_words(tmp_path: Path):
    made, path = corpus(tmp_path, texts(tmp_path))
    make_pairs(made, path, tmp_path / "pairs.parquet")
    with pytest.raises(DataError, match=r"^texts \(.*expected at least 58 pairs.*lower --batch-size"):
        make_plan(tmp_path / "pairs.parquet", tmp_path / "plan", options(batch_size=58), 2)
    with pytest.raises(DataError, match=r"^texts \(.*expected batches.size above .* Raise --batch-size"):
        make_plan(
            tmp_path / "pairs.parquet", tmp_path / "plan", options(batch_size=2, sampler="all_languages"), 2
        )
    assert not (tmp_path / "plan").exists()


def test_the_same_texts_give_the_same_bytes(tmp_path: Path):
    made, path = corpus(tmp_path, texts(tmp_path))
    first = path.read_bytes()
    assert (corpus(tmp_path, texts(tmp_path))[0], path.read_bytes()) == (made, first)
    assert json.loads(first.splitlines()[0])["text"].keys() == {"en", "de", "zh"}
