"""A lock that clones share on a server: one at a time, and none for ever."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from hbir.core.errors import TrackingError
from hbir.tracking import server_lock as module
from hbir.tracking.server_lock import server_lock

NAME = "hbir.lock.open"


@dataclass
class Model:
    tags: dict[str, str]
    creation_timestamp: float = field(default_factory=time.perf_counter)


class Server:
    """Keep registered models as MLflow's server does: of two that make one of a name, one is refused."""

    def __init__(self, fault: str = "") -> None:
        self.models: dict[str, Model] = {}
        self.fault = fault
        self._lock = threading.Lock()

    def create_registered_model(self, name: str, tags: dict[str, str], description: str) -> None:
        with self._lock:
            if self.fault:
                raise MlflowException(self.fault, error_code=9999)
            if name in self.models:
                raise MlflowException("exists", error_code=3001)
            self.models[name] = Model(dict(tags))

    def get_registered_model(self, name: str) -> Model:
        return self._found(name)

    def set_registered_model_tag(self, name: str, key: str, value: str) -> None:
        self._found(name).tags[key] = value

    def delete_registered_model(self, name: str) -> None:
        with self._lock:
            self._found(name)
            del self.models[name]

    def _found(self, name: str) -> Model:
        if name not in self.models:
            raise MlflowException("none")
        return self.models[name]


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"BEAT": 0.02, "LEASE": 0.5, "LOOK": 0.002}.items():
        monkeypatch.setattr(module, name, seconds)


def client(fault: str = "") -> Any:
    return Server(fault)


def test_the_code_of_the_error_is_mlflow_s():
    with pytest.raises(MlflowException) as raised:
        server = client()
        for _ in range(2):
            server.create_registered_model(NAME, {}, "")
    assert raised.value.error_code == module.TAKEN


def test_one_at_a_time():
    server, inside, most = client(), [0], [0]

    def work() -> None:
        for _ in range(5):
            with server_lock(server, NAME, 60):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.002)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert server.models == {}


def test_who_holds_it_for_long_keeps_it():
    """Longer than a lease, with signs of life."""
    server = client()
    with server_lock(server, NAME, 60):
        with pytest.raises(TrackingError, match=r"free within 1 s.*Another clone"):
            with server_lock(server, NAME, 1):
                pytest.fail("two hold it")
    assert server.models == {}


def test_a_lock_of_a_dead_process_is_taken():
    server = client()
    server.create_registered_model(NAME, {module.HOLDER: "gone", module.ALIVE: "7"}, "")
    with server_lock(server, NAME, 60):
        assert server.models[NAME].tags[module.HOLDER] != "gone"
    assert server.models == {}


def test_it_is_let_go_after_an_error():
    server = client()
    with pytest.raises(ValueError, match="broken"):
        with server_lock(server, NAME, 1):
            raise ValueError("broken")
    assert server.models == {}


def test_a_server_without_a_registry_locks_nothing():
    server = client("PERMISSION_DENIED")
    with server_lock(server, NAME, 0), server_lock(server, NAME, 0):
        assert server.models == {}
