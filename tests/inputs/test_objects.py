"""The stage `inputs` and objects in a store: which may be named, and how a change is noticed."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from hbir.cli import hbir
from hbir.core.errors import DataError, ParamsError
from hbir.core.objects.copies import COPIES, local_copy
from hbir.core.paths import INPUTS
from hbir.inputs.digests import Digests
from hbir.inputs.kept import Names, kept
from hbir.inputs.named import NamedPath
from hbir.inputs.objects import changed_objects
from hbir.inputs.write import write_inputs
from tests.inputs.test_named import collect, csv, encoder, score, translate

FAQ = NamedPath("collect", "params.yaml: faq", "memory://bucket/faq.csv")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HBIR_DATA", "DVC_ROOT", "DVC_STAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written() -> dict[str, str]:
    return write_inputs([FAQ], Digests(Path(".hbir/digests.json")))["collect"]


def test_pairs_and_benchmarks_may_be_objects():
    assert collect(csv("s3://b/faq.csv")) == ["s3://b/faq.csv"]
    assert score({"name": "xquad-r", "data": "s3://b/xquad-r"}) == ["s3://b/xquad-r"]


def test_nothing_else_may():
    hub = {"kind": "hub", "name": "wiki", "query": "q", "passage": "a", "dataset": "s3://b/wiki"}
    for named in (
        lambda: collect(hub),
        lambda: encoder("s3://b/e5"),
        lambda: translate(engine={"name": "glossary", "path": "s3://b/{lang}.txt"}),
    ):
        with pytest.raises(ParamsError, match="expected a path below data/.*found s3://b/"):
            named()


def test_a_secret_is_not_repeated():
    with pytest.raises(ParamsError, match="expected a URL without a secret") as caught:
        collect(csv("https://h/faq.csv?X-Amz-Signature=hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_changed_object_is_noticed_and_an_unchanged_one_changes_nothing(store: Any):
    store.pipe(FAQ.written, b"q,a\n")
    first = written()
    assert list(first) == [FAQ.written]
    assert json.loads((INPUTS / "collect.json").read_text()) == first
    assert list(changed_objects([FAQ])) == []
    assert written() == first
    store.pipe(FAQ.written, b"q;a\n")
    assert list(changed_objects([FAQ])) == [FAQ.written]
    assert written() != first
    assert list(changed_objects([FAQ])) == []


def test_an_object_that_was_never_seen_is_left_to_the_stage():
    assert list(changed_objects([FAQ, NamedPath("score", "", "data/benchmarks/mine")])) == []


def test_what_cannot_be_asked_for_keeps_its_version_if_it_was_seen(
    store: Any, caplog: pytest.LogCaptureFixture
):
    with pytest.raises(DataError, match=f"{FAQ.written}: expected an object"):
        written()
    store.pipe(FAQ.written, b"q,a\n")
    first = written()
    store.rm(FAQ.written)
    with caplog.at_level(logging.WARNING, "hbir"):
        assert list(changed_objects([FAQ])) == []
        assert written() == first
    assert caplog.text.count("What was made from it stays") == 2


def test_repro_looks_at_objects_and_runs_inputs_where_one_changed(store: Any, monkeypatch: pytest.MonkeyPatch):
    params = (Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8")
    named = f"- {{kind: csv, name: faq, path: '{FAQ.written}', query: q, passage: a}}"
    assert "- kind: cldr" in params
    Path("params.yaml").write_text(params.replace("- kind: cldr", named, 1), encoding="utf-8")
    Path("stages").mkdir()
    ran: list[list[str]] = []

    def end(*_: Any) -> None:
        raise SystemExit(0)

    def run(command: list[str], check: bool) -> Any:
        ran.append(command[-4:])
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr("hbir.commands.repro.os.execv", end)
    monkeypatch.setattr("hbir.commands.repro.subprocess.run", run)
    store.pipe(FAQ.written, b"q,a\n")
    written()
    assert CliRunner().invoke(hbir, ["repro"]).exit_code == 0
    assert ran == []
    store.pipe(FAQ.written, b"q;a\n")
    result = CliRunner().invoke(hbir, ["repro"])
    assert f"changed since the stage inputs looked: {FAQ.written}" in result.output
    assert ran == [["repro", "--force", "--single-item", "inputs"]]


def test_clean_lists_copies_that_nothing_names(store: Any, project: Path):
    for url in ("memory://bucket/mine", "memory://bucket/yours"):
        store.pipe(f"{url}/a", b"1")
        local_copy(url)
        store.pipe(f"{url}/a", b"12")
        local_copy(url)
    names = Names(
        languages=[],
        samplers=[],
        memory=project,
        embeddings=project / "none",
        encoders=lambda: [],
        tokens=lambda: None,
        objects=lambda: ["memory://bucket/mine"],
    )
    (project / COPIES / ".being-copied").mkdir()
    found = kept(project, names)
    assert {each.kind for each in found} == {"objects"}
    assert sorted((each.is_named, each.size) for each in found) == [
        (False, 1),
        (False, 1),
        (False, 2),
        (True, 2),
    ]
    [named] = [each.path for each in found if each.is_named]
    assert named == local_copy("memory://bucket/mine").parent
    assert named.parent == project / COPIES
