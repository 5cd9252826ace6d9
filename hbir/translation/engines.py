"""Find an engine by its name."""

from collections.abc import Callable

from hbir.core.params import unknown
from hbir.translation.cldr import CldrEngine
from hbir.translation.engine import Engine
from hbir.translation.params import TranslateParams

ENGINES: dict[str, Callable[[], Engine]] = {"cldr": CldrEngine}
"""The engines; a new one is a module of its own and a line here."""


def make_engine(params: TranslateParams) -> Engine:
    """Make the engine of params.yaml.

    Args:
        params: the section `translate`.

    Returns:
        The engine.

    Raises:
        ParamsError: when there is no engine of that name.
    """
    if params.engine not in ENGINES:
        raise unknown("params.yaml: translate.engine", params.engine, ENGINES)
    return ENGINES[params.engine]()
