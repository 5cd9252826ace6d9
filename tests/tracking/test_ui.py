import os
import socket
import sys
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from hbir.commands import track, ui
from hbir.core.errors import TrackingError
from hbir.tracking.store import Store
from hbir.tracking.ui import check_port, comparison_link, serve
from tests.tracking.look import build, runs

PARAMS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str], dict[str, str]]]:
    """Catch what would replace the process."""
    calls: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    return calls


def test_the_link_opens_on_the_comparison(store: Store):
    base, _, query = comparison_link(store, 5001).partition("?")
    assert base == f"http://127.0.0.1:5001/#/experiments/{store.experiment_id}/runs"
    assert parse_qs(query) == {
        "compareRunsMode": ["CHART"],
        "workflowType": ["machine_learning"],
        "searchFilter": [f"tags.`{store.comparison}` = 'current'"],
        "orderByKey": ["attributes.start_time"],
        "orderByAsc": ["true"],
    }


def test_a_server_has_its_own_page(store: Store):
    store.uri = "https://mlflow.example.org/"
    assert comparison_link(store, 5001).startswith("https://mlflow.example.org/#/experiments/")


def test_a_taken_port_says_what_to_do(store: Store, executed: list[object]):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(TrackingError, match="choose another: `make ui PORT=5001`"):
            serve(store, taken.getsockname()[1])
    assert executed == []


def test_a_free_port_passes(port: int):
    check_port(port)


def test_the_address_of_the_store_is_no_argument(
    store: Store, port: int, executed: list[tuple[str, list[str], dict[str, str]]]
):
    serve(store, port)
    [(program, command, environment)] = executed
    assert program == sys.executable
    assert command[1:] == ["-m", "mlflow", "ui", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    assert environment["MLFLOW_BACKEND_STORE_URI"] == f"sqlite:///{store.root}/mlflow.db"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_ui_synchronises_and_prints_the_link(
    root: Path, port: int, executed: list[tuple[str, list[str], dict[str, str]]]
):
    (root / "params.yaml").write_text(PARAMS.read_text())
    build(root / "scores")
    (root / ".dvc").rmdir()  # so that there are no experiments to look for
    result = CliRunner().invoke(ui.ui, ["--port", str(port)], catch_exceptions=False)
    assert "MLflow runs: 3 created, 0 completed, 0 up to date\n" in result.output
    assert f"Open http://127.0.0.1:{port}/#/experiments/1/runs?compareRunsMode=CHART" in result.output
    assert len(executed) == 1
    assert set(runs(Store(root))) == {"xx", "xy", "hybrid"}


def test_a_second_ui_says_so_before_any_work(root: Path, executed: list[object]):
    (root / "params.yaml").write_text(PARAMS.read_text())
    build(root / "scores", ["xy"])
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        first.listen()
        result = CliRunner().invoke(ui.ui, ["--port", str(first.getsockname()[1])])
    assert isinstance(result.exception, TrackingError)
    assert "Stop what listens there, or choose another" in str(result.exception)
    assert result.output == ""
    assert executed == []
    assert runs(Store(root)) == {}


def test_track_takes_what_there_is(root: Path):
    (root / "params.yaml").write_text(PARAMS.read_text())
    build(root / "scores", ["xy"])
    (root / ".dvc").rmdir()
    result = CliRunner().invoke(track.track, catch_exceptions=False)
    assert "MLflow runs: 1 created" in result.output
    assert "xx: no scores here; `dvc repro` makes them" in result.output
    assert set(runs(Store(root))) == {"xy"}


def test_track_compares_what_can_be_compared(root: Path):
    (root / "params.yaml").write_text(PARAMS.read_text())
    build(root / "scores")
    (root / ".dvc").rmdir()
    CliRunner().invoke(track.track, catch_exceptions=False)
    assert "against hybrid/cldr/monolingual/map/p" in runs(Store(root))["xy"].data.metrics


def test_scores_that_do_not_compare_hide_no_run(root: Path):
    """They are being made anew, for instance."""
    (root / "params.yaml").write_text(PARAMS.read_text())
    build(root / "scores", ["xx"], benchmarks=("cldr", "other"))
    build(root / "scores", ["hybrid"])
    (root / ".dvc").rmdir()
    result = CliRunner().invoke(track.track, catch_exceptions=False)
    assert "not compared with hybrid: scores of xx and hybrid: expected the same benchmarks" in result.output
    assert set(runs(Store(root))) == {"xx", "hybrid"}
