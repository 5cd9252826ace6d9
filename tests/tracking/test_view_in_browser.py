"""MLflow's own UI reads the view that we save: its format is not documented, and may change."""

from collections.abc import Iterator

import pytest

from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from hbir.tracking.ui import comparison_link
from hbir.tracking.view import prepare_view
from tests.browser import CHROMIUM, NONE, shown
from tests.tracking.look import build
from tests.tracking.servers import serving

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason=NONE)]


@pytest.fixture
def served(store: Store) -> Iterator[int]:
    with serving("ui", log=store.root / "log", MLFLOW_BACKEND_STORE_URI=store.uri) as port:
        yield port


def test_the_ui_opens_on_the_prepared_view(store: Store, params: TrackingParams, served: int):
    results = build(store.root / "scores")
    synchronise(results, store, store.root, params, Origin(is_workspace=True))
    page, _ = shown(comparison_link(store, served, prepare_view(store)), store.root, milliseconds=30_000)
    for text in ("What differs", "Parameters that differ", "1 main", "hybrid seed 1"):
        assert text in page
    assert "Error loading shared view state" not in page
