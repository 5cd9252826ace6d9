"""Translate batches on Ray Data: workers that each hold the translator, results in the order of the batches."""

import atexit
import json
import logging
import os
import signal
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import hbir
from hbir.core import errors
from hbir.core.errors import HbirError, ModelError, ParamsError
from hbir.core.machine import main_root
from hbir.translation.engines.engine import Translator, Unfinished
from hbir.translation.memory.memorised import Runner
from hbir.translation.params import ClusterParams

_SECTION = "params.yaml: translate.cluster"
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Else what is left of a run that was stopped can start a new Ray.
    "RAY_ENABLE_AUTO_CONNECT": "0",
    # Else every run of Ray Data's actors prints an error of Ray's own making (ray-project/ray#53727).
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """Say what every worker does, and how it knows that it does the same as this process would."""

    make: Callable[[], Translator]
    identity: dict[str, Any]
    """Of the translator made here."""
    folder: str
    """The working directory here, which relative paths of params.yaml start from."""


class Worker:
    """Translate batches in a process of Ray."""

    def __init__(self, job: Job) -> None:
        """Take on a job; the translator is made at the first batch, where its errors can be reported.

        Args:
            job: what to do.
        """
        self._job = job
        if Path(job.folder).is_dir():
            os.chdir(job.folder)

    def __call__(self, row: Row) -> Row:
        """Translate one batch.

        Args:
            row: `place` of the batch, and `texts`, a JSON list.

        Returns:
            `texts` are the translations, and `unfinished` the places of those that came to no end, two JSON
            lists; `arithmetic` is what `auto` came to on this machine, for a translator that has the choice;
            `fault` is an error for the user as JSON, or empty.
        """
        try:
            texts, fault = self._translator.translate(json.loads(row["texts"])), ""
        except HbirError as error:
            texts, fault = [], fault_text(error)
        arithmetic = "" if fault else getattr(self._translator, "arithmetic", "")
        unfinished = [place for place, text in enumerate(texts) if isinstance(text, Unfinished)]
        return {
            "place": row["place"],
            "texts": json.dumps(texts),
            "unfinished": json.dumps(unfinished),
            "arithmetic": arithmetic,
            "fault": fault,
        }

    @cached_property
    def _translator(self) -> Translator:
        translator = self._job.make()
        found = dict(translator.identity)
        if found != self._job.identity:
            raise ModelError(
                where=_SECTION,
                expected=f"the same engine on every machine, {self._job.identity}",
                found=f"{found} on a worker",
                hint="Name the model's `revision`, and install the same packages everywhere.",
            )
        return translator


def ray_runner(make: Callable[[], Translator], threads: int, cluster: ClusterParams) -> Runner:
    """Make what translates batches on a cluster.

    Args:
        make: makes the translator, here and in each worker.
        threads: CPU threads of each worker; Ray reserves as many CPUs.
        cluster: which cluster, and how many workers.

    Returns:
        A function from batches to their translations, in the same order. It raises what the translator raises;
        ParamsError when no cluster answers; ModelError when a worker has another
        version of the model, two workers have other arithmetic, or none returns anything.
    """
    _import_ray()

    def run(batches: Iterable[list[str]]) -> Iterator[list[str]]:
        job = Job(make, dict(make().identity), str(Path.cwd()))
        results = _results(list(batches), job, threads, cluster)
        atexit.register(_close, weakref.ref(results))
        return results

    return run


def _results(
    batches: list[list[str]], job: Job, threads: int, cluster: ClusterParams
) -> Generator[list[str], None, None]:
    with _connected(cluster, threads), closing(_translated(batches, job, threads, cluster.workers)) as results:
        yield from results


def _close(results: weakref.ref[Generator[list[str], None, None]]) -> None:
    # After an error its traceback keeps the results from being closed until the end, when Ray is gone already.
    if open_ones := results():
        open_ones.close()


def _translated(
    batches: list[list[str]], job: Job, threads: int, workers: int
) -> Generator[list[str], None, None]:
    import ray
    from ray.data import ActorPoolStrategy, DataContext
    from ray.data.exceptions import ExecutionTimeoutError

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current().copy()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = context.print_on_execution_start = False
    rows = [{"place": place, "texts": json.dumps(texts)} for place, texts in enumerate(batches)]
    with DataContext.current(context):
        # A block is what is lost with a worker, and what is returned at once: one batch.
        results = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            Worker,
            fn_constructor_args=[job],
            compute=ActorPoolStrategy(size=workers),
            num_cpus=threads,
            num_gpus=_gpus(ray.cluster_resources().get("GPU", 0), workers),
        )
    try:
        with closing(iter(results.iter_batches(batch_size=None, batch_format="pyarrow"))) as blocks:
            translated = chain.from_iterable(block.to_pylist() for block in blocks)
            first: Row | None = None
            for place, row in enumerate(translated):
                first = first or row
                yield _texts(row, place, first["arithmetic"])
    except ExecutionTimeoutError as error:
        raise ModelError(
            where=_SECTION,
            expected="a batch of any worker",
            found=f"none for {context.execution_no_progress_timeout_s / 60:.0f} minutes",
            hint="See with `ray status` whether CPUs are free, and in `ray logs` why workers die.",
        ) from error


def _texts(row: Row, place: int, arithmetic: str) -> list[str]:
    if row["fault"]:
        raise fault_of(row["fault"])
    if row["arithmetic"] != arithmetic:
        raise ModelError(
            where=_SECTION,
            expected="the same arithmetic on every worker",
            found=f"{arithmetic} and {row['arithmetic']}",
            hint="Use machines of one kind, or set the engine's `precision` (of ctranslate2: `compute`).",
        )
    if row["place"] != place:
        raise RuntimeError(f"Ray returned batch {row['place']} in place of {place}")
    texts, unfinished = json.loads(row["texts"]), set(json.loads(row["unfinished"]))
    return [Unfinished(text) if place in unfinished else str(text) for place, text in enumerate(texts)]


def fault_text(error: HbirError) -> str:
    """Write an error for another process; what comes from a worker is read as plain data, never unpickled.

    Args:
        error: for the user.

    Returns:
        JSON.
    """
    parts = {"where": error.where, "expected": error.expected, "found": error.found, "hint": error.hint}
    return json.dumps({"kind": type(error).__name__, **parts})


def fault_of(text: str) -> HbirError:
    """Read what `fault_text` wrote.

    Args:
        text: JSON.

    Returns:
        The error; an HbirError where its kind is unknown here.
    """
    parts = json.loads(text)
    found = getattr(errors, str(parts.pop("kind")), None)
    kind = found if isinstance(found, type) and issubclass(found, HbirError) else HbirError
    return kind(**{name: str(part) for name, part in parts.items()})


def _gpus(there: float, workers: int) -> float:
    """Share the GPUs out; without a share Ray would hide them from a worker."""
    return min(1.0, 1 / -(-workers // int(there))) if there >= 1 else 0.0


def _environment() -> dict[str, Any]:
    # The code that runs here, which in a temporary experiment is not what is installed.
    return {"py_modules": [str(Path(hbir.__file__).parent)], "env_vars": {"DVC_ROOT": str(main_root())}}


def _import_ray() -> Any:
    os.environ.update({name: os.environ.get(name, value) for name, value in _QUIET.items()})
    try:
        import ray
        import ray.data
    except (ImportError, OSError) as error:
        raise ParamsError(
            where=_SECTION,
            expected="the package ray with ray.data",
            found=str(error),
            hint="Run `pip install 'hbir[cluster]'`, or set `translate.cluster` to null.",
        ) from error
    return ray


@contextmanager
def _connected(cluster: ClusterParams, threads: int) -> Iterator[None]:
    ray = _import_ray()
    if ray.is_initialized():
        yield
        return
    _connect(ray, cluster, threads)
    try:
        yield
    finally:
        ray.shutdown()


def _connect(ray: Any, cluster: ClusterParams, threads: int) -> None:
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
            where=f"{_SECTION}.address",
            expected="the address of a Ray cluster",
            found=f"{cluster.address!r}, where none answers",
            hint="Start one with `ray start --head`, or set `address: local`.",
        ) from error
    except (ValueError, RuntimeError, OSError) as error:
        raise ParamsError(
            where=f"{_SECTION}.address",
            expected="a Ray cluster that this process can join",
            found=f"at {cluster.address!r}: {' '.join(str(error).split())[:300]}",
            hint="Install the same versions of Python and Ray on every machine, or correct the address.",
        ) from error
    # Ray's own would end the process before the batch at hand is kept.
    signal.signal(signal.SIGTERM, before)


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
