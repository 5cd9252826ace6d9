"""Give a folder that all examples of a test share."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from hbir.core import unpacked


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(autouse=True)
def small_limits() -> Iterator[None]:
    """Let what a gzip may unpack to be small, and keep warnings of every example out of the report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpacked, "FLOOR", 100_000)
        patch.setattr(unpacked, "RATIO", 20)
        logging.disable(logging.WARNING)
        yield
        logging.disable(logging.NOTSET)
