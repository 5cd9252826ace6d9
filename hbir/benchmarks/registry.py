"""Find a benchmark by its name."""

from collections.abc import Callable, Sequence

from hbir.benchmarks import cldr
from hbir.benchmarks.task import RetrievalTask
from hbir.core.params import unknown

LOADERS: dict[str, Callable[[Sequence[str]], RetrievalTask]] = {cldr.NAME: cldr.load}
"""The benchmarks; a new one is a module of its own and a line here."""


def load(name: str, languages: Sequence[str]) -> RetrievalTask:
    """Load a benchmark in some languages.

    Args:
        name: its name in params.yaml.
        languages: the tags of the languages to load.

    Returns:
        The retrieval task.

    Raises:
        ParamsError: when there is no benchmark of that name.
    """
    if name not in LOADERS:
        raise unknown("params.yaml: benchmarks", name, LOADERS)
    return LOADERS[name](languages)
