"""Score a run file in TREC's format in every setting of a benchmark, whatever searched."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hbir.benchmarks.registry import Task, load, name_of
from hbir.benchmarks.streamed import StreamedTask
from hbir.benchmarks.task import MONOLINGUAL, RetrievalTask
from hbir.core.errors import DataError, ParamsError
from hbir.core.lines import broken, read_lines
from hbir.core.registry import Entry
from hbir.evaluation.evaluate import Evaluation, evaluate_run, merged
from hbir.evaluation.mteb_tasks import FAMILY

logger = logging.getLogger(__name__)
Scores = dict[str, dict[str, float]]
"""Query id → passage id → score."""
_WIDTH, _COLUMNS = 6, "query, Q0, passage, rank, score and tag"


def read_run(path: Path) -> Scores:
    """Read a run.

    Args:
        path: lines of query, Q0, passage, rank, score and tag between white space, perhaps gzipped. The order
            is that of the scores: the rank is not read, as trec_eval does not.

    Returns:
        Its scores.

    Raises:
        DataError: when the file is missing or empty, a line has other columns, a score is no number, or a
            passage comes twice for a query.
    """
    run: Scores = {}
    for number, line in read_lines(path):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != _WIDTH:
            raise broken(path, number, f"{_WIDTH} columns: {_COLUMNS}", f"{len(fields)}: {line[:60]!r}")
        query, _, passage, _, score, _ = fields
        found = run.setdefault(query, {})
        if passage in found:
            raise broken(path, number, "every passage once per query", f"{passage!r} twice for {query!r}")
        found[passage] = _number(path, number, score)
    if not run:
        raise broken(path, 1, f"lines of {_COLUMNS}", "none")
    return run


def score_run(entry: Entry, languages: Sequence[str] | None, path: Path) -> Evaluation:
    """Score a run in every setting that the benchmark defines.

    Args:
        entry: the benchmark, as in params.yaml.
        languages: those to score; None for all of the benchmark.
        path: the file. Its ids are the benchmark's own, or have the language in front, `de:12`, where several
            languages have the same.

    Returns:
        The evaluation. A run covers the pool of all languages: a passage's rank in its own language is its
        place among those of that language. What the run lacks counts as not retrieved, also whole queries.

    Raises:
        ParamsError: when mteb loads the benchmark.
        DataError: when the file is broken, its ids are not the benchmark's, or the benchmark is streamed and
            has several languages to a query.
    """
    if name_of(entry).startswith(f"{FAMILY}/"):
        raise ParamsError(
            where=f"benchmark {name_of(entry)}",
            expected="a benchmark whose queries and passages have ids",
            found="a task that the package mteb scores",
            hint="Score the model itself with `--model`.",
        )
    tasks, run = load(entry, languages), read_run(path)
    parts, known = [], set[str]()
    for task in tasks:
        held = _held(task, path)
        names = _short_names(held.query_ids)
        chosen = {names[query]: scores for query, scores in run.items() if query in names}
        known |= run.keys() & names.keys()
        parts.append(_scored(held, chosen, isinstance(task, StreamedTask)))
    if not known:
        first = ", ".join(list(run)[:3])
        raise DataError(
            where=str(path),
            expected=f"queries of benchmark {name_of(entry)}, such as {', '.join(held.query_ids[:2])}",
            found=f"{len(run)} others, the first {first}",
            hint="Check that the run is of this benchmark; where languages share ids, write `de:` before them.",
        )
    if len(run) > len(known):
        logger.warning("%s: %d queries are not the benchmark's, and are left out", path, len(run) - len(known))
    return merged(parts)


def _held(task: Task, path: Path) -> RetrievalTask:
    if not isinstance(task, StreamedTask):
        return task
    if set(task.judged.settings) != {MONOLINGUAL}:
        raise DataError(
            where=str(path),
            expected="a benchmark whose passages are held, or of which a query has one language",
            found=f"{task.name}, whose corpus is streamed and has several",
            hint="Name one language with `--lang`, or raise `exact_limit` with `--option`.",
        )
    return task.judged


def _scored(task: RetrievalTask, run: Scores, streamed: bool) -> Evaluation:
    """Score the queries of one task, whose ids are full; those of passages need not be."""
    langs = dict(zip(task.query_ids, task.query_langs, strict=True))
    if streamed:  # of the corpus only the relevant passages are known; the others are the query's language
        named = {
            query: {_in(langs[query], passage): score for passage, score in scores.items()}
            for query, scores in run.items()
        }
        return evaluate_run(_with_passages(task, named), named)
    names = _short_names(task.passage_ids)
    return evaluate_run(
        task, {query: {names.get(p, p): s for p, s in scores.items()} for query, scores in run.items()}
    )


def _with_passages(task: RetrievalTask, run: Mapping[str, Mapping[str, float]]) -> RetrievalTask:
    known = set(task.passage_ids)
    others = [name for name in dict.fromkeys(p for scores in run.values() for p in scores) if name not in known]
    return replace(
        task,
        passage_ids=[*task.passage_ids, *others],
        passages=[*task.passages, *[""] * len(others)],
        passage_langs=[*task.passage_langs, *(name.split(":", 1)[0] for name in others)],
    )


def _in(language: str, name: str) -> str:
    return name if name.startswith(f"{language}:") else f"{language}:{name}"


def _short_names(ids: Sequence[str]) -> dict[str, str]:
    """Map every id to itself, and what stands behind its language to it where only one language has it."""
    names: dict[str, str | None] = {}
    for name in ids:
        short = name.split(":", 1)[-1]
        names[short] = None if short in names else name
    return {short: name for short, name in names.items() if name} | {name: name for name in ids}


def _number(path: Path, line: int, written: str) -> float:
    try:
        score = float(written)
    except ValueError:
        score = math.nan
    if math.isnan(score):
        raise broken(path, line, "a number as the score", repr(written))
    return score
