"""Show what a lower precision costs each language: mAP of one encoder on XQuAD-R, in each precision."""

from typing import cast, get_args

import click
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sentence_transformers import SentenceTransformer

from hbir.benchmarks.registry import load
from hbir.benchmarks.task import MONOLINGUAL, MULTILINGUAL, RetrievalTask
from hbir.core.precision import FP32, Precision
from hbir.encoding.model import open_encoder, prepare_torch
from hbir.encoding.precision import embedding_in
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.scoring import score_task

_RESAMPLES = 1000
_PARAMS = EvaluateParams(benchmarks=["xquad-r"], query_chunk=1024, batch_size=256, embeddings=None)


def part(task: RetrievalTask, clusters: int, passages: int) -> RetrievalTask:
    """Take some queries with all their translations, and enough passages to seek among.

    Args:
        task: the benchmark.
        clusters: queries, each in all its languages.
        passages: others per language beside the relevant ones.

    Returns:
        The smaller task, the same each time.
    """
    names = np.array(task.clusters)
    rng = np.random.default_rng(0)
    rows = np.flatnonzero(np.isin(names, rng.permutation(np.unique(names))[:clusters]))
    pairs = cast(np.ndarray, task.relevant)
    pairs = pairs[np.isin(pairs[:, 0], rows)]
    langs = np.array(task.passage_langs)
    others = [rng.permutation(np.flatnonzero(langs == lang))[:passages] for lang in task.languages]
    kept = np.unique(np.concatenate([pairs[:, 1], *others]))
    return RetrievalTask(
        name=task.name,
        version=f"{task.version} {clusters} queries, {len(kept)} passages",
        query_ids=[task.query_ids[row] for row in rows],
        queries=[task.queries[row] for row in rows],
        query_langs=[task.query_langs[row] for row in rows],
        passage_ids=[task.passage_ids[row] for row in kept],
        passages=[task.passages[row] for row in kept],
        passage_langs=[task.passage_langs[row] for row in kept],
        relevant=np.stack([np.searchsorted(rows, pairs[:, 0]), np.searchsorted(kept, pairs[:, 1])], axis=1),
        clusters=[task.clusters[row] for row in rows] if task.clusters else None,
    )


def queries_of(model: SentenceTransformer, task: RetrievalTask, precision: Precision) -> pa.Table:
    """Score every query.

    Args:
        model: the encoder.
        task: the benchmark.
        precision: in which it embeds.

    Returns:
        A table of scores per query, as `query_table` lays it out.
    """
    with embedding_in(model, precision):
        return score_task(model, task, _PARAMS).queries


def difference(exact: pa.Table, lower: pa.Table) -> tuple[float, float, float, float]:
    """Compare the average precisions of the same queries, resampling those that belong together.

    Args:
        exact: scores in float32, of one setting and language of the queries.
        lower: the same in another precision.

    Returns:
        mAP in float32, the difference to it, and the bounds of its 95 % interval; all × 100.
    """
    gap = lower["map"].to_numpy() - exact["map"].to_numpy()  # (q,)
    _, codes = np.unique(exact["cluster"].to_numpy(zero_copy_only=False), return_inverse=True)
    sums, sizes = np.bincount(codes, gap), np.bincount(codes)  # (clusters,)
    drawn = np.random.default_rng(0).integers(0, len(sums), (_RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)  # (resamples,)
    low, high = np.quantile(means, [0.025, 0.975])
    return 100 * float(np.mean(exact["map"].to_numpy())), 100 * gap.mean(), 100 * low, 100 * high


def chosen(table: pa.Table, setting: str, lang: str) -> pa.Table:
    """Choose the queries of one setting, and of one language unless it is empty.

    Args:
        table: of scores per query.
        setting: such as `monolingual`.
        lang: of the queries.

    Returns:
        Their rows.
    """
    table = table.filter(pc.equal(table["setting"], setting))
    return table.filter(pc.equal(table["query_lang"], lang)) if lang else table


@click.command()
@click.option("--model", required=True, help="Folder or preset of an encoder.")
@click.option("--clusters", default=200, show_default=True, help="Queries, each in all languages.")
@click.option("--passages", default=150, show_default=True, help="Passages per language beside the relevant.")
@click.option("--precision", "named", multiple=True, type=click.Choice(get_args(Precision)[1:]))
def main(model: str, clusters: int, passages: int, named: tuple[Precision, ...]) -> None:
    """Print a table of markdown; HBIR_DATA names the folder that holds xquad-r/."""
    prepare_torch(None)
    encoder = open_encoder(model, device="cpu")
    task = part(cast(RetrievalTask, load("xquad-r", None)[0]), clusters, passages)
    exact = queries_of(encoder, task, FP32)
    lower = {name: queries_of(encoder, task, name) for name in named or get_args(Precision)[1:]}
    click.echo(f"{model}, {len(task.queries):,} queries, {len(task.passages):,} passages: mAP × 100\n")
    click.echo("| setting | queries in | fp32 | " + " | ".join(f"{name} less fp32" for name in lower) + " |")
    click.echo("|---|---|---|" + "---|" * len(lower))
    for setting in (MONOLINGUAL, MULTILINGUAL):
        for lang in ("", *task.languages):
            base = chosen(exact, setting, lang)
            found = [difference(base, chosen(table, setting, lang)) for table in lower.values()]
            cells = [f"{gap:+.2f} ({low:+.2f} to {high:+.2f})" for _, gap, low, high in found]
            click.echo(f"| {setting} | {lang or 'all'} | {found[0][0]:.1f} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
