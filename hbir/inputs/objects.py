"""Notice that an object in a store changed, which DVC does not look at."""

import logging
from collections.abc import Iterable, Iterator

from hbir.core.errors import HbirError
from hbir.core.objects.urls import is_url
from hbir.core.objects.version import recorded, version_of
from hbir.inputs.named import NamedPath

logger = logging.getLogger(__name__)


def changed_objects(named: Iterable[NamedPath]) -> Iterator[str]:
    """Compare the objects that params.yaml names with what the stage `inputs` saw.

    Args:
        named: the paths and URLs of params.yaml.

    Yields:
        The URLs whose version is another one now. One that cannot be asked for is warned about, and counts as
        the same; one that was not seen yet is left to the stage.
    """
    for url in dict.fromkeys(path.written for path in named if is_url(path.written)):
        seen = recorded(url)
        if seen is not None and _now(url, seen) != seen:
            yield url


def _now(url: str, seen: str) -> str:
    try:
        return version_of(url).digest
    except HbirError as error:
        logger.warning("%s What was made from it stays.", error)
        return seen
