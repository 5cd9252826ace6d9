"""What needs a GPU: `make test-gpu`. All other tests hide it (tests/conftest.py)."""

import pytest
import torch

from tests.training.conftest import files as files
from tests.training.conftest import main_repository as main_repository
from tests.training.test_ranks import toy as toy


@pytest.fixture(autouse=True)
def a_gpu() -> None:
    """Skip where there is none."""
    if not torch.cuda.is_available():
        pytest.skip("no GPU, or it is hidden: make test-gpu")
