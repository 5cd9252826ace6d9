"""Take the language bias out of any encoder with a user's own parallel texts."""

import signal
from pathlib import Path
from typing import Literal

import click

from hbir.commands.options import embedding_options
from hbir.core.interrupt import Stopped
from hbir.core.precision import Precision
from hbir.core.samplers import SAMPLERS
from hbir.debias.options import Options

_DEFAULTS = Options.__dataclass_fields__


@click.command()
@click.argument("model")
@click.argument("texts", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for the trained encoder, its card and its scores.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    default=15,
    show_default=True,
    help="For everything: reading, training, and scoring before and after.",
)
@click.option("--force", is_flag=True, help="Replace the folder that is there.")
@click.option("--lang", "langs", multiple=True, help="Language to train on, again for more; all by default.")
@click.option(
    "--query",
    type=click.Choice(["title", "span"]),
    help="What asks for a text: its title, or a random part of it. By default the title where every text has "
    "one, else a part.",
)
@click.option(
    "--held-out",
    type=click.FloatRange(min=0, max=0.5, min_open=True),
    default=_DEFAULTS["held_out"].default,
    show_default=True,
    help="Share of the documents, or of the texts, that is scored and never trained on.",
)
@click.option(
    "--sampler",
    type=click.Choice(list(SAMPLERS)),
    default=_DEFAULTS["sampler"].default,
    show_default=True,
    help="How batches are composed.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=2),
    default=_DEFAULTS["batch_size"].default,
    show_default=True,
    help="Pairs in a step.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=8),
    default=_DEFAULTS["max_tokens"].default,
    show_default=True,
    help="Where inputs are cut in training and scoring; the encoder keeps its own limit.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(min=0, min_open=True),
    default=_DEFAULTS["temperature"].default,
    show_default=True,
    help="Divides similarities before the softmax.",
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0, min_open=True),
    default=_DEFAULTS["learning_rate"].default,
    show_default=True,
    help="Largest rate of AdamW.",
)
@click.option("--train-embeddings", is_flag=True, help="Train the tables of tokens and positions too.")
@click.option("--steps", type=click.IntRange(min=1), help="So many steps, whatever they take.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=_DEFAULTS["seed"].default,
    show_default=True,
    help="Another one draws other batches; what is held out stays the same.",
)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; all by default.")
@embedding_options
def debias(
    model: str,
    texts: tuple[str, ...],
    out: Path,
    minutes: float,
    force: bool,
    langs: tuple[str, ...],
    query: Literal["title", "span"] | None,
    held_out: float,
    sampler: str,
    batch_size: int,
    max_tokens: int,
    temperature: float,
    learning_rate: float,
    train_embeddings: bool,
    steps: int | None,
    seed: int,
    threads: int | None,
    precision: Precision,
    query_prompt: str | None,
    document_prompt: str | None,
    trust_remote_code: bool,
) -> None:
    """Train MODEL, a folder or an id of the Hub, on parallel TEXTS so that it ranks every language alike.

    TEXTS are files of JSON lines or TMX, or LANGUAGE=FILE for each of several text files that are aligned line
    by line. A part of them is held out; the card of the new model shows how the old and the new one rank it.
    Stopped by Ctrl-C, the same command goes on where it was.
    """
    from hbir.debias.card import main_table
    from hbir.debias.run import debias as run

    options = Options(
        model=model,
        texts=texts,
        out=out,
        minutes=minutes,
        force=force,
        languages=tuple(lang.strip() for given in langs for lang in given.split(",")),
        query=query,
        held_out=held_out,
        sampler=sampler,
        batch_size=batch_size,
        max_tokens=max_tokens,
        temperature=temperature,
        learning_rate=learning_rate,
        train_embeddings=train_embeddings,
        steps=steps,
        precision=precision,
        prompts={"query": query_prompt, "document": document_prompt},
        seed=seed,
        threads=threads,
        trust_remote_code=trust_remote_code,
    )
    try:
        result = run(options, click.echo)
    except KeyboardInterrupt as error:
        click.echo(f"debias: stopped; {out} is not written. The same command goes on.", err=True)
        raise Stopped(getattr(error, "number", signal.SIGINT), is_said=True) from error
    click.echo(f"\n{main_table(result.comparison)}\n\n{out}: the model, its card (README.md) and debias.json")
