"""Score an encoder on a task of the package mteb, by mteb's own evaluator, as on its leaderboard."""

import difflib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import fmean
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sentence_transformers import SentenceTransformer

from hbir.benchmarks.params import BenchmarkParams, chosen_languages, refuse_data
from hbir.benchmarks.registry import MTEB, parse_entry
from hbir.core.errors import DataError, ParamsError
from hbir.core.languages import language_code
from hbir.core.registry import Entry
from hbir.evaluation.cells import CELLS, QUERIES
from hbir.evaluation.evaluate import Evaluation
from hbir.evaluation.measures import NAMES
from hbir.evaluation.summary import Counts, ScoredTask, Settings

if TYPE_CHECKING:
    from mteb import AbsTask

logger = logging.getLogger(__name__)

FAMILY = MTEB
SETTING = "mteb"
"""The only setting of these benchmarks."""


def score_mteb(
    model: SentenceTransformer, entry: Entry, languages: Sequence[str] | None, batch_size: int
) -> Evaluation:
    """Evaluate an encoder on a task that mteb loads.

    Args:
        model: the encoder; its prompts `query` and `document` are used where the task has these sides.
        entry: as in params.yaml, its name such as `mteb/STS22.v2`.
        languages: those to which subsets are restricted if the entry names none; None for all.
        batch_size: texts embedded at once.

    Returns:
        The evaluation; see `evaluate_task`.

    Raises:
        ParamsError: when mteb is not installed, or has no such task, or the task none of the languages.
        DataError: when the task's dataset cannot be had.
    """
    params: BenchmarkParams = parse_entry(entry)[1]
    refuse_data(params, "mteb loads its data itself")
    return evaluate_task(model, find_task(params, languages), batch_size)


def find_task(params: BenchmarkParams, languages: Sequence[str] | None) -> "AbsTask":
    """Find a task by name, and keep the subsets all of whose languages are wanted.

    Args:
        params: the benchmark.
        languages: those wanted if the params name none; None for all.

    Returns:
        The task, its data not loaded.

    Raises:
        ParamsError: when mteb is not installed, or has no such task, or the task none of the languages.
    """
    task = _named_task(params)
    spoken = _subsets(task)
    offered = sorted({language for found in spoken.values() for language in found})
    wanted = chosen_languages(params, offered, languages)
    kept = [subset for subset, found in spoken.items() if set(found) <= set(wanted)]
    if not kept:
        raise ParamsError(
            where=f"{params.where}: languages",
            expected=f"all languages of one of its subsets, which are {', '.join(spoken)}",
            found=f"only {', '.join(wanted)}",
            hint="Add a language, or leave the benchmark out.",
        )
    if len(kept) < len(spoken):
        logger.info("%s: %d of %d subsets, by their languages", params.where, len(kept), len(spoken))
    return task.filter_languages(None, hf_subsets=kept)


def evaluate_task(model: SentenceTransformer, task: "AbsTask", batch_size: int) -> Evaluation:
    """Run mteb's evaluator.

    Args:
        model: the encoder.
        task: an instance of a task; data that it does not hold yet is loaded, and let go of.
        batch_size: texts embedded at once.

    Returns:
        An evaluation with the one setting `mteb`: the task's main metric, and those of its others that hbir has
        too, as means over splits and subsets; each subset is a group. It has no cells and no scores of queries.

    Raises:
        DataError: when the task's dataset cannot be had.
    """
    where = f"benchmark {FAMILY}/{task.metadata.name}"
    mteb = _mteb(where)
    with _without_warnings():
        for member in _members(task):
            _load(member, where)
        options = {"batch_size": batch_size, "show_progress_bar": False}
        result = mteb.evaluate(
            model, task, co2_tracker=False, encode_kwargs=options, cache=None, show_progress_bar=False
        )
    scored: list[dict[str, Any]] = [row for rows in result.task_results[0].scores.values() for row in rows]
    main = task.metadata.main_score
    metrics = [main, *(name for name in scored[0] if _named(name) in NAMES and name != main)]
    subsets = dict.fromkeys(row["hf_subset"] for row in scored)
    groups = {name: [row for row in scored if row["hf_subset"] == name] for name in subsets}
    evaluation = Evaluation(
        task=_description(task, list(groups)),
        settings=_means(scored, metrics),
        groups={name: _means(rows, metrics) for name, rows in groups.items()} if len(groups) > 1 else {},
        counts=Counts(subsets=len(groups), splits=len(result.task_results[0].scores)),
        cells=CELLS.empty_table(),
        queries=QUERIES.empty_table(),
    )
    for member in _members(task):
        member.unload_data()
    return evaluation


def _named_task(params: BenchmarkParams) -> "AbsTask":
    mteb = _mteb(params.where)
    name = params.name.removeprefix(f"{FAMILY}/")
    try:
        task: AbsTask = mteb.get_task(name)
    except KeyError as error:
        near = difflib.get_close_matches(name, _task_names(mteb), n=3, cutoff=0.5)
        raise ParamsError(
            where=params.where,
            expected=f"the name of a task of mteb {mteb.__version__}",
            found=repr(name),
            hint=f"Did you mean {', '.join(near)}?" if near else "Look it up with `mteb available-tasks`.",
        ) from error
    return task


def _description(task: "AbsTask", subsets: Sequence[str]) -> ScoredTask:
    spoken = _subsets(task)
    return ScoredTask(
        name=f"{FAMILY}/{task.metadata.name}",
        version=task.metadata.revision,
        languages=sorted({language for name in subsets for language in spoken.get(name, ())}),
        queries=_size(task, "queries"),
        passages=_size(task, "corpus"),
        measures=[_named(task.metadata.main_score)],
    )


def _mteb(where: str) -> ModuleType:
    try:
        import mteb
    except ModuleNotFoundError as error:
        raise ParamsError(
            where=where,
            expected="the package mteb",
            found=str(error),
            hint="Install it: `python -m pip install 'mteb>=2.26'`.",
        ) from error
    module: ModuleType = mteb
    return module


def _members(task: "AbsTask") -> list["AbsTask"]:
    """Return the tasks that hold data: those of an aggregate, or the task itself."""
    metadata: Any = task.metadata
    return list(metadata.tasks) if task.is_aggregate else [task]


def _load(task: "AbsTask", where: str) -> None:
    dataset = task.metadata.dataset
    try:
        if not task.data_loaded:
            task.load_data()
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(
            where=where,
            expected=f"the dataset {dataset['path']} of the Hub, revision {dataset['revision']}",
            found=" ".join(str(error).split())[:200],
            hint="Run it once with a network, or set HF_HOME to a cache that holds the dataset.",
        ) from error


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Hide the warnings that mteb raises, even at itself; those for users it logs as well."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"mteb\b")
        yield


def _task_names(mteb: ModuleType) -> list[str]:
    from mteb import tasks

    kinds: list[Any] = [kind for kind in vars(tasks).values() if isinstance(kind, type)]
    return [kind.metadata.name for kind in kinds if issubclass(kind, mteb.AbsTask)]


def _subsets(task: "AbsTask") -> dict[str, list[str]]:
    """Return subset → languages, in two letters where there are two: `deu-Latn` is de, `cmn-Hans` zh."""
    places = task.metadata.hf_subsets_to_langscripts
    where = f"benchmark {FAMILY}/{task.metadata.name}"
    return {subset: [language_code(place, where) for place in found] for subset, found in places.items()}


def _named(metric: str) -> str:
    return metric.replace("_at_", "@")


def _means(rows: Sequence[Mapping[str, Any]], metrics: Sequence[str]) -> Settings:
    return {SETTING: {_named(name): fmean(row[name] for row in rows) for name in metrics}}


def _size(task: "AbsTask", side: str) -> int:
    """Count the queries or the passages of a retrieval task; 0 for a task of another kind."""
    from mteb.abstasks import AbsTaskRetrieval

    retrieval: list[Any] = [member for member in _members(task) if isinstance(member, AbsTaskRetrieval)]
    return sum(
        len(split[side])
        for member in retrieval
        for subset in member.dataset.values()
        for split in subset.values()
    )
