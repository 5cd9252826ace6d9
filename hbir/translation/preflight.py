"""Find out what the engines of all languages lack before the first sentence of any is translated.

Every language is a stage of its own: a model that the last one lacks would else be missed after hours.
"""

from collections.abc import Mapping
from typing import Any

from hbir.core import paths
from hbir.core.lock_file import locked_stages
from hbir.core.paths import LOCK
from hbir.translation.selection import Selection

_STAGE = "translate@"


def check_engines(selected: Mapping[str, Selection], threads: int) -> None:
    """Make the engines of all languages that are still to be translated, and let them go.

    Args:
        selected: the engines, by language.
        threads: CPU threads.

    Raises:
        HbirError: when one cannot be made. A language that is done needs its engine no more: models may have
            been removed, or its pairs were pulled.
    """
    locked = locked_stages(LOCK)
    for target, selection in selected.items():
        if not _is_done(target, selection, locked):
            selection.kind.make(selection.params, selection.assignment(target, threads))


def _is_done(target: str, selection: Selection, locked: Mapping[str, Any]) -> bool:
    """Tell whether a language has its pairs, by the engine that params.yaml names today."""
    if not (paths.TRANSLATED / f"{target}.parquet").is_file():
        return False
    try:
        params = locked[f"{_STAGE}{target}"]["params"][str(paths.PARAMS)]
        entries, usual = params["translate.languages"], params["translate.engine"]
        return bool(entries.get(target, usual) == selection.entry)
    except (KeyError, TypeError, AttributeError):
        return False
