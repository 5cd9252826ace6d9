"""Score any encoder on a benchmark, inside a project or not."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from ruamel.yaml import YAML, YAMLError

from hbir.core.errors import ParamsError
from hbir.core.files import require_writable, write_json
from hbir.core.lines import expanded, require_utf8
from hbir.evaluation.evaluate import Evaluation
from hbir.reporting.benchmark import show


@click.command()
@click.argument("name")
@click.option("--model", required=True, help="Folder, preset or Hub id of an encoder.")
@click.option("--data", help="Folder with the benchmark's official files.")
@click.option("--lang", "langs", multiple=True, help="Language to score, again for more; all by default.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Another key of the benchmark.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="JSON file for the scores.")
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Texts embedded at once.",
)
@click.option("--embeddings", help="Folder that keeps the embeddings of a streamed corpus.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; all by default.")
@click.option("--query-prompt", help="What goes before a question, in place of the model's own.")
@click.option("--document-prompt", help="What goes before a passage, in place of the model's own.")
@click.option("--trust-remote-code", is_flag=True, help="Run code that comes with the model.")
def benchmark(
    name: str,
    model: str,
    data: str | None,
    langs: tuple[str, ...],
    options: tuple[str, ...],
    out: Path | None,
    batch_size: int,
    embeddings: str | None,
    threads: int | None,
    query_prompt: str | None,
    document_prompt: str | None,
    trust_remote_code: bool,
) -> None:
    """Score MODEL on the benchmark NAME: cldr, xquad-r, miracl, beir/scifact, mteb/…; see docs/data.md."""
    from hbir.benchmarks.registry import checked
    from hbir.encoding.fingerprint import encoder_fingerprint
    from hbir.encoding.model import open_encoder, prepare_torch
    from hbir.encoding.prompts import Side
    from hbir.encoding.sources import find_source
    from hbir.evaluation.params import EvaluateParams
    from hbir.evaluation.scoring import Benchmark

    entry = {"name": name, "data": data, "languages": _languages(langs), **_options(options)}
    entry = {key: value for key, value in entry.items() if value is not None}
    if out:
        require_writable(out)  # now, not after hours of work
    checked([entry], "hbir benchmark")
    require_utf8(query_prompt, document_prompt)
    if embeddings:
        embeddings = str(expanded(embeddings, "--embeddings").absolute())
    find_source(model, None, f"model {model}", trust_remote_code)
    params = EvaluateParams(benchmarks=[entry], query_chunk=1024, batch_size=batch_size, embeddings=embeddings)
    loaded = Benchmark(entry, None, params)  # before the model, which takes longer
    prepare_torch(threads)
    prompts: dict[Side, str | None] = {"query": query_prompt, "document": document_prompt}
    encoder = open_encoder(model, trust_remote_code=trust_remote_code, prompts=prompts)
    evaluation = loaded.score(encoder)
    show(model, evaluation, Console())  # first: the disk may have become full in the meantime
    if out:
        write_json(out, _record(model, encoder_fingerprint(encoder), evaluation))


def _record(model: str, fingerprint: str, evaluation: Evaluation) -> dict[str, Any]:
    cells = evaluation.cells.to_pylist()
    return {"model": {"name": model, "fingerprint": fingerprint}, **evaluation.plain(), "cells": cells}


def _languages(langs: tuple[str, ...]) -> list[str] | None:
    return [lang.strip() for given in langs for lang in given.split(",")] or None


def _options(options: tuple[str, ...]) -> dict[str, Any]:
    return dict(_option(option) for option in options)


def _option(option: str) -> tuple[str, Any]:
    key, sign, value = option.partition("=")
    try:
        if sign:
            return key, YAML(typ="safe", pure=True).load(value)
    except YAMLError:
        sign = ""
    raise ParamsError(
        where="--option", expected="KEY=VALUE", found=option, hint="Write it as in `--option pooled=true`."
    )
