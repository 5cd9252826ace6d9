"""Tables of scores per query, made by hand."""

import pyarrow as pa

from hbir.evaluation.cells import QUERIES


def table(rows):
    """Make a table from (setting, query id, cluster, query language, pool, mAP) rows."""
    names = ("setting", "query_id", "cluster", "query_lang", "pool", "map")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], QUERIES)


def mono(*rows):
    """Make one of the monolingual setting from (cluster, language, mAP) rows."""
    return table([("monolingual", f"{lang}:{cluster}", cluster, lang, lang, v) for cluster, lang, v in rows])
