import gzip
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hbir.core.errors import DataError, ParamsError
from hbir.core.hub.datasets import HubDataset
from hbir.core.hub.repository import REVISIONS, ask_hub
from tests.core.hub_server import UNREACHABLE, Hub, point_at, serving

CARD = b"""---
configs:
- config_name: english
  data_files:
  - split: train
    path: english/*.jsonl
- config_name: all
  data_files: all.jsonl
---
"""
FILES = {
    "README.md": CARD,
    "english/0.jsonl": b'{"q": "one"}\n{"q": "two"}\n',
    "english/1.jsonl": b'{"q": "three"}\n',
    "all.jsonl": b'{"q": "four"}\n',
}
WHERE, HINT = "source faq", "Put faq.jsonl into a folder."


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what is downloaded and recorded below the test's own folder."""
    import datasets
    import huggingface_hub.constants as constants

    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    monkeypatch.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)
    point_at(UNREACHABLE, monkeypatch)
    return tmp_path


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    with serving(Hub()) as running:
        point_at(running.url, monkeypatch)
        yield running
    ask_hub.cache_clear()


def dataset(repo: str | Path = "me/faq", revision: str | None = None) -> HubDataset:
    return HubDataset(str(repo), revision, WHERE, HINT)


def read(repo: str, config: str | None = None, split: str = "train", **more) -> list[str]:
    return [row["q"] for row in dataset(repo, more.pop("revision", None)).rows(config, split, **more)]


def recorded(root: Path) -> dict[str, str]:
    known: dict[str, str] = json.loads((root / ".hbir" / REVISIONS).read_text())
    return known


def test_an_unpinned_dataset_is_recorded_once_and_stays(server: Hub, tmp_path: Path):
    first = server.push("me/faq", FILES)
    assert dataset().commit() == first
    assert recorded(tmp_path) == {"datasets/me/faq": first}
    server.push("me/faq", {"all.jsonl": b"{}"})
    ask_hub.cache_clear()
    server.asked.clear()
    assert dataset().commit() == first
    assert server.asked == []


def test_a_branch_is_recorded_beside_the_newest_commit(server: Hub, tmp_path: Path):
    main = server.push("me/faq", FILES)
    branch = server.push("me/faq", {"default/train/0000.jsonl": b"{}"}, "refs/convert/parquet")
    assert dataset(revision="refs/convert/parquet").commit() == branch
    assert dataset().commit() == main
    assert recorded(tmp_path) == {"datasets/me/faq@refs/convert/parquet": branch, "datasets/me/faq": main}


def test_a_pinned_commit_asks_and_records_nothing(tmp_path: Path):
    assert dataset(revision="a" * 40).commit() == "a" * 40
    assert not (tmp_path / ".hbir").exists()


def test_files_and_fetch(server: Hub, tmp_path: Path):
    sha = server.push("me/faq", FILES)
    assert dataset().files() == sorted(FILES)
    path = dataset().fetch("english/0.jsonl")
    assert path.read_bytes() == FILES["english/0.jsonl"]
    assert sha in path.parts
    server.asked.clear()
    assert dataset().fetch("english/0.jsonl") == path
    assert server.asked == []


def test_a_file_that_is_not_there_names_the_nearest(server: Hub):
    server.push("me/faq", FILES)
    with pytest.raises(ParamsError, match="Did you mean 'all.jsonl'"):
        dataset().fetch("al.jsonl")


def test_rows_of_a_config_of_its_data_files_and_of_a_commit(server: Hub):
    old = server.push("me/faq", FILES)
    assert read("me/faq", "english") == ["one", "two", "three"]
    assert read("me/faq", data_files=["english/1.jsonl"]) == ["three"]
    server.push("me/faq", {**FILES, "all.jsonl": b'{"q": "five"}\n'})
    assert read("me/faq", "all", revision=old) == ["four"]
    assert read("me/faq", "all", revision="main") == ["five"]


def test_data_files_are_read_beside_a_script_by_pattern_and_once(server: Hub, monkeypatch: pytest.MonkeyPatch):
    server.push("me/faq", {**FILES, "faq.py": b""})
    assert read("me/faq", data_files=["english/1.jsonl"]) == ["three"]
    assert read("me/faq", data_files=["english/*.jsonl", "all.jsonl"]) == ["one", "two", "three", "four"]
    with pytest.raises(ParamsError, match="english/0.jsonl"):
        read("me/faq", data_files=["*.parquet"])
    point_at(UNREACHABLE, monkeypatch)
    assert read("me/faq", data_files=["english/1.jsonl"]) == ["three"]


def test_a_compressed_data_file(server: Hub):
    server.push("me/faq", {"train.jsonl.gz": gzip.compress(FILES["all.jsonl"]), "faq.py": b""})
    assert read("me/faq", data_files=["train.jsonl.gz"]) == ["four"]


def test_what_was_loaded_is_read_again_without_network(server: Hub, monkeypatch: pytest.MonkeyPatch):
    old = server.push("me/faq", FILES)
    read("me/faq", "english")
    point_at(UNREACHABLE, monkeypatch)
    assert read("me/faq", "english") == ["one", "two", "three"]
    assert read("me/faq", "english", revision=old) == ["one", "two", "three"]
    with pytest.raises(DataError, match="no answer from the Hub"):
        read("me/faq", "english", revision="b" * 40)


@pytest.mark.parametrize(
    "call",
    [
        lambda: dataset().commit(),
        lambda: dataset(revision="a" * 40).files(),
        lambda: dataset().fetch("all.jsonl"),
        lambda: dataset(revision="a" * 40).fetch("all.jsonl"),
        lambda: dataset(revision="a" * 40).rows(None, "train"),
    ],
)
def test_without_network_the_error_comes_at_once_and_says_what_is_wanted(call, tmp_path: Path):
    begin = time.monotonic()
    with pytest.raises(DataError) as caught:
        call()
    assert time.monotonic() - begin < 5
    assert caught.value.where == WHERE
    assert "no answer from the Hub" in caught.value.found
    assert caught.value.hint == HINT
    assert not (tmp_path / ".hbir" / REVISIONS).exists()


def test_offline_mode_is_respected(server: Hub, monkeypatch: pytest.MonkeyPatch):
    server.push("me/faq", FILES)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="offline mode is enabled"):
        dataset().commit()
    assert server.asked == []


@pytest.mark.parametrize(
    ("repo", "config", "split", "revision", "found", "hint"),
    [
        ("me/none", None, "train", None, "Repository Not Found", "Check the id"),
        ("me/faq", "english", "train", "v9", "Revision Not Found", "Correct `revision`"),
        ("me/faq", None, "train", None, r"available configs: \['english', 'all'\]", HINT),
        ("me/faq", "german", "train", None, "'german' not found. Available", HINT),
        ("me/faq", "english", "test", None, 'Unknown split "test"', HINT),
        ("me/script", None, "train", None, "only a script", "refs/convert/parquet"),
    ],
)
def test_what_the_hub_does_not_have(server: Hub, repo, config, split, revision, found, hint):
    server.push("me/faq", FILES)
    server.push("me/script", {"README.md": b"", "script.py": b""})
    with pytest.raises(DataError, match=found) as caught:
        read(repo, config, split, revision=revision)
    assert hint in caught.value.hint


def test_a_local_folder_is_read_by_the_same_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "faq"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    monkeypatch.setenv("FAQ", str(folder))
    assert dataset(folder).commit() == ""
    assert read("$FAQ", "english") == ["one", "two", "three"]
    assert read(str(folder), data_files=["all.jsonl"]) == ["four"]
    assert dataset(folder).files() == sorted(FILES)
    assert dataset(folder).fetch("all.jsonl") == folder / "all.jsonl"
    assert not (tmp_path / ".hbir").exists()
    with pytest.raises(DataError, match="Put faq.jsonl into a folder"):
        dataset(folder).fetch("none.jsonl")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_the_other_formats(tmp_path: Path, kind: str):
    folder = tmp_path / kind
    folder.mkdir()
    if kind == "csv":
        (folder / "train.csv").write_text("q,n\nyes,1\n")
    else:
        pq.write_table(pa.table({"q": ["yes"], "n": [1]}), folder / "train.parquet")
    assert list(dataset(folder).rows(None, "train")) == [{"q": "yes", "n": 1}]


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("train.jsonl", b'{"q": ', "JSON parse error"),
        ("train.parquet", b"none", "Parquet"),
        ("notes.md", b"none", "files found|any data files"),
        ("broken.py", b"none", "only a script"),
    ],
)
def test_a_broken_local_folder(tmp_path: Path, name: str, data: bytes, found: str):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / name).write_bytes(data)
    with pytest.raises(DataError, match=found):
        read(str(folder))


def test_a_path_that_does_not_exist_is_not_taken_for_an_id(tmp_path: Path):
    with pytest.raises(DataError, match="an id of the Hub or a folder"):
        dataset(tmp_path / "none").commit()
    with pytest.raises(ParamsError, match="the environment variable NONE_SUCH"):
        dataset("$NONE_SUCH/faq").commit()


def test_a_folder_that_cannot_be_read_gets_advice_for_a_folder(tmp_path: Path):
    import datasets

    rows = datasets.Dataset.from_dict({"q": ["one"]})
    rows.save_to_disk(str(tmp_path / "rows"))
    datasets.DatasetDict({"train": rows}).save_to_disk(str(tmp_path / "splits"))
    with pytest.raises(DataError, match="data files in the folder .*rows") as caught:
        read(str(tmp_path / "rows"))
    assert "load_from_disk" in caught.value.hint
    assert read(str(tmp_path / "splits")) == ["one"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError) as caught:
        read(str(tmp_path / "empty"))
    assert caught.value.hint.startswith("Put Parquet, JSON-lines or CSV files into it")


def test_only_the_columns_that_are_asked_for_are_read(tmp_path: Path):
    import datetime

    folder = tmp_path / "faq"
    folder.mkdir()
    year = pa.array([2**60], pa.timestamp("us"))  # beyond what Python's dates know
    pq.write_table(pa.table({"q": ["one"], "when": year}), folder / "train.parquet")
    rows = dataset(folder).rows(None, "train", columns=["q"])
    assert list(rows) == [{"q": "one"}]
    pq.write_table(pa.table({"q": ["one"], "n": [datetime.date(2020, 1, 1)]}), folder / "train.parquet")
    (row,) = dataset(folder).rows(None, "train", columns=["q", "none"])
    assert row.keys() == {"q", "n"}
