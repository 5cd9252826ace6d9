"""List what was kept and nothing names any more, and remove it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click

from hbir.cli import require_project
from hbir.core.machine import main_root
from hbir.core.objects.urls import is_url
from hbir.core.params import read_params, section
from hbir.core.paths import EMBEDDINGS, INITIAL, MODELS, PAIRS
from hbir.core.precision import Precision
from hbir.core.project import read_project


@click.command()
@click.option("--remove", is_flag=True, help="Remove what nothing names; without it everything stays.")
@click.option("--kind", "kinds", multiple=True, help="This kind alone, such as embeddings; can be given again.")
def clean(remove: bool, kinds: tuple[str, ...]) -> None:
    """List kept embeddings, checkpoints, translations and the like that nothing in the project names any more.

    What params.yaml and models/ name stays, and what a running process uses. Experiments that are not in this
    folder are not looked at: what they want again is made again.
    """
    from hbir.inputs.kept import kept

    require_project()
    root, params = main_root(), read_params()
    found = [each for each in kept(root, _names(root, params)) if not kinds or each.kind in kinds]
    unnamed = [each for each in found if not each.is_named]
    for each in unnamed:
        click.echo(f"{_shown(each.size):>9}  {each.kind:<12}  {each.path}")
        if remove:
            each.remove()
    sizes: Counter[bool] = Counter()
    for each in found:
        sizes[each.is_named] += each.size
    done = "removed" if remove else "may be removed with --remove"
    click.echo(
        f"clean: {_shown(sizes[False])} in {len(unnamed)} places {done}; {_shown(sizes[True])} are named"
    )


def _names(root: Path, params: dict[str, Any]) -> Any:
    from hbir.core.lines import expanded
    from hbir.encoding.params import EncoderParams
    from hbir.evaluation.params import EvaluateParams
    from hbir.inputs.check import check
    from hbir.inputs.kept import Names
    from hbir.inputs.named import of_all
    from hbir.translation.params import TranslateParams

    top, scoring = read_project(params), section(params, "evaluate", EvaluateParams)
    memory = section(params, "translate", TranslateParams).memory
    trusted = section(params, "encoder", EncoderParams).trust_remote_code
    embeddings = scoring.embeddings
    if embeddings is None or is_url(embeddings):
        embeddings = str(EMBEDDINGS)
    return Names(
        languages=top.languages,
        samplers=[*top.samplers, *top.baselines, "xx", "xy", "hybrid"],
        memory=root / expanded(memory, "params.yaml: translate.memory"),
        embeddings=root / expanded(embeddings, "params.yaml: evaluate.embeddings"),
        encoders=lambda: set(_encoders(trusted)),
        tokens=_tokens,
        objects=lambda: [path.written for path in of_all(check(params)) if is_url(path.written)],
    )


def _encoders(trusted: bool) -> Iterator[str]:
    """Name the models of the project as kept embeddings do, in every precision: `--precision` chooses any."""
    from hbir.encoding.fingerprint import encoder_fingerprint
    from hbir.encoding.model import load_encoder

    for config in sorted(MODELS.rglob("modules.json")):
        model = load_encoder(config.parent, "cpu", trusted)
        yield from (encoder_fingerprint(model, precision) for precision in get_args(Precision))


def _tokens() -> str | None:
    from hbir.training.fingerprint import tokens_name

    return tokens_name(PAIRS, INITIAL) if PAIRS.is_file() and INITIAL.is_dir() else None


def _shown(size: int) -> str:
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} B"
