"""Search a file of passages with any encoder."""

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from hbir.commands.options import cluster_options, embedding_options
from hbir.core.errors import ParamsError
from hbir.core.files import require_writable
from hbir.core.precision import Precision
from hbir.retrieval.corpus_file import CorpusFile

BATCH = 64
"""Passages per forward pass."""


@click.command()
@click.argument("model")
@click.argument("query")
@click.option(
    "--corpus",
    required=True,
    type=click.Path(path_type=Path),
    help="Passages: JSON lines, tab-separated or text, or .gz.",
)
@click.option("--lang", "langs", multiple=True, help="Language to search in, again for more; all by default.")
@click.option("--top-k", type=click.IntRange(min=1), default=10, show_default=True, help="Passages to show.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.option(
    "--index",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the embeddings; by default in .hbir.",
)
@cluster_options
@embedding_options
def search(
    model: str,
    query: str,
    corpus: Path,
    langs: tuple[str, ...],
    top_k: int,
    as_json: bool,
    index: Path | None,
    cluster: str | None,
    workers: int,
    precision: Precision,
    query_prompt: str | None,
    document_prompt: str | None,
    trust_remote_code: bool,
) -> None:
    """Find the passages of a corpus that answer QUERY by MODEL: a folder, preset or Hub id of an encoder."""
    if not query.strip():
        raise ParamsError(where="hbir search", expected="a query", found="none", hint="Write it in quotes.")
    if index:
        require_writable(index / "meta.json")
    file = CorpusFile(corpus)
    from hbir.cluster.params import ClusterParams
    from hbir.encoding.embed import embed
    from hbir.encoding.fingerprint import encoder_fingerprint
    from hbir.encoding.model import open_encoder, prepare_torch
    from hbir.encoding.precision import embedding_in
    from hbir.encoding.prompts import Side
    from hbir.retrieval.index import Embed
    from hbir.retrieval.search import open_library
    from hbir.retrieval.show import show_hits
    from hbir.retrieval.workers import Embedding, PassageWorkers

    prepare_torch(None)
    prompts: dict[Side, str | None] = {"query": query_prompt, "document": document_prompt}
    load = partial(open_encoder, model, trust_remote_code=trust_remote_code, prompts=prompts)
    encoder = load()
    passages: Embed = partial(embed, encoder, side="document", batch_size=BATCH)
    if cluster is not None:
        how = Embedding(load=load, precision=precision, batch_size=BATCH)
        passages = PassageWorkers(encoder, how, ClusterParams(address=cluster, workers=workers), "--cluster")
    wanted = [lang.strip() for given in langs for lang in given.split(",")]
    fingerprint = encoder_fingerprint(encoder, precision)
    with embedding_in(encoder, precision), redirect_stdout(sys.stderr):  # Ray prints when a worker dies
        embedding = embed(encoder, [query], "query", 1)  # (1, d)
        library = open_library(file, passages, fingerprint, embedding.shape[1], index, wanted)
        hits = library.search(embedding, top_k)
    if as_json:
        click.echo(json.dumps([asdict(hit) for hit in hits], ensure_ascii=False, indent=2))
    else:
        show_hits(hits, Console())
