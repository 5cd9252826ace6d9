"""Parallel documents are built from a checkout in miniature, and read by the source and the benchmark."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hbir.benchmarks.parallel_rows import Reading, read_rows
from hbir.core.errors import DataError
from hbir.core.params import read_params
from hbir.inputs.study import study_content
from studies.blocks import Block, cut
from studies.documents import aligned, build, main, without_note

STUDIES = Path(__file__).parents[1] / "studies"
GUIDE = """<!-- a comment
of two lines -->
# The lamp

The lamp **lights up** when the [sensor](https://example.org/a_b) is dark,
and goes out in the `morning` light of <b>day</b>.

![A picture of it](lamp.png)

## Steps

1. Connect the lamp to the board

    ```sh
    # no heading
    run it
    ```

* Turn it on with the switch

> A note on the lamp and its board
>
> Another note on the lamp

| Part | What it does for you |
| --- | --- |
| Lamp | It is the part that shines |
"""
NOTE = "\n---\n\n**Hinweis**: Übersetzt von [Co-op Translator](https://github.com/Azure/co-op-translator).\n"
GERMAN = (
    GUIDE.replace("# The lamp", "# Die Lampe")
    .replace("The lamp **lights up** when", "Die Lampe **leuchtet**, wenn")
    .replace("1. Connect", "  3) Verbinde")
)
KINDS = [
    "heading",
    "text",
    "text",
    "heading",
    "item",
    "code",
    "item",
    "quote",
    "quote",
    "quote",
    "row",
    "row",
    "row",
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    files = {
        "guide.md": GUIDE,
        "other.md": "# Only English",
        ".github/hidden.md": "# Hidden",
        "translations/de/guide.md": GERMAN + NOTE,
        "translations/zh-CN/guide.md": GUIDE.replace("The lamp", "灯"),
        "translations/zh-TW/guide.md": GUIDE.replace("The lamp", "燈"),
        "translations/es/guide.md": GUIDE.replace("> A note", "A note"),
        "translations/fr/guide.md": GUIDE,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def written(path: Path) -> dict[str, Any]:
    return {row["id"]: row["text"] for row in map(json.loads, gzip.decompress(path.read_bytes()).splitlines())}


def test_a_document_is_cut_into_blocks_of_words():
    found = cut(GUIDE)
    assert [block.kind for block in found] == KINDS
    assert [block.text for block in found if block.kind in ("text", "item", "heading")] == [
        "The lamp",
        "The lamp lights up when the sensor is dark, and goes out in the morning light of day .",
        "",
        "Steps",
        "Connect the lamp to the board",
        "Turn it on with the switch",
    ]


def test_translations_with_the_same_blocks_are_aligned_with_english(checkout: Path, tmp_path: Path):
    said = build(tmp_path / "out", [("lamp", checkout)])
    blocks = written(tmp_path / "out/blocks.jsonl.gz")
    assert list(blocks) == [f"lamp/guide.md#{place}" for place in (1, 4, 6, 7, 9, 10, 12)]
    assert blocks["lamp/guide.md#4"] == {
        "en": "Connect the lamp to the board",
        "de": "Verbinde the lamp to the board",
        "zh": "Connect the lamp to the board",
    }
    assert blocks["lamp/guide.md#12"]["en"] == "| Lamp | It is the part that shines |"
    sections = written(tmp_path / "out/sections.jsonl.gz")
    assert list(sections) == ["lamp/guide.md#h0", "lamp/guide.md#h3"]
    assert sections["lamp/guide.md#h0"]["de"]["title"] == "Die Lampe"
    assert sections["lamp/guide.md#h3"]["zh"]["body"] == (
        "Connect the lamp to the board Turn it on with the switch "
        "A note on the lamp and its board Another note on the lamp"
    )
    assert said.splitlines() == [
        "1 documents, 2 sections, 7 blocks",
        "  lamp, de: missing: 1",
        "  lamp, es: missing: 1",
        "  lamp, es: other blocks: 1",
        "  lamp, zh: missing: 1",
    ]


def test_the_project_reads_what_is_built_and_the_bytes_stay(checkout: Path, tmp_path: Path):
    command = [str(tmp_path / "out"), f"lamp={checkout}"]
    assert CliRunner().invoke(main, command).exit_code == 0
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    CliRunner().invoke(main, command)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == first
    for name, query, count in (("sections", "title", 2), ("blocks", "span", 4)):
        reading = Reading(query=query)  # type: ignore[arg-type]
        rows = list(read_rows(tmp_path / f"out/{name}.jsonl.gz", reading, Counter()))
        assert (len(rows), {row.document for row in rows}) == (count, {"lamp/guide.md"})


def test_a_folder_without_translations_is_named(tmp_path: Path):
    (tmp_path / "translations/images").mkdir(parents=True)
    with pytest.raises(
        DataError, match="translations: expected folders of languages such as ar, de, el, found"
    ):
        build(tmp_path / "out", [("x", tmp_path)])
    assert "Name each checkout as in" in CliRunner().invoke(main, [str(tmp_path), str(tmp_path)]).output


def test_a_note_within_a_document_stays():
    noted = [Block("text", "by co-op-translator"), *cut(GUIDE)]
    assert without_note(noted, noted) == noted
    ruled = [*cut(GUIDE), Block("text", "---")]
    assert without_note(ruled, ruled) == ruled
    assert without_note([*ruled, *cut(NOTE)], ruled) == ruled
    assert without_note([*ruled, *cut(NOTE)], cut(GUIDE)) == cut(GUIDE)


def test_the_english_of_the_translator_is_taken_where_it_fits_more(checkout: Path, tmp_path: Path):
    (checkout / "guide.md").write_text(GUIDE.replace("## Steps", "More words on it.\n\n## Steps"))
    (checkout / "translations/en").mkdir()
    (checkout / "translations/en/guide.md").write_text(GUIDE.replace("The lamp", "A lamp") + NOTE)
    build(tmp_path / "out", [("lamp", checkout)])
    blocks = written(tmp_path / "out/blocks.jsonl.gz")
    assert blocks["lamp/guide.md#1"]["en"].startswith("A lamp lights up")
    assert list(blocks["lamp/guide.md#1"]) == ["en", "de", "zh"]


def test_a_translation_with_other_blocks_is_left_out():
    english = cut(GUIDE)
    assert list(aligned(english, {"de": cut(GERMAN + NOTE), "es": cut(GUIDE + "\nMore")})) == ["en", "de"]


words = st.text("ab", min_size=1, max_size=4)
lines = st.one_of(
    words,
    st.just(""),
    st.builds(
        "{}{} {}".format, st.sampled_from(["", "  ", "    "]), st.sampled_from(["#", "*", "1.", ">"]), words
    ),
    st.builds("| {} |".format, words),
)


@given(st.lists(lines, max_size=12))
def test_every_word_is_in_one_block_and_blank_lines_more_change_nothing(document: list[str]):
    found = cut("\n".join(document))
    kept = "".join(block.text for block in found).replace(" ", "")
    assert Counter(kept) == Counter("".join(document).translate(str.maketrans("", "", "#*1.> ")))
    doubled = [part for line in document for part in ((line,) if line else ("", "", ""))]
    assert cut("\n".join(doubled)) == found


def test_the_zero_shot_study_leaves_out_the_papers_languages():
    content = study_content(STUDIES / "e5-zero-shot.yaml")
    paper = read_params(STUDIES / "paper.yaml")
    assert content["batches"]["languages"] == paper["batches"]["languages"]
