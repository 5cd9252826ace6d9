"""The slow twin: sort each pool of each query, and read every measure off the sorted list by its formula."""

import math

from tests.evaluation import bias_reference


def ranking(task, scores, order, query, pool):
    """Return the passages of a pool, best first."""
    passages = [p for p, lang in enumerate(task.passage_langs) if pool in (lang, "all")]
    return sorted(passages, key=lambda p: (-scores[query][p], order[p]))


def measures(ranked, relevant):
    hits = [p in relevant for p in ranked]
    found = [rank for rank, hit in enumerate(hits, start=1) if hit]
    gain = sum(1 / math.log2(rank + 1) for rank in found if rank <= 10)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(relevant)) + 1))
    return {
        "map": sum(sum(hits[:rank]) / rank for rank in found) / len(relevant),
        "map@20": sum(sum(hits[:rank]) / rank for rank in found if rank <= 20) / min(20, len(relevant)),
        "recall@1": sum(hits[:1]) / len(relevant),
        "recall@10": sum(hits[:10]) / len(relevant),
        "mrr@10": next((1 / rank for rank in found if rank <= 10), 0.0),
        "ndcg@10": gain / ideal,
        "recall@100": sum(hits[:100]) / len(relevant),
        "rank_distance": float(found[-1] - found[0]),
    }


def query_rows(task, scores, order):
    """Return (setting, query id, query language, pool) → measures."""
    relevant = {tuple(pair) for pair in task.relevant.tolist()}
    rows = {}
    tops = [ranking(task, scores, order, query, "all")[:10] for query in range(len(task.queries))]
    for query, lang in enumerate(task.query_langs):
        for pool in [*sorted(set(task.passage_langs)), "all"]:
            ranked = ranking(task, scores, order, query, pool)
            wanted = {p for p in ranked if (query, p) in relevant}
            setting = {lang: "monolingual", "all": "multilingual"}.get(pool, "cross_lingual")
            if wanted:
                row = measures(ranked, wanted)
                if pool != "all" or len({task.passage_langs[p] for p in wanted}) < 2:
                    del row["rank_distance"]
                if pool == "all":
                    row |= bias_reference.of_ranks(task, query, ranked, wanted)
                    row |= bias_reference.of_top(task, query, tops)
                rows[setting, task.query_ids[query], lang, pool] = row
    return rows


def settings(rows):
    """Return setting → measure → mean over cells of means over queries."""
    result: dict[str, dict[str, float]] = {}
    for setting in {key[0] for key in rows}:
        cells: dict[tuple[str, str], list[dict[str, float]]] = {}
        for (name, _, lang, pool), row in rows.items():
            if name == setting:
                cells.setdefault((lang, pool), []).append(row)
        result[setting] = {}
        for measure in {measure for rows in cells.values() for row in rows for measure in row}:
            having = [[row[measure] for row in cell if measure in row] for cell in cells.values()]
            result[setting][measure] = mean(mean(values) for values in having if values)
    return result


def mean(values):
    values = list(values)
    return sum(values) / len(values)
