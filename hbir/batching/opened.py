"""Open the plans of a project by their samplers' names."""

from pathlib import Path

from hbir.batching.plan import Plan, check_plan, read_plan
from hbir.core.errors import PlanError
from hbir.core.files import open_parquet
from hbir.core.hashing import file_digest
from hbir.core.params import unknown
from hbir.core.paths import BATCHES, PAIRS
from hbir.core.samplers import SAMPLERS
from hbir.core.schemas import PAIRS_SCHEMA


def open_plan(sampler: str) -> Plan:
    """Open the plan of one sampler.

    Args:
        sampler: its name.

    Returns:
        The plan of `data/batches`, which is of `data/pairs.parquet`.

    Raises:
        HbirError: when there is no such sampler, it is not planned, or its plan is of other pairs.
    """
    if sampler not in SAMPLERS:
        raise unknown("hbir plan", sampler, SAMPLERS)
    path = _path(sampler)
    if not path.is_file():
        raise _no_plan(str(path))
    return _opened(path, _pairs_digest())


def open_plans() -> list[Plan]:
    """Open all plans of the project.

    Returns:
        Those of `data/batches`, in the order of the table of samplers.

    Raises:
        HbirError: when there is none, or one is of other pairs than `data/pairs.parquet`.
    """
    paths = [path for path in map(_path, SAMPLERS) if path.is_file()]
    if not paths:
        raise _no_plan(str(BATCHES))
    digest = _pairs_digest()
    return [_opened(path, digest) for path in paths]


def _path(sampler: str) -> Path:
    return BATCHES / f"{sampler}.parquet"


def _pairs_digest() -> str:
    open_parquet(PAIRS, PAIRS_SCHEMA).close()  # says so where it is missing or broken
    return file_digest(PAIRS)


def _opened(path: Path, pairs_digest: str) -> Plan:
    plan = read_plan(path)
    check_plan(plan, pairs_digest)
    return plan


def _no_plan(where: str) -> PlanError:
    return PlanError(
        where=where,
        expected="a plan",
        found="none",
        hint="Run `dvc repro build_batches`; `baselines` in params.yaml names those beside xx, xy and hybrid.",
    )
