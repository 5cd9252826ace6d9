"""Score any encoder on a benchmark, inside a project or not."""

from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from ruamel.yaml import YAMLError

from hbir.cluster.params import ClusterParams
from hbir.commands.options import cluster_options, embedding_options
from hbir.core.errors import ParamsError
from hbir.core.files import require_writable, write_json
from hbir.core.hashing import file_digest
from hbir.core.lines import expanded
from hbir.core.objects.urls import is_url
from hbir.core.place import find_place
from hbir.core.precision import Precision
from hbir.core.yaml_text import parsed
from hbir.evaluation.evaluate import Evaluation
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.save import write_csv
from hbir.reporting.benchmark import show


@click.command()
@click.argument("name")
@click.option("--model", help="Folder, preset or Hub id of an encoder.")
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    help="Run file in TREC's format (query Q0 passage rank score tag) to score in place of a model.",
)
@click.option("--data", help="Folder with the benchmark's official files, or its URL.")
@click.option("--lang", "langs", multiple=True, help="Language to score, again for more; all by default.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Another key of the benchmark.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="JSON file for the scores.")
@click.option(
    "--queries",
    "per_query",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV file for the scores of every query; tasks of mteb have none.",
)
@click.option(
    "--save-run",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Run file in TREC's format for the model's first 1,000 passages of every query, of all languages.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Texts embedded at once.",
)
@click.option("--embeddings", help="Folder, or its URL, that keeps the embeddings of a streamed corpus.")
@cluster_options
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; all by default.")
@embedding_options
def benchmark(
    name: str,
    model: str | None,
    run: Path | None,
    data: str | None,
    langs: tuple[str, ...],
    options: tuple[str, ...],
    out: Path | None,
    per_query: Path | None,
    save_run: Path | None,
    batch_size: int,
    precision: Precision,
    embeddings: str | None,
    cluster: str | None,
    workers: int,
    threads: int | None,
    query_prompt: str | None,
    document_prompt: str | None,
    trust_remote_code: bool,
) -> None:
    """Score a model, or a run file, on the benchmark NAME: see `hbir benchmarks`.

    A cluster embeds the passages of a streamed corpus alone.
    """
    from hbir.benchmarks.registry import check_entries
    from hbir.evaluation.trec_run import score_run

    _check_usage(model, run, save_run, cluster)
    entry = {"name": name, "data": data, "languages": _languages(langs), **_options(options)}
    entry = {key: value for key, value in entry.items() if value is not None}
    _require_writable(out, per_query, save_run)  # now, not after hours of work
    check_entries([entry], "hbir benchmark")
    if embeddings and not is_url(embeddings):
        embeddings = str(expanded(embeddings, "--embeddings").absolute())
    if run:
        evaluation = score_run(entry, None, run)
        scored = {"run": {"name": str(run), "digest": file_digest(run)}}
    else:
        prompts = {"query": query_prompt, "document": document_prompt}
        params = EvaluateParams(
            benchmarks=[entry],
            query_chunk=1024,
            batch_size=batch_size,
            precision=precision,
            embeddings=embeddings,
            cluster=None if cluster is None else ClusterParams(address=cluster, workers=workers),
        )
        evaluation, fingerprint = _score_model(
            params, str(model), threads, prompts, trust_remote_code, save_run
        )
        scored = {"model": {"name": str(model), "fingerprint": fingerprint}}
    if not find_place().is_first:
        return
    show(str(model or run), evaluation, Console())  # first: the disk may have become full in the meantime
    if per_query:
        write_csv(per_query, evaluation.queries)
    if out:
        write_json(out, {**scored, **evaluation.plain(), "cells": evaluation.cells.to_pylist()})


def _check_usage(model: str | None, run: Path | None, save_run: Path | None, cluster: str | None) -> None:
    if (model is None) == (run is None):
        raise click.UsageError("Name either --model or --run.")
    if cluster is not None and find_place().size > 1:
        raise click.UsageError("Name a --cluster or start several processes, not both: each embeds.")
    if run and save_run:
        raise click.UsageError("--save-run writes the ranking of a --model.")


def _require_writable(*paths: Path | None) -> None:
    if find_place().is_first:
        for path in filter(None, paths):
            require_writable(path)


def _score_model(
    params: EvaluateParams,
    model: str,
    threads: int | None,
    prompts: dict[str, str | None],
    trust_remote_code: bool,
    save_run: Path | None,
) -> tuple[Evaluation, str]:
    """Return the scores and the encoder's fingerprint."""
    from hbir.benchmarks.registry import name_of
    from hbir.encoding.fingerprint import encoder_fingerprint
    from hbir.encoding.joined import device_of, joined
    from hbir.encoding.model import open_encoder, prepare_torch
    from hbir.encoding.prompts import SIDES
    from hbir.encoding.sources import find_source
    from hbir.evaluation.run_writer import run_writer
    from hbir.evaluation.same import require_same_scoring
    from hbir.evaluation.scoring import Benchmark

    entry = params.benchmarks[0]
    work = f"benchmark {name_of(entry)}"
    with joined(work) as ranks:
        find_source(model, None, f"model {model}", trust_remote_code)
        loaded = Benchmark(entry, None, params, ranks)  # before the model, which takes longer
        prepare_torch(threads and ranks.place.share_of(threads))
        sides = {side: prompts[side] for side in SIDES}
        load = partial(open_encoder, model, trust_remote_code=trust_remote_code, prompts=sides)
        encoder = load(device_of(ranks))
        require_same_scoring(ranks, work, [encoder], params)
        with run_writer(save_run if ranks.is_first else None, model) as writer:
            scored = loaded.score(encoder, writer, load=load, where="--cluster")
    return scored, encoder_fingerprint(encoder, params.precision)


def _languages(langs: tuple[str, ...]) -> list[str] | None:
    return [lang.strip() for given in langs for lang in given.split(",")] or None


def _options(options: tuple[str, ...]) -> dict[str, Any]:
    return dict(_option(option) for option in options)


def _option(option: str) -> tuple[str, Any]:
    key, sign, value = option.partition("=")
    try:
        if sign:
            return key, parsed(value)
    except YAMLError:
        sign = ""
    raise ParamsError(
        where="--option", expected="KEY=VALUE", found=option, hint="Write it as in `--option pooled=true`."
    )
