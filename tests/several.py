"""Run a function in several processes that know each other, as a launcher would start them."""

import multiprocessing
import os
import pickle
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRELOADED = ["hbir.training.run", "hbir.evaluation.scoring", "tests.training.conftest"]
"""What is imported once, by the process from which all others are forked."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    value: Any
    """What the function returned, or the exception."""
    code: int | None
    """None where it had to be killed."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def environment(rank: int, size: int, port: int, hosts: bool = False) -> dict[str, str]:
    numbers = {"RANK": rank, "WORLD_SIZE": size, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": size}
    if hosts:  # NCCL then lets several processes use one card
        numbers |= {"LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1, "NCCL_HOSTID": rank}
    named = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NCCL_SOCKET_IFNAME": "lo"}
    return {**named, **{name: str(number) for name, number in numbers.items()}}


def run_all(
    size: int, function: Callable[..., Any], *arguments: Any, hosts: bool = False, seconds: float = 400.0
) -> list[Ended]:
    """Call a function in so many processes, on a host each if so; what they return is in the order of ranks."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        files = [Path(name) / str(rank) for rank in range(size)]
        processes = [
            context.Process(
                target=_work,
                args=(files[rank], {**os.environ, **environment(rank, size, port, hosts)}, function, arguments),
            )
            for rank in range(size)
        ]
        for process in processes:
            process.start()
        deadline = time.monotonic() + seconds
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
        return [_ended(*each) for each in zip(processes, files, strict=True)]


def values(size: int, function: Callable[..., Any], *arguments: Any, hosts: bool = False) -> list[Any]:
    """Call a function in so many processes, all of which shall return."""
    ended = run_all(size, function, *arguments, hosts=hosts)
    assert [each.code for each in ended] == [0] * size, ended
    return [each.value for each in ended]


def _ended(process: Any, file: Path) -> Ended:
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
    return Ended(pickle.loads(file.read_bytes()) if file.exists() else None, code)


def _work(
    file: Path, variables: Mapping[str, str], function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    os.environ.update(variables)
    try:
        value, code = function(*arguments), 0
    except BaseException as error:  # noqa: BLE001, the test looks at it
        traceback.print_exc()
        value, code = error, 1
    file.write_bytes(pickle.dumps(value))
    sys.exit(code)
