"""Keep in a run the scores per query that decide which version of a model is the champion."""

import tempfile
from pathlib import Path

import pyarrow as pa

from hbir.core.errors import DataError
from hbir.core.files import read_table, write_table
from hbir.evaluation.cells import queries_schema_of
from hbir.evaluation.contributions import in_setting
from hbir.evaluation.results import QUERIES, SamplerResults
from hbir.tracking.champion import Metric, Scored
from hbir.tracking.store import Store

BENCHMARK = b"hbir.benchmark"
"""In the file's metadata: version of the benchmark, and the precision in which texts were embedded."""


def decisive_scores(result: SamplerResults, metric: Metric, version: str) -> Scored:
    """Read the scores that decide.

    Args:
        result: one sampler.
        metric: what decides.
        version: of the model.

    Returns:
        The scores; without queries where the sampler has none for the metric.

    Raises:
        DataError: when the file is broken.
    """
    path = result.folder / metric.benchmark / QUERIES
    summary = result.summaries.get(metric.benchmark)
    if summary is None or metric.measure not in summary.settings.get(metric.setting, {}) or not path.is_file():
        return Scored(version=version)
    [rows] = in_setting([read_table(path, queries_schema_of)], metric.setting)
    return Scored(version=version, benchmark=summary.task.version_and_precision, queries=rows)


def keep_scores(store: Store, run_id: str, scored: Scored, metric: Metric) -> None:
    """Write them as a file of the run, in place of an older one.

    Args:
        store: the open store.
        run_id: of the model's training.
        scored: with queries.
        metric: what decides.
    """
    if scored.queries is None:
        return
    place = Path(_place(metric))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / place.name
        write_table(file, scored.queries.replace_schema_metadata({BENCHMARK: scored.benchmark.encode()}))
        store.client.log_artifact(run_id, str(file), place.parent.as_posix())


def kept_scores(store: Store, run_id: str, metric: Metric, version: str) -> Scored:
    """Read them again.

    Args:
        store: the open store.
        run_id: of the model's training.
        metric: what decides.
        version: of the model.

    Returns:
        The scores; without queries where they were not kept, or the run is gone.
    """
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as folder:
        try:
            file = store.client.download_artifacts(run_id, _place(metric), folder)
            table: pa.Table = read_table(Path(file), queries_schema_of)
        except (MlflowException, OSError, DataError):
            return Scored(version=version)
    benchmark = (table.schema.metadata or {}).get(BENCHMARK, b"").decode()
    return Scored(version=version, benchmark=benchmark, queries=table)


def _place(metric: Metric) -> str:
    return f"scores/{metric.benchmark}/{metric.setting}.parquet"
