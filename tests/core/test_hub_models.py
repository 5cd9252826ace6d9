"""A model of the Hub is found at a recorded commit, or a folder as it is."""

import json
from pathlib import Path

import huggingface_hub
import pytest

from hbir.core.errors import ModelError
from hbir.core.hub.models import require_safetensors, snapshot
from tests.core.hub_server import UNREACHABLE, Hub, alone, point_at, serving

FILES = {
    "config.json": b"{}",
    "model.safetensors": b"weights",
    "1_Pooling/config.json": b"{}",
    "pytorch_model.bin": b"pickled",
    "modeling.py": b"raise SystemExit",
}
CONVERT = "Run `python -m hbir convert some <folder>`"
REPO, WHERE = "some-lab/encoder", "encoder.name"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch):
    with serving(Hub()) as served:
        served.push(REPO, FILES)
        point_at(served.url, monkeypatch)
        yield served


def test_safe_files_alone_are_fetched(hub: Hub):
    found = snapshot(REPO, None, WHERE)
    names = {str(path.relative_to(found.path)) for path in found.path.rglob("*") if path.is_file()}
    assert names == {"config.json", "model.safetensors", "1_Pooling/config.json"}
    assert found.revision == hub.branches[REPO]["main"]
    assert not [path for path in hub.asked if path.endswith((".bin", ".py"))]


def test_the_commit_is_recorded_and_holds_when_the_branch_moves(hub: Hub, tmp_path: Path, monkeypatch):
    first = snapshot(REPO, None, WHERE).revision
    hub.push(REPO, FILES | {"config.json": b'{"new": 1}'})
    point_at(hub.url, monkeypatch)
    again = snapshot(REPO, None, WHERE)
    assert again.revision == first != hub.branches[REPO]["main"]
    assert (again.path / "config.json").read_bytes() == b"{}"
    assert json.loads((tmp_path / ".hbir/revisions.json").read_text()) == {f"models/{REPO}": first}


def test_a_named_branch_is_recorded_of_its_own_and_a_commit_is_taken_as_it_is(hub: Hub, tmp_path: Path):
    other = hub.push(REPO, FILES | {"config.json": b'{"b": 1}'}, branch="safe")
    assert snapshot(REPO, "safe", WHERE).revision == other
    assert snapshot(REPO, other, WHERE).revision == other
    assert json.loads((tmp_path / ".hbir/revisions.json").read_text()) == {f"models/{REPO}@safe": other}


def test_a_second_load_needs_no_network(hub: Hub, monkeypatch):
    first = snapshot(REPO, None, WHERE)
    point_at(UNREACHABLE, monkeypatch)
    assert snapshot(REPO, None, WHERE) == first


def test_an_interrupted_download_is_completed(hub: Hub, monkeypatch):
    snapshot(REPO, None, WHERE, ("config.json",))
    point_at(UNREACHABLE, monkeypatch)
    with pytest.raises(ModelError, match="found no answer"):
        snapshot(REPO, None, WHERE)
    point_at(hub.url, monkeypatch)
    require_safetensors(snapshot(REPO, None, WHERE).path, REPO, WHERE)


def test_a_folder_is_taken_as_it_is(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    assert snapshot("mine", None, WHERE) == (Path("mine"), "")


def test_pickles_beside_safetensors_are_left_alone(tmp_path: Path):
    for name in ("model.safetensors", "pytorch_model.bin", "sparse_linear.pt"):
        (tmp_path / name).touch()
    require_safetensors(tmp_path, "some", WHERE)


@pytest.mark.parametrize(
    ("name", "revision", "text"),
    [
        ("some-lab/other", None, "expected the model some-lab/other of the Hub, found .*Check the id"),
        (REPO, "none", "expected the model .*found .*Correct `revision`"),
    ],
)
def test_what_the_hub_does_not_know(hub: Hub, name, revision, text):
    with pytest.raises(ModelError, match=text):
        snapshot(name, revision, WHERE)


def test_no_network_and_nothing_kept():
    with pytest.raises(ModelError, match="found no answer from the Hub .* put the model into a local folder"):
        snapshot(REPO, None, WHERE)


@pytest.mark.parametrize(
    ("files", "found", "hint"),
    [
        (["pytorch_model.bin"], "pytorch_model.bin alone, whose loading could run code", CONVERT),
        (["model.safetensors", "2_Dense/pytorch_model.bin"], "2_Dense/pytorch_model.bin alone", CONVERT),
        (["model.ckpt"], "model.ckpt alone", r"Rename it to pytorch_model.bin if .* `python -m hbir convert"),
    ],
)
def test_weights_that_are_not_in_safetensors(tmp_path: Path, files, found, hint):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(ModelError, match=rf"found {found}.*{hint}"):
        require_safetensors(tmp_path, "some", WHERE)


def test_a_folder_without_any_weights(tmp_path: Path):
    with pytest.raises(ModelError, match="found none. Name a folder that holds model.safetensors"):
        require_safetensors(tmp_path, str(tmp_path), WHERE)


def test_a_commit_that_is_held_is_named_with_the_ways_on(tmp_path: Path):
    text = r"found none at commit abc\. Run .* name a `revision` .*; or remove its line from .hbir/revisions"
    with pytest.raises(ModelError, match=text):
        require_safetensors(tmp_path, REPO, WHERE, "abc")


@pytest.mark.parametrize("lacking", ["weights", "model-2-of-2.safetensors"])
def test_a_part_of_a_model_in_the_cache_is_no_model(hub: Hub, monkeypatch, lacking):
    index = {"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}
    files = {"config.json": b"{}", "model.safetensors.index.json": json.dumps(index).encode()}
    shards = dict.fromkeys(index["weight_map"].values(), b"weights")
    hub.push("some-lab/large", files | shards)
    for name in [*files, *([] if lacking == "weights" else ["model-1-of-2.safetensors"])]:
        huggingface_hub.hf_hub_download("some-lab/large", name)
    point_at(UNREACHABLE, monkeypatch)
    text = f"found a part of it in the cache, without {lacking}, and no answer .* Connect to the network"
    with pytest.raises(ModelError, match=text):
        snapshot("some-lab/large", None, WHERE)
    point_at(hub.url, monkeypatch)
    snapshot("some-lab/large", None, WHERE)
    point_at(UNREACHABLE, monkeypatch)
    assert {path.name for path in snapshot("some-lab/large", None, WHERE).path.iterdir()} == {*files, *shards}


def test_a_folder_of_that_name_is_passed_over_where_the_hub_is_meant(hub: Hub, tmp_path: Path):
    (tmp_path / REPO).mkdir(parents=True)
    assert snapshot(REPO, None, WHERE) == (Path(REPO), "")
    assert snapshot(REPO, None, WHERE, folders=False).revision == hub.branches[REPO]["main"]


def test_where_nothing_can_be_recorded_the_commit_is_told(hub: Hub, tmp_path, caplog):
    sha = hub.push(REPO, FILES)
    (tmp_path / ".hbir").write_text("")  # stands in the way, as a folder without permission does
    assert snapshot(REPO, None, WHERE).revision == sha
    assert "its commit is not recorded, since" in caplog.text
