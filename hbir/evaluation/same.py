"""Make sure that processes which score together work with the same."""

import hashlib
import importlib.metadata
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sentence_transformers import SentenceTransformer

from hbir.benchmarks.registry import Task
from hbir.benchmarks.streamed import StreamedTask
from hbir.core.hashing import code_digests
from hbir.core.machine import PACKAGES
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.ranks import SAME_HOSTS, Ranks
from hbir.evaluation.params import EvaluateParams

_CODE = ("core", "cluster", "benchmarks", "encoding", "retrieval", "evaluation")
"""The packages that scoring imports."""


def require_same_scoring(
    ranks: Ranks,
    name: str,
    models: Sequence[SentenceTransformer],
    params: EvaluateParams,
    **more: Any,
) -> None:
    """Compare what decides batches and scores, before anything is embedded.

    Args:
        ranks: the processes.
        name: of the work, for a message.
        models: the encoders.
        params: the section `evaluate`.
        **more: what else must be equal.

    Raises:
        RanksError: when one has something else.
    """
    if ranks.size == 1:
        return
    parts = {
        "params": {key: value for key, value in asdict(params).items() if key != "launcher"},
        "encoder": [encoder_fingerprint(model) for model in models],
        "device": [model.device.type for model in models],
        "packages": {package: importlib.metadata.version(package) for package in PACKAGES},
        "code": code_digests(_CODE),
        **more,
    }
    ranks.require_same(parts, name, SAME_HOSTS)


def require_same_tasks(ranks: Ranks, name: str, tasks: Sequence[Task]) -> None:
    """Compare what is embedded and searched.

    Args:
        ranks: the processes.
        name: of the benchmark.
        tasks: its tasks.

    Raises:
        RanksError: when one has something else.
    """
    if ranks.size > 1:
        ranks.require_same({"data": [_content(task) for task in tasks]}, f"benchmark {name}", SAME_HOSTS)


def _content(task: Task) -> list[str]:
    """Name the files of a task by its version, and hash the texts that are held."""
    judged = task.judged if isinstance(task, StreamedTask) else task
    sha = hashlib.sha256()
    for column in (judged.settings, judged.queries, judged.query_langs, judged.passages, judged.passage_langs):
        sha.update(f"{len(column)}\n".encode())
        for text in column:
            sha.update(f"{len(text)} {text}\n".encode())
    return [type(task).__name__, judged.version, sha.hexdigest()]
