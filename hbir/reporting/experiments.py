"""Show experiments in a table that a terminal has room for: what was changed, and the headline's scores."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hbir.core.errors import DataError
from hbir.core.files import read_json
from hbir.core.params import read_params
from hbir.core.paths import HEADLINE, LOCK, METRICS, PARAMS
from hbir.core.rows import compared_rows
from hbir.evaluation.measures import RANK_DISTANCE
from hbir.reporting.columns import MISSING, named_column
from hbir.reporting.git import committed_data, committed_files, list_experiments, resolve
from hbir.reporting.seeds import Metrics, changed_params, main_measure

WORKSPACE = "workspace"
SETTINGS = ("monolingual", "cross_lingual", "multilingual")
WIDTH = 98


@dataclass(frozen=True, kw_only=True)
class ExperimentScores:
    """Hold what one experiment changed and reached."""

    name: str
    params: Mapping[str, Any]
    """The content of its params.yaml."""
    metrics: Metrics
    """Of the samplers that it compares."""
    headline: Mapping[str, Any]
    """Of the headline sampler: benchmark → main measure by setting, and `rank_distance`."""
    fixed: Mapping[str, str]
    """Code, and digests of the files that the user gave → hash in dvc.lock."""
    changed: Mapping[str, Any]
    """Params that differ from the commit that it started from."""


def read_experiment(root: Path, name: str, baseline: str | None = None, commit: str = "") -> ExperimentScores:
    """Read an experiment, or a commit, from Git.

    Args:
        root: the project's folder.
        name: of an experiment or a revision.
        baseline: the commit that it started from; None to compare with none.
        commit: its commit, where it is known.

    Returns:
        Its scores.

    Raises:
        DataError: when there is none, it has no params or metrics, or one of these files is broken.
    """
    found = commit or resolve(root, name)
    params = committed_data(root, found, str(PARAMS))
    before = committed_data(root, baseline, str(PARAMS)) if baseline else params
    files = [file for file in committed_files(root, found, str(METRICS)) if file.endswith(".json")]
    if not files:
        raise DataError(
            where=f"experiment {name}",
            expected=f"metrics in {METRICS}/",
            found="none",
            hint="It is not evaluated: `dvc exp list` and `git log` show others.",
        )
    contents = {Path(file).stem: committed_data(root, found, file) for file in files}
    locked = committed_data(root, found, str(LOCK)) if str(LOCK) in committed_files(root, found, ".") else {}
    return _scores(name, params, before, contents, _fixed(locked))


def workspace_scores(root: Path) -> ExperimentScores | None:
    """Read what the project's folder holds, committed or not.

    Args:
        root: the project's folder.

    Returns:
        Its scores; None before the first evaluation.
    """
    contents = {path.stem: read_json(path) for path in sorted((root / METRICS).glob("*.json"))}
    params = read_params(root / PARAMS)
    try:
        before = committed_data(root, "HEAD", str(PARAMS))
    except DataError:
        before = params  # no Git, or no commit yet
    return _scores(WORKSPACE, params, before, contents, {}) if contents else None


def all_scores(root: Path) -> tuple[list[ExperimentScores], list[str]]:
    """Read the folder's scores and those of every experiment.

    Args:
        root: the project's folder.

    Returns:
        The scores, and a note on each experiment without any.
    """
    workspace = workspace_scores(root)
    rows, notes = [workspace] if workspace else [], []
    try:
        experiments = list_experiments(root)
    except DataError:
        return rows, ["no Git repository here, and so no experiments"]
    for experiment in experiments:
        try:
            rows.append(read_experiment(root, experiment.name, experiment.baseline, experiment.commit))
        except DataError as error:
            notes.append(f"{experiment.name}: {error.found}")
    return rows, notes


def experiments_table(rows: Sequence[ExperimentScores], width: int = WIDTH) -> str:
    """Lay out a row per experiment and benchmark.

    Args:
        rows: the experiments.
        width: of the terminal; no line is longer than it or than `WIDTH`.

    Returns:
        Lines of text.
    """
    cells = [_HEAD, *(line for row in rows for line in _lines(row))]
    names = min(20, max(len(line[0]) for line in cells))
    benchmarks = min(18, max(len(line[1]) for line in cells))
    widths = [names, benchmarks, *_NUMBERS]
    rest = max(12, min(width, WIDTH) - sum(widths) - 2 * len(widths))
    laid = [_laid(line, [*widths, rest]) for line in cells]
    return "\n".join([laid[0], "-" * (sum(widths) + 2 * len(widths) + rest), *laid[1:]])


_HEAD = ("experiment", "benchmark", "mono", "cross", "multi", "distance", "changed")
_NUMBERS = (6, 6, 6, 8)
"""Characters of the columns of numbers."""


def _lines(row: ExperimentScores) -> Iterator[tuple[str, ...]]:
    changed = ", ".join(f"{key}={_plain(value)}" for key, value in row.changed.items())
    for number, (benchmark, scores) in enumerate(row.headline.items()):
        main = main_measure(scores)
        values = [f"{scores[main][name]:.4f}" if name in scores[main] else MISSING for name in SETTINGS]
        distance = f"{scores[RANK_DISTANCE]:,.1f}" if scores.get(RANK_DISTANCE) is not None else MISSING
        label = f"{benchmark} {named_column(main, '', main).name}"
        yield ("" if number else row.name, label, *values, distance, "" if number else changed)


def _laid(line: tuple[str, ...], widths: Sequence[int]) -> str:
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(line, widths, strict=True)]
    height = max(map(len, wrapped))
    rows = []
    for number in range(height):
        parts = [part[number] if number < len(part) else "" for part in wrapped]
        aligned = [
            f"{part:>{width}}" if 2 <= place <= 5 else f"{part:<{width}}"
            for place, (part, width) in enumerate(zip(parts, widths, strict=True))
        ]
        rows.append("  ".join(aligned).rstrip())
    return "\n".join(rows)


def _scores(
    name: str,
    params: Mapping[str, Any],
    before: Mapping[str, Any],
    contents: dict[str, Any],
    fixed: Mapping[str, str],
) -> ExperimentScores:
    compared = compared_rows(params)
    headline = contents.pop(HEADLINE.stem, None) or contents.get(str(params.get("sampler")), {})
    return ExperimentScores(
        name=name,
        params=params,
        metrics={sampler: contents[sampler] for sampler in compared or contents if sampler in contents},
        headline=headline,
        fixed=fixed,
        changed={key: after for key, (_, after) in changed_params(before, params).items()},
    )


def _fixed(lock: Mapping[str, Any]) -> dict[str, str]:
    """Collect the hashes of what no seed changes, but for the code that only shows scores.

    The user's files count by their digests in data/inputs: an experiment's temporary folder has them there
    alone, and a file that params.yaml does not name decides nothing.
    """
    stages = (stage for name, stage in (lock.get("stages") or {}).items() if name != "evaluate")
    deps = (dep for stage in stages for dep in stage.get("deps", []))
    return {dep["path"]: dep.get("md5", "") for dep in deps if dep["path"].startswith(_FIXED)}


_FIXED = ("hbir/", "stages/", "data/inputs/")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
