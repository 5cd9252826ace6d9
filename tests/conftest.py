"""Shared settings of all tests."""

import os
from collections.abc import Iterator
from typing import Any

import fsspec
import pytest
from hypothesis import settings

if not os.environ.get("HBIR_TEST_GPU"):
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the same tests everywhere; on a GPU: make test-gpu

settings.register_profile("hbir", deadline=None, derandomize=True)
settings.register_profile(
    "fuzz", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "1000")), print_blob=True
)
settings.load_profile("hbir")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the pipeline: its one file keeps a worker busy while the other runs all the rest."""
    items.sort(key=lambda item: "pipeline" not in item.path.parts)


@pytest.fixture
def store() -> Iterator[Any]:
    """Give an empty object store in this process's memory, `memory://…`; `store.pipe` writes into it."""
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    yield memory
    memory.store.clear()
