"""Find or start a Ray cluster, whose workers run the code of this process."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hbir
from hbir.cluster.params import ClusterParams
from hbir.core.errors import ParamsError
from hbir.core.machine import main_root

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Else what is left of a run that was stopped can start a new Ray.
    "RAY_ENABLE_AUTO_CONNECT": "0",
    # Else Ray prints errors of its own making when actors end (ray-project/ray#53727).
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}


def import_ray(where: str) -> Any:
    """Import Ray, which says nothing by itself.

    Args:
        where: the param, for a message.

    Returns:
        The module.

    Raises:
        ParamsError: when it is not installed.
    """
    os.environ.update({name: os.environ.get(name, value) for name, value in _QUIET.items()})
    try:
        import ray
    except (ImportError, OSError) as error:
        raise ParamsError(
            where=where,
            expected="the package ray",
            found=str(error),
            hint="Run `pip install 'hbir[cluster]'`, or do without a cluster.",
        ) from error
    return ray


@contextmanager
def connected(cluster: ClusterParams, threads: int, where: str) -> Iterator[None]:
    """Join a cluster, unless this process is in one.

    Args:
        cluster: which one, and how many workers.
        threads: CPUs of each worker, of which a cluster that is started here has enough.
        where: the param, for a message.

    Yields:
        While this process is in it.

    Raises:
        ParamsError: when no cluster answers, or it cannot be joined.
    """
    ray = import_ray(where)
    if ray.is_initialized():
        yield
        return
    _connect(ray, cluster, threads, where)
    try:
        yield
    finally:
        ray.shutdown()


def _connect(ray: Any, cluster: ClusterParams, threads: int, where: str) -> None:
    cpus = {"num_cpus": cluster.workers * threads} if cluster.address == "local" else {}
    before = signal.getsignal(signal.SIGTERM)
    try:
        with _muted():
            ray.init(
                cluster.address,
                runtime_env=_environment(),
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                **cpus,
            )
    except ConnectionError as error:
        raise ParamsError(
            where=where,
            expected="the address of a Ray cluster",
            found=f"{cluster.address!r}, where none answers",
            hint="Start one with `ray start --head`, or set `address: local`.",
        ) from error
    except Exception as error:  # a machine that is too busy to start Ray in time has no kind of its own
        raise ParamsError(
            where=where,
            expected="a Ray cluster that this process can join",
            found=f"at {cluster.address!r}: {' '.join(str(error).split())[:300].rstrip('.')}",
            hint="Install the same versions of Python and Ray on every machine, or correct the address.",
        ) from error
    # Ray's own would end the process before the batch at hand is kept.
    signal.signal(signal.SIGTERM, before)


def _environment() -> dict[str, Any]:
    # The code that runs here, which in a temporary experiment is not what is installed.
    return {"py_modules": [str(Path(hbir.__file__).parent)], "env_vars": {"DVC_ROOT": str(main_root())}}


@contextmanager
def _muted() -> Iterator[None]:
    """Keep lines of Ray's C++ off the terminal, which no logger sees; what fails raises."""
    terminal = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
