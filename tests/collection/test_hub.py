import json
import logging
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hbir.collection.hub import HubSource, read
from hbir.core.errors import DataError, ParamsError
from hbir.core.params import validated
from tests.core.hub_server import Hub, serving

ROWS = [
    {"question": "Who?", "answer": {"text": ["Ada.", "Bo."]}, "label": 1, "page": 7},
    {"question": "Who?", "answer": {"text": ["Wrong."]}, "label": 0, "page": 7},
    {"question": "When?", "answer": {"text": []}, "label": 1, "page": 8},
]


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "datasets"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "faq"
    path.mkdir()
    pq.write_table(pa.Table.from_pylist(ROWS), path / "train-0.parquet")
    (path / "test.jsonl").write_text(json.dumps({**ROWS[0], "question": "Where?"}) + "\n")
    return path


def source(folder: Path | str, **more: Any) -> HubSource:
    given = {"kind": "hub", "name": "faq", "dataset": str(folder), "query": "question", **more}
    checked: HubSource = validated(HubSource, given, "params.yaml")
    return checked


def test_nested_columns_a_filter_and_groups(folder: Path):
    files = ["train-0.parquet"]
    harvest = read(source(folder, passage="answer.text[0]", only={"label": 1}, group="page", data_files=files))
    assert [(pair.query, pair.passage, pair.group) for pair in harvest.pairs] == [
        ("Who?", "Ada.", "7"),
        ("When?", "", "8"),
    ]
    assert harvest.dropped == {"label is not 1": 1}


def test_the_split_that_is_named_is_read(folder: Path):
    (folder / "train-0.parquet").unlink()
    (folder / "train.jsonl").write_text(json.dumps(ROWS[0]) + "\n")
    both = read(source(folder, passage="answer.text[0]", split="train+test"))
    assert [pair.query for pair in both.pairs] == ["Who?", "Where?"]
    one = read(source(folder, passage="answer.text[0]", split="test"))
    assert [pair.query for pair in one.pairs] == ["Where?"]


def test_a_column_that_is_not_there_names_those_that_are(folder: Path):
    harvest = read(source(folder, passage="reply", data_files=["train-0.parquet"]))
    with pytest.raises(DataError, match="the column 'reply'.*question, answer, label, page") as caught:
        list(harvest.pairs)
    assert caught.value.where == f"{folder}, row 1"


def test_a_key_that_is_not_there_names_the_nearest(folder: Path):
    with pytest.raises(ParamsError, match="Did you mean 'dataset'"):
        source(folder, datasets="x")


@pytest.mark.parametrize("more", [{}, {"data_files": ["train.jsonl"]}])
def test_without_network_the_error_says_which_files_to_fetch(monkeypatch: pytest.MonkeyPatch, more):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DataError, match="no answer from the Hub") as caught:
        read(source("me/faq", config="en", **more))
    wanted = more.get("data_files", ["split train"])[0]
    assert wanted in caught.value.hint
    assert "config en" in caught.value.hint
    assert "https://huggingface.co/datasets/me/faq" in caught.value.hint


def test_the_revision_that_was_read_is_told(monkeypatch, caplog: pytest.LogCaptureFixture):
    with serving(Hub()) as server:
        files = {"train.jsonl": b'{"question": "Who?", "passage": "Ada."}\n'}
        sha = server.push("me/faq", files)
        template = "{endpoint}/{repo_id}/resolve/{revision}/{filename}".replace("{endpoint}", server.url)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        with caplog.at_level(logging.INFO, "hbir"):
            harvest = read(source("me/faq", data_files=["train.jsonl"]))
        assert [(pair.query, pair.passage) for pair in harvest.pairs] == [("Who?", "Ada.")]
    assert f"me/faq at {sha}" in caplog.text


def test_only_the_named_columns_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[list[str]] = []

    def spy(params, rows):
        seen.extend(sorted(row) for _, row in rows)

    monkeypatch.setattr("hbir.collection.hub.harvest", spy)
    read(source(folder, passage="answer.text[0]", data_files=["train-0.parquet"], only={"label": 1}))
    assert seen == [["answer", "label", "question"]] * 3
