"""Stage translate: bring the English pairs into one language."""

import click

from hbir.core import paths, project
from hbir.core.files import atomic_file, read_table, require_writable, write_json, write_table
from hbir.core.machine import main_root
from hbir.core.params import read_params, section
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA
from hbir.translation.checks.rejection import write_rejected
from hbir.translation.params import TranslateParams
from hbir.translation.preflight import check_engines
from hbir.translation.selection import make_engine, select_engines
from hbir.translation.translate import translate_pairs


@click.command()
@click.argument("lang")
def translate(lang: str) -> None:
    """Write the pairs in LANG, and their counts, from data/english.parquet and data/parallel.parquet."""
    params = read_params()
    top = project.read_project(params)
    project.subset(top, [lang], "params.yaml: languages")
    settings = section(params, "translate", TranslateParams)
    selected = select_engines(settings, top.languages)
    target = paths.TRANSLATED / f"{lang}.parquet"
    require_writable(target)
    check_engines(selected, top.threads)
    engine = make_engine(settings, selected[lang], lang, top.threads) if lang in selected else None
    english, parallel = (
        read_table(paths.ENGLISH_PAIRS, ENGLISH_SCHEMA),
        read_table(paths.PARALLEL_TEXTS, PARALLEL_SCHEMA),
    )
    table, summary, rejected = translate_pairs(english, parallel, engine, lang, settings.checks)
    seen = write_rejected(main_root(), lang, rejected)
    summary.check(settings.checks.max_rejected, str(seen))
    with atomic_file(target) as file, atomic_file(target.with_suffix(".stats.json")) as counts:
        write_table(file, table)
        write_json(counts, summary.stats())
    click.echo(f"translate {summary}")
    if warning := summary.warning(settings.checks.max_rejected):
        click.echo(f"  warning: {warning}")
    if rejected:
        click.echo(f"  rejected pairs: {seen}")
