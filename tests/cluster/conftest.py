"""One Ray of two workers serves all tests that need one."""

from collections.abc import Iterator

import pytest
import ray
from ray import cloudpickle

from hbir.cluster.connect import connected
from hbir.cluster.params import ClusterParams
from tests.cluster import watched
from tests.translation import fakes

LOCAL = ClusterParams(address="local", workers=2)


@pytest.fixture(scope="package")
def cluster() -> Iterator[str]:
    """Start Ray as `address: local` does, once; workers cannot import tests."""
    for module in (watched, fakes):
        cloudpickle.register_pickle_by_value(module)
    with connected(LOCAL, 1, "params.yaml: a test"):
        yield ray.get_runtime_context().gcs_address
    assert not ray.is_initialized()
