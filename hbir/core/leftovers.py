"""Remove files of languages that params.yaml no longer names: what depends on their folder would count them."""

import logging
from collections.abc import Collection

from hbir.core import paths

logger = logging.getLogger(__name__)
_ENDINGS = (".parquet", ".stats.json")


def remove_leftovers(languages: Collection[str]) -> None:
    """Remove the translations into other languages; DVC's cache and the memory keep what they hold of them.

    Args:
        languages: those of the project.
    """
    for path in sorted(paths.TRANSLATED.glob("[!.]*")):
        ending = next((ending for ending in _ENDINGS if path.name.endswith(ending)), None)
        if ending and path.name.removesuffix(ending) not in languages:
            path.unlink()
            logger.info("%s removed: params.yaml no longer names its language", path)
