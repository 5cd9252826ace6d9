"""Params of the section `translate`, as a test wants them."""

import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from hbir.core.params import read_params, validated
from hbir.core.schemas import TRANSLATED_SCHEMA
from hbir.translation.checks.rejection import Rejected
from hbir.translation.engines.engine import Assignment, Engine
from hbir.translation.params import ChecksParams, TranslateParams
from hbir.translation.selection import make_engine, select_engines
from hbir.translation.summary import TranslateSummary
from hbir.translation.translate import Translating

DEFAULTS = read_params(Path(__file__).parents[2] / "params.yaml")["translate"]
OFF = {
    "copied_words": None,
    "script": None,
    "length_ratio": None,
    "repetitions": None,
    "lost_numbers": None,
    "max_rejected": 1.0,
}


def checks(**changes: Any) -> ChecksParams:
    """Return the thresholds of params.yaml, some of them changed."""
    given: ChecksParams = validated(ChecksParams, DEFAULTS["checks"] | changes, "params.yaml: translate.checks")
    return given


def only(**chosen: Any) -> ChecksParams:
    """Return thresholds of the chosen checks alone; that for empty texts is always there."""
    return checks(**OFF | chosen)


def translate_params(**changes: Any) -> TranslateParams:
    """Return the section of params.yaml, some keys changed."""
    given: TranslateParams = validated(TranslateParams, DEFAULTS | changes, "params.yaml: translate")
    return given


def assignment(target: str, threads: int = 1) -> Assignment:
    """Say what an engine is made for."""
    return Assignment(target, threads, f"translate: engine x, language {target}")


def engine_of(params: TranslateParams, target: str, threads: int = 1) -> Engine:
    """Make the engine of a language, as the stage does."""
    return make_engine(params, select_engines(params, ["de", "en", "es"])[target], target, threads)


def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no database be written from now on, as on a disk that may only be read."""
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, **options: connect(f"file:{path}?mode=ro", uri=True, **options)
    )


class Translation(NamedTuple):
    """All parts of a translation together."""

    table: pa.Table
    summary: TranslateSummary
    rejected: list[Rejected]


def translated(
    english: pa.Table, parallel: pa.Table, engine: Engine | None, target: str, checks: ChecksParams
) -> Translation:
    """Translate a whole table."""
    work = Translating(english, parallel, engine, target, checks)
    parts = list(work.parts())
    table = pa.concat_tables([TRANSLATED_SCHEMA.empty_table(), *(part.table for part in parts)])
    return Translation(table, work.summary, [pair for part in parts for pair in part.rejected])
