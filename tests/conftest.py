"""Shared settings of all tests."""

import pytest
from hypothesis import settings

settings.register_profile("hbir", deadline=None, derandomize=True)
settings.load_profile("hbir")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the pipeline: its one file keeps a worker busy while the other runs all the rest."""
    items.sort(key=lambda item: "pipeline" not in item.path.parts)
