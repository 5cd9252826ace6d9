"""What one clone pushes another pulls, and runs nothing; with params that no commit names it trains nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.project import Clone
from tests.remotes.conftest import ALPHA, Shared, back
from tests.remotes.services import KEYS, objects, s3

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
MADE = ("data/pairs.parquet", "data/batches", "models", "scores", "reports", "metrics", "dvc.lock")
BUCKET = "hbir"


@pytest.fixture(params=["folder", "s3"])
def remote(
    request: pytest.FixtureRequest, shared: Shared, elsewhere: Clone, tmp_path: Path
) -> Iterator[tuple[Clone, Clone]]:
    """Give both clones, with the same remote as docs/how-to/share.md sets it up."""
    both = (shared.clone, elsewhere)
    if request.param == "folder":
        for clone in both:
            clone.dvc("remote", "add", "--force", "--local", "--default", "storage", str(tmp_path / "storage"))
        yield both
        return
    with s3(tmp_path / "s3.log", BUCKET) as address:
        for clone in both:
            clone.extra.update(KEYS)
            clone.dvc("remote", "add", "--force", "--local", "--default", "storage", f"s3://{BUCKET}/runs")
            clone.dvc("remote", "modify", "--local", "storage", "endpointurl", address)
        assert objects(address, BUCKET) == 0
        yield both
        assert objects(address, BUCKET) > 20


def test_a_clone_elsewhere_pulls_and_runs_nothing(remote: tuple[Clone, Clone], shared: Shared):
    clone, elsewhere = remote
    clone.configure(**ALPHA)
    assert clone.stages_run("repro") == ["inputs"]
    clone.dvc("push", "--run-cache")  # sends the files of the folder alone, so while they are in it
    back(clone)
    clone.dvc("push")
    assert not (elsewhere.root / "models/hybrid").exists()
    elsewhere.dvc("pull")
    assert elsewhere.stages_run("repro") == []
    assert elsewhere.run("git", "status", "--porcelain").stdout == ""
    for path in MADE:
        assert elsewhere.digest(path) == clone.digest(path), path
    elsewhere.dvc("fetch", "--run-cache")
    elsewhere.configure(**ALPHA)
    # DVC takes `inputs`, whose files persist, never from its run cache; metrics are in Git and not in a remote.
    assert elsewhere.stages_run("repro", "--pull") == ["inputs", "score@hybrid"]
    assert elsewhere.digest("models/hybrid") == shared.other
