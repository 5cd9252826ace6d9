"""Find the sources of params.yaml by their kind."""

from collections.abc import Iterator, Sequence
from typing import Any

from hbir.collection import cldr, hub, parallel, squad, table_files
from hbir.collection.source import KEYS, PARALLEL, TEXTS, Kind, Named, TextSource
from hbir.core.errors import ParamsError
from hbir.core.registry import Registry

KINDS = Registry(
    {
        "cldr": Kind(cldr.CldrSource, cldr.read, KEYS),
        "csv": Kind(table_files.CsvSource, table_files.read_csv),
        "hub": Kind(hub.HubSource, hub.read),
        "jsonl": Kind(table_files.JsonlSource, table_files.read_jsonl_source),
        "parallel": Kind(parallel.ParallelSource, parallel.read, PARALLEL),
        "parquet": Kind(table_files.ParquetSource, table_files.read_parquet),
        "squad": Kind(squad.SquadSource, squad.read),
    },
    key="kind",
)
"""The kinds of sources; a new one is a module and a line here."""
WHERE = "params.yaml: collect.sources"


def check_sources(sources: Sequence[dict[str, Any]]) -> list[tuple[Kind, Named]]:
    """Check all sources before any is read.

    Args:
        sources: as in params.yaml.

    Returns:
        Each with its kind.

    Raises:
        ParamsError: when a kind or key is unknown, or two sources have one name.
    """
    return list(_each(sources))


def sources_of_texts(sources: Sequence[dict[str, Any]]) -> list[str]:
    """List the sources of plain English texts.

    Args:
        sources: as in params.yaml.

    Returns:
        The names of those that need an engine that reads texts.
    """
    return [
        source.name
        for kind, source in check_sources(sources)
        if kind.gives == TEXTS and isinstance(source, TextSource) and source.translate
    ]


def _each(sources: Sequence[dict[str, Any]]) -> Iterator[tuple[Kind, Named]]:
    names: set[str] = set()
    for number, given in enumerate(sources):
        where = f"{WHERE}[{number}]"
        kind, source = KINDS.parse(given, where)
        if source.name in names:
            raise ParamsError(
                where=f"{where}.name",
                expected="a name of its own",
                found=f"{source.name!r} a second time",
                hint="Give each source another `name`.",
            )
        names.add(source.name)
        yield kind, source
