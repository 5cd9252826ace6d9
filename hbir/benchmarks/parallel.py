"""Make the held-out documents of a file of parallel texts a retrieval task in the style of LAReQA."""

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from hbir.benchmarks.about import About
from hbir.benchmarks.parallel_rows import Reading, Row, is_held_out, read_rows
from hbir.benchmarks.params import BenchmarkParams, chosen_languages, data_folder
from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError, ParamsError
from hbir.core.hashing import digest, file_digest
from hbir.core.languages import ENGLISH
from hbir.core.params import params_class
from hbir.core.text import normalise

logger = logging.getLogger(__name__)
FAMILY = "parallel"


ABOUT = About(
    name=f"{FAMILY}/<name>",
    asks="the held-out documents of a file of parallel texts",
    settings="monolingual, cross-lingual, multilingual",
    measures="mAP",
    files="`data` is the file",
    source="yours",
    revision="that of the file",
    licence="yours",
    citation="yours",
    counts="those of the file",
)


@params_class
class ParallelParams(BenchmarkParams, Reading):
    """Describe a benchmark `parallel/<name>`; `data` is the file."""

    held_out: Annotated[float, Field(gt=0, le=1)] = 0.0
    """Share of the documents that are asked for, to be given: a source with the same `held_out` collects the
    others."""
    except_held_out: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share that is not asked for, a part of `held_out`. With 0.2, and 0.1 here, settings are chosen on
    documents that the test, whose `held_out` is 0.1, does not ask for."""

    @model_validator(mode="after")
    def _check_share(self) -> Self:
        if not self.held_out:
            raise ParamsError(
                where=f"{self.where}: held_out",
                expected="the share of the documents that the source of the file leaves out",
                found="nothing",
                hint="Add the key with the source's value, on a command line as in `--option held_out=0.1`.",
            )
        if self.except_held_out >= self.held_out:
            raise ParamsError(
                where=f"{self.where}: except_held_out",
                expected=f"less than held_out, which is {self.held_out:g}",
                found=f"{self.except_held_out:g}",
                hint="It names the part of the held-out documents that is left to another benchmark.",
            )
        return self


def load(params: ParallelParams, wanted: Sequence[str] | None) -> list[RetrievalTask]:
    """Ask for every text of the held-out documents in every language.

    Args:
        params: the benchmark's entry in params.yaml.
        wanted: the project's languages, of which those are loaded that the file has; None for all.

    Returns:
        One task, whose clusters are the documents. The passages of all rows are candidates, and a row's
        passages in all languages are relevant to its query in each. A query is not asked in any
        language when another held-out row has its words in the pivot, or the same passage there, for then
        nobody could tell which row is meant. The version is of the file and of the params that choose and cut.

    Raises:
        ParamsError: when no file is named, or no language is left.
        DataError: when the file is broken or none of its documents is held out.
    """
    rows, version = _held_out_rows(params)
    offered = sorted({language for row in rows for language in row.versions})
    languages = set(chosen_languages(params, offered, wanted))
    asked = _unambiguous(rows, params.pivot)
    logger.info(
        "%s: %d of %d held-out rows are ambiguous and not asked",
        params.where,
        len(rows) - len(asked),
        len(rows),
    )
    cells = [(number, lang) for number, row in enumerate(rows) for lang in row.versions if lang in languages]
    queries = [cell for cell in cells if cell[0] in asked]
    task = RetrievalTask(
        name=params.name,
        version=version,
        query_ids=[f"{lang}:{rows[number].id}/query" for number, lang in queries],
        queries=[rows[number].versions[lang].query for number, lang in queries],
        query_langs=[lang for _, lang in queries],
        passage_ids=[f"{lang}:{rows[number].id}" for number, lang in cells],
        passages=[rows[number].versions[lang].passage for number, lang in cells],
        passage_langs=[lang for _, lang in cells],
        relevant=_relevant(queries, cells),
        clusters=[rows[number].document for number, _ in queries],
        query_keys=[rows[number].id for number, _ in queries],
    )
    return [task]


def _held_out_rows(params: ParallelParams) -> tuple[list[Row], str]:
    path = data_folder(params)
    if path is None or not path.is_file():
        raise ParamsError(
            where=f"{params.where}: data",
            expected="the file of parallel texts",
            found="none" if path is None else f"the folder {path}",
            hint="Give `data`, such as `$HBIR_DATA/parallel-docs/sections.jsonl.gz`.",
        )
    dropped: Counter[str] = Counter()
    rows = [row for row in read_rows(path, params, dropped) if _is_asked(row.document, params)]
    logger.info("%s: left out of the file: %s", params.where, dict(sorted(dropped.items())) or "nothing")
    if not rows:
        raise DataError(
            where=str(path),
            expected=f"rows of held-out documents ({params.held_out - params.except_held_out:g} of all)",
            found="none",
            hint="Raise `held_out`, or check the file.",
        )
    chosen = f"{params.held_out} {params.query} {params.span} {params.fewest_words}"
    if params.pivot != ENGLISH:
        chosen += f" {params.pivot}"
    if params.except_held_out:
        chosen += f" without {params.except_held_out}"
    return rows, digest(f"{file_digest(path)} {chosen}")[:16]


def _is_asked(document: str, params: ParallelParams) -> bool:
    return is_held_out(document, params.held_out) and not is_held_out(document, params.except_held_out)


def _unambiguous(rows: Sequence[Row], pivot: str) -> set[int]:
    queries, passages = (Counter(normalise(row.versions[pivot][side]) for row in rows) for side in (0, 1))
    return {
        number
        for number, row in enumerate(rows)
        if queries[normalise(row.versions[pivot].query)] == 1
        and passages[normalise(row.versions[pivot].passage)] == 1
    }


def _relevant(queries: Sequence[tuple[int, str]], cells: Sequence[tuple[int, str]]) -> np.ndarray:
    versions: dict[int, list[int]] = defaultdict(list)
    for index, (number, _) in enumerate(cells):
        versions[number].append(index)
    pairs = [(query, index) for query, (number, _) in enumerate(queries) for index in versions[number]]
    return np.array(pairs, np.int64).reshape(-1, 2)
