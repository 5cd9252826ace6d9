import os

import pytest

from hbir.benchmarks.parallel import ParallelParams, load
from hbir.benchmarks.parallel_rows import is_held_out
from tests.collection.sources import collected, pairs_of, write_jsonl

DATA = os.environ.get("HBIR_DATA", "")


def rows(documents=60, sections=3):
    """Make sections of documents, each with words of its own."""
    for number in range(documents):
        for place in range(sections):
            name = f"{number}-{place}"
            yield {
                "id": f"repo/doc{number}.md#h{place}",
                "text": {
                    "en": {"title": f"Title {name}", "body": f"The body {name}."},
                    "de": {"title": f"Titel {name}", "body": f"Der Text {name}."},
                    "zh": {"title": f"题{name}", "body": f"文{name}。" if place else ""},
                },
            }


def source(path, given, **keys):
    return {"kind": "parallel", "name": path.name.split(".")[0], "path": write_jsonl(path, given)} | keys


def read(*sources):
    return collected(*sources, near_duplicates=None)


def test_titles_and_bodies_in_every_language(tmp_path):
    result = read(source(tmp_path / "docs.jsonl.gz", rows(2)))
    assert ("Title 1-2", "The body 1-2.") in pairs_of(result)
    texts = {(row["lang"], row["query"]): row["passage"] for row in result.parallel.to_pylist()}
    assert texts["de", "Titel 1-2"] == "Der Text 1-2."
    assert texts["zh", "题0-1"] == "文0-1。"
    assert ("zh", "题0-0") not in texts
    assert result.summary.by_language == {"en": 6, "de": 6, "zh": 4}
    assert result.summary.dropped == {"docs: version without a text": 2}
    assert set(result.parallel["pair_id"].to_pylist()) == set(result.english["pair_id"].to_pylist())


def test_documents_stay_whole_and_alike_in_two_files(tmp_path):
    blocks = [
        {"id": row["id"].replace("#h", "#"), "text": {"en": f"{row['id']} " + " ".join("abcdefgh")}}
        for row in rows()
    ]
    result = read(
        source(tmp_path / "sections.jsonl", rows(), validation=0.3, held_out=0.3),
        source(tmp_path / "blocks.jsonl", blocks, validation=0.3, held_out=0.3, query="span"),
    )
    sides: dict[str, set[str]] = {}
    for row in result.english.to_pylist():
        words = row["passage"].split()
        document = (
            words[0].split("#")[0] if row["source"] == "blocks" else f"repo/doc{words[2].split('-')[0]}.md"
        )
        sides.setdefault(document, set()).add(row["split"])
    assert {len(found) for found in sides.values()} == {1}
    assert set.union(*sides.values()) == {"train", "validation"}
    held_out = {document for document in (f"repo/doc{n}.md" for n in range(60)) if is_held_out(document, 0.3)}
    assert held_out.isdisjoint(sides)
    assert len(held_out) + len(sides) == 60
    for name in ("sections", "blocks"):
        assert result.summary.dropped[f"{name}: held-out document"] == 3 * len(held_out)


def test_what_is_held_out_is_what_the_benchmark_asks(tmp_path):
    given = source(tmp_path / "docs.jsonl", rows(), held_out=0.2)
    collected_titles = {query for query, _ in pairs_of(read(given))}
    (task,) = load(ParallelParams(name="parallel/docs", data=given["path"], held_out=0.2), ["en"])
    assert collected_titles.isdisjoint(task.queries)
    assert len(collected_titles) + len(task.queries) == 180


def test_a_benchmark_that_holds_out_more_than_its_source(tmp_path, caplog, monkeypatch):
    given = source(tmp_path / "docs.jsonl", rows(), held_out=0.2)
    other = write_jsonl(tmp_path / "other.jsonl", rows())
    monkeypatch.setenv("MY_DOCS", str(tmp_path))

    def guard(path, share):
        entry = {"name": "parallel/docs", "data": path, "held_out": share}
        collected(given, near_duplicates=None, leak_guard=[entry])

    for path, share in ((given["path"], 0.2), (given["path"], 0.1), (other, 0.3)):
        guard(path, share)
    assert caplog.text == ""
    guard("$MY_DOCS/../" + tmp_path.name + "/docs.jsonl", 0.3)
    assert "parallel/docs holds out 0.3 of the documents, source docs of that file 0.2" in caplog.text


def test_rows_without_english_are_counted(tmp_path):
    others = [
        {"id": f"x#{n}", "text": {"de": {"title": "a", "body": "b"}, "en": text}}
        for n, text in enumerate([None, {"title": "t", "body": " "}])
    ]
    result = read(source(tmp_path / "docs.jsonl", [*rows(1), *others]))
    assert result.summary.dropped["docs: row without English"] == 2


def test_the_span_is_of_the_row_and_of_nothing_else(tmp_path):
    text = "one two three four five six seven eight nine ten"
    given = [{"id": f"d#{n}", "text": {"en": text, "de": text.upper().replace("E", "I")}} for n in range(8)]
    forth = read(source(tmp_path / "a.jsonl", given, query="span"))
    back = read(source(tmp_path / "b.jsonl", given[::-1], query="span", name="a"))
    assert forth.english.equals(back.english)
    assert forth.parallel.equals(back.parallel)
    assert len(forth.english) > 3


@pytest.mark.skipif(not DATA, reason="HBIR_DATA is not set")
def test_the_real_documents_against_the_benchmarks():
    """Three bodies hold an 8-letter "sentence" of Thai XQuAD-R, one title is a sentence of Tatoeba."""
    sections = {
        "kind": "parallel",
        "name": "sections",
        "path": "$HBIR_DATA/parallel-docs/sections.jsonl.gz",
        "held_out": 0.1,
    }
    result = collected(sections, leak_guard=["xquad-r", "tatoeba"], near_duplicates=None)
    leaked = {reason: n for reason, n in result.summary.dropped.items() if "benchmark" in reason}
    assert leaked == {"sections: in benchmark xquad-r": 3, "sections: in benchmark tatoeba": 1}
    assert len(result.english) == 2960
