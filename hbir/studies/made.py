"""Count what the pipeline has made already with the params at hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from hbir.core.languages import ENGLISH
from hbir.core.lock_file import locked_stages
from hbir.core.paths import ENGLISH_PAIRS, LOCK, PAIRS, PARALLEL_TEXTS, TRANSLATED
from hbir.core.schemas import ENGLISH_SCHEMA, PAIRS_SCHEMA, PARALLEL_SCHEMA, TRANSLATED_SCHEMA
from hbir.core.tables import StoredTable, pieces


@dataclass(frozen=True)
class Counted:
    """Hold rows and bytes of a stage's files."""

    rows: int
    size: int


@dataclass(frozen=True)
class Made:
    """Hold what is there; None where it is not, or was made with other params."""

    pairs: Counted | None = None
    versions: int | None = None
    """Pairs by language before any is left out by the checks of translations."""
    translated: Counted | None = None
    batches: Counted | None = None
    """Of data/pairs.parquet alone."""


def find_made(params: Mapping[str, Any], languages: Sequence[str]) -> Made:
    """Look what is there.

    Args:
        params: the whole of params.yaml.
        languages: those of the project.

    Returns:
        What dvc.lock has of these params, if the files are of the sizes that it names.
    """
    is_made = {
        name for name, stage in locked_stages(LOCK).items() if _is_of(stage, params) and _is_there(stage)
    }
    if "collect" not in is_made:
        return Made()
    translated = {f"translate@{lang}" for lang in languages} <= is_made
    files = [(TRANSLATED / f"{lang}.parquet", TRANSLATED_SCHEMA) for lang in languages]
    return Made(
        pairs=_counted(len(StoredTable(ENGLISH_PAIRS, ENGLISH_SCHEMA)), ENGLISH_PAIRS, PARALLEL_TEXTS),
        versions=_versions(set(languages)),
        translated=_counted(sum(len(StoredTable(*file)) for file in files), *(path for path, _ in files))
        if translated
        else None,
        batches=_counted(len(StoredTable(PAIRS, PAIRS_SCHEMA)), PAIRS)
        if translated and "build_batches" in is_made
        else None,
    )


def _is_of(stage: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    recorded = stage.get("params", {}).get("params.yaml", {})
    return all(_at(params, key) == value for key, value in recorded.items())


def _at(params: Any, key: str) -> Any:
    for name in key.split("."):
        params = params.get(name) if isinstance(params, Mapping) else None
    return params


def _is_there(stage: Mapping[str, Any]) -> bool:
    files = [out for out in stage.get("outs", []) if out["path"].endswith(".parquet")]
    return all(
        Path(out["path"]).is_file() and Path(out["path"]).stat().st_size == out.get("size") for out in files
    )


def _counted(rows: int, *files: Path) -> Counted:
    return Counted(rows, sum(path.stat().st_size for path in files))


def _versions(languages: set[str]) -> int:
    """Who has an English row among the parallel ones is in their languages alone; all others in every one."""
    complete, rows = 0, 0
    for _, group in groupby(_parallel(), key=itemgetter(0)):
        langs = {lang for _, lang in group}
        if ENGLISH in langs:
            complete += 1
            rows += len(langs & languages)
    return rows + (len(StoredTable(ENGLISH_PAIRS, ENGLISH_SCHEMA)) - complete) * len(languages)


def _parallel() -> Iterator[tuple[int, str]]:
    for piece in pieces(StoredTable(PARALLEL_TEXTS, PARALLEL_SCHEMA), ["pair_id", "lang"]):
        yield from zip(*(piece[name].to_pylist() for name in ("pair_id", "lang")), strict=True)
