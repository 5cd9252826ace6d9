"""`hbir search` with a tiny encoder from scratch."""

import io
import json
import logging

import numpy as np
import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console

from hbir.commands.search import search
from hbir.core.errors import DataError, ModelError, ParamsError
from hbir.core.files import atomic_folder
from hbir.encoding.embed import embed
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import load_encoder, prepare_torch, save_encoder
from hbir.encoding.params import TinyParams
from hbir.retrieval import search as searching
from hbir.retrieval.search import Hit
from hbir.retrieval.show import show_hits
from tests.encoding.builder import make_params

PASSAGES = [
    ("a", "The yen is used in Japan.", "en"),
    ("b", "Der Euro gilt in Italien.", "de"),
    ("c", "यह भारत की मुद्रा है।", "hi"),
    ("d", "Der Yen gilt in Japan.", "de"),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    prepare_torch(1)
    folder = tmp_path_factory.mktemp("models")
    for name, width in (("one", 16), ("two", 24)):
        tiny = TinyParams(layers=1, width=width, heads=2, feed_forward=16, dropout=0.0, vocabulary=320)
        params = make_params(tiny=tiny)
        with atomic_folder(folder / name) as temporary:
            save_encoder(initial_encoder(params, [text for _, text, _ in PASSAGES], 1), temporary)
    return folder


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    path = tmp_path / "corpus.jsonl"
    path.write_text("\n".join(json.dumps({"_id": i, "text": t, "lang": lang}) for i, t, lang in PASSAGES))
    return path


def run(*arguments):
    return CliRunner().invoke(search, list(map(str, arguments)), catch_exceptions=False)


def found(*arguments):
    return json.loads(run(*arguments, "--json").output)


def test_hits_are_those_of_all_scores(models, corpus):
    model = load_encoder(models / "one")
    query = embed(model, ["Where is the yen used?"], "query", 1)
    passages = embed(model, [text for _, text, _ in PASSAGES], "document", 4).astype(np.float16)
    scores = (passages.astype(np.float32) @ query[0]).tolist()
    expected = sorted(zip(scores, PASSAGES, strict=True), key=lambda pair: -pair[0])
    hits = found(models / "one", "Where is the yen used?", "--corpus", corpus)
    assert [(hit["rank"], hit["id"], hit["text"], hit["language"]) for hit in hits] == [
        (rank, *row) for rank, (_, row) in enumerate(expected, start=1)
    ]
    assert [hit["score"] for hit in hits] == pytest.approx([score for score, _ in expected], abs=1e-6)
    assert found(models / "one", "Where is the yen used?", "--corpus", corpus, "--top-k", 2) == hits[:2]
    german = found(models / "one", "Where is the yen used?", "--corpus", corpus, "--lang", "de")
    assert [hit["id"] for hit in german] == [hit["id"] for hit in hits if hit["language"] == "de"]
    both = found(models / "one", "Where is the yen used?", "--corpus", corpus, "--lang", "de", "--lang", "hi")
    assert [hit["id"] for hit in both] == [hit["id"] for hit in hits if hit["language"] != "en"]
    assert both == found(models / "one", "Where is the yen used?", "--corpus", corpus, "--lang", "de,hi")


def test_the_index_is_reused_until_model_or_corpus_change(models, corpus, caplog):
    said = []
    with caplog.at_level(logging.INFO, "hbir"):
        for model in ("one", "one", "two", "one"):
            caplog.clear()
            run(models / model, "yen?", "--corpus", corpus)
            said.append(caplog.messages[0].split()[0])
        corpus.write_text(corpus.read_text() + '\n{"_id": "e", "text": "new", "lang": "en"}')
        caplog.clear()
        assert len(found(models / "one", "yen?", "--corpus", corpus)) == 5
        said.append(caplog.messages[0].split()[0])
    assert said == ["Embedded", "Reused", "Embedded", "Reused", "Embedded"]
    assert len(list((corpus.parent / ".hbir" / "indexes").iterdir())) == 3


def test_an_interrupted_search_leaves_what_the_next_one_takes_up(models, corpus, monkeypatch):
    expected = found(models / "one", "yen?", "--corpus", corpus, "--index", corpus.parent / "whole")
    monkeypatch.setattr(searching, "SIZE", 3)
    texts: list[str] = []

    def interrupted(model, rows, side, batch_size):
        if len(texts) == 3 and side == "document":
            raise KeyboardInterrupt
        texts.extend(rows if side == "document" else [])
        return embed(model, rows, side, batch_size)

    folder = corpus.parent / "index"
    with monkeypatch.context() as patch:
        patch.setattr("hbir.encoding.embed.embed", interrupted)
        assert run(models / "one", "yen?", "--corpus", corpus, "--index", folder).exit_code == 1
    assert not (folder / "meta.json").exists()
    hits = found(models / "one", "yen?", "--corpus", corpus, "--index", folder)
    assert [hit["id"] for hit in hits] == [hit["id"] for hit in expected]


def test_a_named_index_of_another_dimension_or_corpus(models, corpus):
    folder = corpus.parent / "index"
    run(models / "one", "yen?", "--corpus", corpus, "--index", folder)
    with pytest.raises(DataError, match="index: expected an index of (encoder|dimension) .*Delete the folder"):
        run(models / "two", "yen?", "--corpus", corpus, "--index", folder)
    corpus.write_text('{"_id": "e", "text": "new"}')
    with pytest.raises(DataError, match="index: expected an index of corpus"):
        run(models / "one", "yen?", "--corpus", corpus, "--index", folder)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["{m}", " ", "--corpus", "{c}"], ParamsError, "expected a query, found none"),
        (["{m}", "yen?", "--corpus", "gone.jsonl"], DataError, "gone.jsonl: expected a file, found none"),
        (
            ["{m}", "yen?", "--corpus", "{c}", "--lang", "fr"],
            ParamsError,
            "expected one of de, en, hi, found fr",
        ),
        (["{p}", "yen?", "--corpus", "{c}"], ModelError, "expected an encoder of sentence-transformers or"),
    ],
)
def test_bad_input(models, corpus, arguments, error, message):
    places = {"m": models / "one", "c": corpus, "p": corpus.parent}
    with pytest.raises(error, match=message):
        run(*(argument.format(**places) for argument in arguments))


def test_an_unknown_language_is_named_before_anything_is_embedded(models, corpus, monkeypatch):
    sides = []

    def embed_one(model, texts, side, batch_size):
        sides.append(side)
        return np.ones((len(texts), 16), np.float32)

    monkeypatch.setattr("hbir.encoding.embed.embed", embed_one)
    with pytest.raises(ParamsError, match="expected one of de, en, hi, found fr"):
        run(models / "one", "yen?", "--corpus", corpus, "--lang", "fr")
    assert sides == ["query"]


def test_plain_text_is_shown_with_its_line_numbers(models, corpus):
    text = corpus.with_suffix(".txt")
    text.write_text("alpha\n\nbeta\ngamma\n")
    hits = found(models / "one", "yen?", "--corpus", text)
    assert {hit["id"]: hit["text"] for hit in hits} == {"1": "alpha", "3": "beta", "4": "gamma"}


def test_more_passages_asked_for_than_there_are(models, corpus):
    hits = found(models / "one", "yen?", "--corpus", corpus, "--top-k", 10**11, "--lang", "de")
    assert sorted(hit["id"] for hit in hits) == ["b", "d"]


def test_a_file_in_place_of_the_index(models, corpus):
    result = run(models / "one", "yen?", "--corpus", corpus, "--index", corpus)
    assert result.exit_code == 2
    assert "is a file" in result.output


def test_a_language_where_the_corpus_has_none(models, corpus):
    corpus.with_suffix(".txt").write_text("one\n")
    with pytest.raises(ParamsError, match="expected passages with a field `lang`, found none"):
        run(models / "one", "yen?", "--corpus", corpus.with_suffix(".txt"), "--lang", "en")


def test_no_passages_asked_for(models, corpus):
    result = run(models / "one", "yen?", "--corpus", corpus, "--top-k", "0")
    assert result.exit_code == 2
    assert "0 is not in the range x>=1" in result.output


def hit(**changes):
    values = {"rank": 1, "score": 0.5, "language": "en", "id": "7#1", "title": "Title", "text": "text"}
    return Hit(**{**values, **changes})


def shown(*hits, width=80):
    stream = io.StringIO()
    show_hits(hits, Console(file=stream, width=width))
    return stream.getvalue()


def test_the_terminal_shows_rank_score_language_title_and_text():
    text = shown(hit(), hit(rank=10, score=0.25, language=None, title="", text="second"))
    plain = text.replace("\u2068", "").replace("\u2069", "")
    assert plain.splitlines() == [
        " 1  0.5000  en    Title  7#1",
        "    text",
        "",
        "10  0.2500  –     7#1",
        "    second",
        "",
    ]


@pytest.mark.parametrize("text", ["word " * 300, "長" * 900, "ก" * 900, "مرحبا بالعالم " * 100])
def test_a_long_text_is_cut_to_a_few_lines_of_the_width(text):
    for width in (80, 40):
        lines = shown(hit(text=text, title=text[:6]), width=width).splitlines()
        body = [line for line in lines[1:] if line.startswith("    ")]
        assert len(body) == 3
        assert body[-1].rstrip().endswith("…")
        assert all(cell_len(line) <= width for line in lines)


def test_a_long_id_has_a_line_of_its_own_and_a_long_title_is_cut():
    lines = shown(hit(id="i" * 60, title="t" * 100)).replace("\u2068", "").replace("\u2069", "").splitlines()
    assert lines[0] == " 1  0.5000  en    " + "t" * 61 + "…"
    assert lines[1] == "    " + "i" * 60
    assert all(cell_len(line) <= 80 for line in lines)
    assert shown(hit(id="i" * 100, title="")).splitlines()[0].endswith("…\u2069")


def test_control_characters_do_not_reach_the_terminal():
    text = shown(hit(text="a\x1b[2Jb\nc\u200cd", title="x\ty"))
    assert "\x1b" not in text
    assert "a [2Jb c\u200cd" in text
    assert "\u2068x y\u2069" in text


@pytest.fixture
def refused(corpus):
    """Stand in the way of the folder `.hbir`, as a folder without permission does for whoever is not root."""
    (corpus.parent / ".hbir").write_text("")


def test_where_nothing_can_be_written_results_are_shown(models, corpus, caplog, refused):
    hits = found(models / "one", "yen?", "--corpus", corpus)
    assert "The embeddings are not kept, since" in caplog.text
    assert hits == found(models / "one", "yen?", "--corpus", corpus, "--index", corpus.parent / "index")


def test_an_index_that_was_asked_for_is_checked_before_the_model_loads(models, corpus, refused):
    with pytest.raises(DataError, match=".hbir"):
        run("no model", "yen?", "--corpus", corpus, "--index", corpus.parent / ".hbir/index")


def test_a_language_is_found_under_its_other_codes(models, corpus):
    rows = [{"id": i, "text": f"{i} yen", "lang": lang} for i, lang in enumerate(["zh-CN", "zh", "de", "x y"])]
    corpus.write_text("\n".join(map(json.dumps, rows)))
    hits = found(models / "one", "yen?", "--corpus", corpus, "--lang", "zh_Hans,deu")
    assert sorted(hit["id"] for hit in hits) == ["0", "1", "2"]
    assert [hit["id"] for hit in found(models / "one", "yen?", "--corpus", corpus, "--lang", "x y")] == ["3"]


def test_a_damaged_catalogue_is_made_again(models, corpus, caplog):
    hits = found(models / "one", "yen?", "--corpus", corpus)
    (path,) = corpus.parent.rglob("catalogue-*.npz")
    path.write_bytes(path.read_bytes()[:40])
    assert found(models / "one", "yen?", "--corpus", corpus) == hits
    assert "cannot be read and is made again" in caplog.text
