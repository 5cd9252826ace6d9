"""Other texts of a user: lexicons, corpora to search, parallel texts to debias with."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from hbir.debias.texts import read_texts
from hbir.retrieval.corpus_file import CorpusFile
from hbir.translation.engines.glossary import read_lexicon
from tests.fuzz.harness import (
    LANGUAGES,
    SENTENCES,
    TEXTS,
    WORDS,
    as_json,
    as_lines,
    faulty,
    fuzz,
    spoilt,
    survives,
)

LEXICON = st.lists(st.tuples(WORDS, WORDS), max_size=4).map(
    lambda rows: "".join(f"{word}\t{other}\n" for word, other in rows).encode()
)


@fuzz(st.one_of(LEXICON, faulty(LEXICON), TEXTS.map(str.encode)))
def test_lexicons(place: Path, content: bytes):
    (place / "lexicon.txt").write_bytes(content)
    survives(lambda path: read_lexicon(path, "here"), place / "lexicon.txt")


PASSAGES = st.lists(st.fixed_dictionaries({"_id": TEXTS, "text": SENTENCES, "title": TEXTS, "lang": LANGUAGES}))
TABLES = st.lists(st.tuples(WORDS, SENTENCES, LANGUAGES)).map(
    lambda rows: "".join("\t".join(row) + "\n" for row in [("id", "text", "lang"), *rows]).encode()
)
CORPORA = {
    "jsonl": st.one_of(PASSAGES.map(as_lines), spoilt(PASSAGES, as_lines)),
    "tsv": st.one_of(TABLES, faulty(TABLES)),
    "txt": st.one_of(st.lists(SENTENCES).map("\n".join).map(str.encode), st.binary(), TEXTS.map(str.encode)),
}


def searched(path: Path) -> None:
    corpus = CorpusFile(path)
    catalogue = corpus.catalogue()
    found = corpus.read(catalogue, range(len(catalogue.numbers)))
    assert found == list(corpus)


@pytest.mark.parametrize("kind", CORPORA)
@fuzz(st.data())
def test_corpora_are_read_by_place_as_in_order(place: Path, kind: str, data: st.DataObject):
    path = place / f"corpus.{kind}"
    path.write_bytes(data.draw(CORPORA[kind]))
    survives(searched, path)


TWO_PARTS = st.fixed_dictionaries({"query": SENTENCES, "passage": SENTENCES})
OBJECTS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"id": WORDS, "text": st.dictionaries(LANGUAGES, SENTENCES, min_size=1)}),
        st.fixed_dictionaries({"translation": st.dictionaries(LANGUAGES, SENTENCES, min_size=1)}),
        st.dictionaries(
            LANGUAGES, st.fixed_dictionaries({"query": SENTENCES, "passage": SENTENCES}), min_size=1
        ),
    ),
    min_size=1,
    max_size=3,
)


@fuzz(OBJECTS)
def test_whole_objects_are_read(place: Path, rows: list[Any]):
    (place / "texts.jsonl").write_bytes(as_lines(rows))
    assert len(read_texts([str(place / "texts.jsonl")], Counter())) == len(rows)


@fuzz(spoilt(OBJECTS, as_lines))
def test_objects(place: Path, content: bytes):
    (place / "texts.jsonl").write_bytes(content)
    survives(lambda path: read_texts([str(path)], Counter()), place / "texts.jsonl")


TAGS = st.sampled_from(["tmx", "body", "tu", "tuv", "seg", "bpt", "hi", "tmx:x", "a b"])
RARE = """<tuv lang='xx'>
&amp;
&nbsp;
&#x0;
<![CDATA[
]]>
<!--
-->
<?x?>
<seg/>
<?xml version="1.0" encoding="utf-16"?>
<!DOCTYPE tmx>
<!DOCTYPE tmx [<!ENTITY a "b">]>"""
PIECES = st.one_of(
    TAGS.map(lambda tag: f"<{tag}>"),
    TAGS.map(lambda tag: f"</{tag}>"),
    LANGUAGES.map(lambda code: f'<tuv xml:lang="{code}">'),
    st.sampled_from(RARE.splitlines()),
    SENTENCES,
)


def memory(units: list[dict[str, str]]) -> bytes:
    def unit(texts: dict[str, str]) -> str:
        variants = (f'<tuv xml:lang="{code}"><seg>{text}</seg></tuv>' for code, text in texts.items())
        return f"<tu>{''.join(variants)}</tu>"

    return f"<tmx><body>{''.join(map(unit, units))}</body></tmx>".encode()


MEMORIES = st.lists(st.dictionaries(LANGUAGES, SENTENCES, min_size=1), min_size=1, max_size=3).map(memory)
ANY_XML = st.lists(PIECES, max_size=12).map(lambda pieces: ("<tmx>" + "".join(pieces)).encode())


@fuzz(st.one_of(MEMORIES, faulty(MEMORIES), ANY_XML, ANY_XML))
def test_translation_memories_of_others(place: Path, content: bytes):
    (place / "texts.tmx").write_bytes(content)
    survives(lambda path: read_texts([str(path)], Counter()), place / "texts.tmx")


LINES = st.lists(SENTENCES, min_size=2, max_size=2).map("\n".join).map(str.encode)


@fuzz(LINES, st.one_of(LINES, faulty(LINES)))
def test_aligned_texts(place: Path, one: bytes, other: bytes):
    (place / "a.de").write_bytes(one)
    (place / "a.en").write_bytes(other)
    survives(lambda _: read_texts([f"de={place}/a.de", f"en={place}/a.en"], Counter()), place)


@fuzz(st.one_of(TEXTS.map(as_json), st.binary()))
def test_anything_else(place: Path, content: bytes):
    (place / "any").write_bytes(content)
    survives(lambda path: read_texts([str(path)], Counter()), place / "any")
