"""A pickle that would run code is handed to every reader of what hbir keeps for itself; it never runs.

What a command reads of a user, and what a project's folder holds, is in `tests/faults`.
"""

import io
import logging
import pickle
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hbir.cluster.blocks import packed, unpacked
from hbir.cluster.worker import Job, Worker
from hbir.core.errors import DataError, ModelError
from hbir.retrieval.corpus_file import CorpusFile
from hbir.retrieval.index import Recipe, find_index
from hbir.retrieval.search import _catalogue
from hbir.training import tokens
from hbir.training.checkpoint import Checkpoints
from hbir.translation.cluster import Translation, _batches, _block
from hbir.translation.engines.engine import Unfinished
from tests.faults.harness import Ran

PICKLE = pickle.dumps(Ran())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Be where the pickle would leave a file, and look for it afterwards."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not Path("RAN").exists()


def test_the_pickle_would_run(tmp_path: Path):
    """Else no test here, nor in `tests/faults`, could fail."""
    pickle.loads(PICKLE)
    assert Path("RAN").exists()
    Path("RAN").unlink()
    torch.save({"step": Ran()}, "state.pt")
    torch.load("state.pt", weights_only=False)
    assert Path("RAN").exists()
    Path("RAN").unlink()


def saved(state: Any, legacy: bool = False) -> bytes:
    stream = io.BytesIO()
    torch.save(state, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def rezipped(state: Any) -> bytes:
    """Put the pickle into the archive of a whole state."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(state))) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, PICKLE if name.endswith("data.pkl") else old.read(name))
    return stream.getvalue()


STATE: dict[str, Any] = {
    "step": 3,
    "model": {"weight": torch.ones(2)},
    "optimizer": {},
    "best_model": {"step": 0, "digest": ""},
    "run": "xx-1",
}


@pytest.mark.parametrize(
    "content",
    [
        PICKLE,
        saved(Ran()),
        saved(Ran(), legacy=True),
        saved(STATE | {"rng": Ran()}),
        saved(STATE | {"model": {"weight": Ran()}}, legacy=True),
        rezipped(STATE),
        saved([1, 2]),
        saved({"weight": torch.ones(2)}),
        saved(STATE | {"run": "xy-1"}),
    ],
    ids=[
        "bare",
        "zip",
        "old",
        "in a state",
        "in an old state",
        "in its archive",
        "list",
        "weights",
        "another run",
    ],
)
def test_a_state_that_is_none_counts_as_absent(content: bytes, caplog: pytest.LogCaptureFixture):
    states = Checkpoints(Path("xx-1"))
    Path("xx-1").mkdir()
    Path("xx-1/state.pt").write_bytes(content)
    with caplog.at_level(logging.WARNING, "hbir"):
        assert states.load() is None
    [message] = caplog.messages
    assert "training starts again from step 0" in message
    assert Path("xx-1/state.pt").read_bytes() == content


def test_a_state_is_loaded_by_its_own_run():
    states = Checkpoints(Path("xx-1"))
    states.save({key: STATE[key] for key in ("step", "model", "optimizer")}, 0)
    state = states.load()
    assert state
    assert state.keys() == {"step", "model", "optimizer"}
    Path("xx-1").rename("xy-1")
    assert Checkpoints(Path("xy-1")).load() is None


def objects() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([Ran()], dtype=object), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize("content", [PICKLE, objects()], ids=["bare", "array"])
def test_tokens_are_made_again(content: bytes):
    Path("tokens").mkdir()
    for side in ("query", "document"):
        for name in ("ids", "ends"):
            Path(f"tokens/{side}.{name}").write_bytes(np.ones(1, dtype=np.int64).tobytes())
        Path(f"tokens/{side}.used.npy").write_bytes(content)
    assert not tokens._is_whole(Path("tokens"))


@pytest.mark.parametrize("member", [None, "numbers.npy", "names.npy"])
def test_a_catalogue_of_a_corpus_is_made_again(member: str | None, caplog: pytest.LogCaptureFixture):
    Path("corpus.txt").write_text("a passage\n")
    corpus = CorpusFile(Path("corpus.txt"))
    expected = _catalogue(corpus, Path("kept.npz"), keeps=True)
    if member is None:
        Path("kept.npz").write_bytes(PICKLE)
    else:
        with zipfile.ZipFile("kept.npz") as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile("kept.npz", "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, objects() if name == member else part)
    with caplog.at_level(logging.WARNING, "hbir"):
        found = _catalogue(corpus, Path("kept.npz"), keeps=False)
    assert caplog.messages == ["kept.npz cannot be read and is made again"]
    assert found.names == expected.names
    assert found.numbers.tolist() == expected.numbers.tolist()


def test_kept_embeddings_say_what_they_are_in_json():
    Path("index").mkdir()
    Path("index/meta.json").write_bytes(PICKLE)
    with pytest.raises(DataError, match=r"meta.json"):
        find_index(Path("index"), Recipe("a", "b", 4))


def test_workers_answer_in_arrow():
    """What a worker sends is an Arrow stream, with errors as text; anything else is refused unread."""

    def translate(texts: list[str]) -> list[str]:
        return [Unfinished(text) if text == "b" else text.upper() for text in texts]

    engine: Any = SimpleNamespace(arithmetic="fp32", translate=translate)
    worker = Worker(Job(lambda: Translation(engine), "here", str(Path.cwd())))
    answer = worker.answer(packed(_block([["a", "b"], ["c"]])))
    assert type(answer) is bytes
    found = list(_batches(unpacked(answer, "here")))
    assert found == [["A", "b"], ["C"]]
    assert [type(text) for text in found[0]] == [str, Unfinished]
    for hostile in (PICKLE, Ran(), [PICKLE]):
        with pytest.raises(ModelError, match=r"expected the Arrow columns"):
            unpacked(hostile, "here")
