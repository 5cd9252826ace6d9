"""Fixtures that several tests of encoders share."""

from pathlib import Path

import pytest

from hbir.encoding.model import prepare_torch
from tests.core.hub_server import Hub, alone, point_at, serving


@pytest.fixture
def nowhere(monkeypatch, tmp_path: Path) -> None:
    """Work in an empty folder, with no Hub to be reached."""
    prepare_torch(1)
    alone(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def hub(nowhere, monkeypatch):
    """Serve an empty Hub on this machine."""
    with serving(Hub()) as served:
        point_at(served.url, monkeypatch)
        yield served
