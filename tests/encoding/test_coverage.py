"""What a tokenizer does not know is warned of with its figure, what is cut off is counted."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, models, pre_tokenizers

from hbir.core.files import write_table
from hbir.core.hashing import folder_digest
from hbir.core.schemas import TRANSLATED_SCHEMA
from hbir.encoding.coverage import Coverage, measure, report
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import load_encoder, prepare_torch
from hbir.encoding.origin import describe
from stages.encoder import encoder
from tests.encoding.architectures import TEXTS, make_mbert
from tests.encoding.builder import make_params

ROOT = Path(__file__).parents[2]
THAI = ["ญี่ปุ่น ใช้ สกุลเงิน", "สกุลเงิน คือ อะไร 3"]
ENGLISH = ["which number is 3", "the number 9 comes of 3"]


@pytest.fixture(autouse=True)
def _quiet():
    prepare_torch(1)


@pytest.fixture
def wordpiece(tmp_path: Path) -> SentenceTransformer:
    make_mbert(tmp_path / "bert")
    return initial_encoder(make_params(name=str(tmp_path / "bert")), [], 1)


def test_a_tokenizer_without_thai(wordpiece, caplog):
    params = make_params(name="mbert", max_unknown=0.5)
    found = measure(wordpiece, params, {"th": (THAI[:1], THAI[1:]), "en": (ENGLISH[:1], ENGLISH[1:])})
    # Six words of Thai, each one unknown token, and the digit 3.
    assert found.unknown == {"th": pytest.approx(6 / 7), "en": 0}
    with caplog.at_level(logging.WARNING):
        report(found, params)
    text = "th: 86 % of the tokens are unknown to mbert, which reads them all alike; choose another"
    assert [record.getMessage() for record in caplog.records] == [text]


def test_a_share_at_the_threshold_is_no_warning(caplog):
    coverage = Coverage({"th": 0.05}, {"query": 1, "document": 1}, {"query": {}, "document": {}})
    report(coverage, make_params(max_unknown=0.05))
    assert not caplog.records


@pytest.mark.parametrize("name", ["tiny", "static"])
def test_bytes_are_never_unknown(name):
    model = initial_encoder(make_params(name=name), ENGLISH, 1)
    assert measure(model, make_params(name=name), {"th": (THAI, THAI)}).unknown == {"th": 0}


def test_static_embeddings_have_an_unknown_token_too(tmp_path: Path):
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "which": 1, "number": 2}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    SentenceTransformer(modules=[StaticEmbedding(words, embedding_dim=4)]).save_pretrained(str(tmp_path))
    params = make_params(name=str(tmp_path), longest=8)
    model = initial_encoder(params, [], 1)
    found = measure(model, params, {"en": (["which number is 3"], ["number " * 9])})
    assert found.unknown == {"en": pytest.approx(2 / 13)}
    assert found.longer == {"query": {"en": 0}, "document": {"en": 1}}  # "Passage", ":", and nine words


def test_longer_texts_are_those_that_the_encoder_cuts(wordpiece):
    texts = [" ".join(["number"] * count) for count in range(1, 12)]
    params = make_params(max_query_tokens=8, max_passage_tokens=10)
    sizes = [len(wordpiece.tokenizer(f"Query: {text}")["input_ids"]) for text in texts]
    found = measure(wordpiece, params, {"en": (texts, texts), "de": (texts[:1], [])})
    assert found.longer["query"] == {"en": sum(size > 8 for size in sizes), "de": 0}
    assert found.texts == {"query": 12, "document": 11}


def test_the_line_names_languages_with_the_most_first():
    coverage = Coverage(
        {}, {"query": 40, "document": 1200}, {"query": {"de": 0}, "document": {"de": 1, "th": 5}}
    )
    assert report(coverage, make_params(max_query_tokens=32, max_passage_tokens=64)) == (
        "truncated in a sample: 0 of 40 queries at 32 tokens, "
        "6 of 1,200 passages at 64 tokens (0.5%: th 5, de 1)"
    )


def test_the_stage_says_what_it_made_and_keeps_it_on_record(tmp_path: Path, monkeypatch):
    params = YAML(typ="safe").load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["languages"] = ["en", "th"]
    params["encoder"] |= {"name": "static", "max_query_tokens": 12, "static": {"width": 8, "vocabulary": 300}}
    params["encoder"]["max_passage_tokens"] = 12
    params["encoder"]["languages"] = "all"
    params["batches"]["languages"] = ["en"]  # Thai is evaluated alone, and looked at as well
    monkeypatch.chdir(tmp_path)
    with Path("params.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(params, file)
    for lang, texts in (("en", TEXTS[:4]), ("th", THAI)):
        rows = [
            {"pair_id": n, "passage_id": n, "query_id": n, "source": "toy", "split": "train"}
            | {"query": "ok", "passage": text}
            for n, text in enumerate(texts)
        ]
        write_table(
            Path(f"data/translated/{lang}.parquet"), pa.Table.from_pylist(rows, schema=TRANSLATED_SCHEMA)
        )
    result = CliRunner().invoke(encoder, [], catch_exceptions=False)
    first, second = result.output.splitlines()
    assert first == "encoder: static, 2,400 parameters, 300 tokens"
    assert second.startswith(
        "truncated in a sample: 0 of 2 queries at 12 tokens, 6 of 6 passages at 12 tokens (100"
    )
    record = json.loads(Path("models/initial/encoder.json").read_text())
    assert (record["name"], record["revision"], record["parameters"]) == ("static", None, 2400)
    assert load_encoder(Path("models/initial"), "cpu").get_embedding_dimension() == 8


def test_the_stage_takes_the_seed_of_the_project_and_names_the_commit(tmp_path: Path, monkeypatch):
    params = YAML(typ="safe").load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params |= {"languages": ["en"], "batches": params["batches"] | {"languages": "all"}}
    params["encoder"] |= {"name": "static", "static": {"width": 8, "vocabulary": 300}}
    monkeypatch.chdir(tmp_path)
    row = {"pair_id": 0, "passage_id": 0, "query_id": 0, "source": "toy", "split": "train"}
    table = pa.Table.from_pylist([row | {"query": "ok", "passage": "so"}], schema=TRANSLATED_SCHEMA)
    write_table(Path("data/translated/en.parquet"), table)
    digests = []
    for seed in (1, 2):
        with Path("params.yaml").open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(params | {"seed": seed}, file)
        assert "to pin it" not in CliRunner().invoke(encoder, [], catch_exceptions=False).output
        digests.append(folder_digest(Path("models/initial")))
    assert digests[0] != digests[1]
    monkeypatch.setattr("stages.encoder.describe", lambda *given: replace(describe(*given), revision="a" * 40))
    output = CliRunner().invoke(encoder, [], catch_exceptions=False).output
    assert f"set encoder.revision: {'a' * 40} to pin it" in output.splitlines()
