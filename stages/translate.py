"""Stage translate: bring the English pairs into one language."""

import click

from hbir.core import project
from hbir.core.files import atomic_file, read_table, write_json, write_table
from hbir.core.params import read_params, section
from hbir.core.record import main_root
from hbir.core.records import ENGLISH, PARALLEL
from hbir.translation.checks.rejection import write_rejected
from hbir.translation.engines.choice import SOURCE_LANGUAGE, chosen
from hbir.translation.engines.registry import make_engine
from hbir.translation.params import TranslateParams
from hbir.translation.translate import translate_pairs


@click.command()
@click.argument("lang")
def translate(lang: str) -> None:
    """Write the pairs in LANG, and their counts, from data/english.parquet and data/parallel.parquet."""
    params = read_params()
    top = project.read_project(params)
    project.subset(top, [lang], "params.yaml: languages")
    given = section(params, "translate", TranslateParams)
    chosen(given, top.languages)
    engine = make_engine(given, lang) if lang != SOURCE_LANGUAGE else None
    english, parallel = read_table(project.ENGLISH, ENGLISH), read_table(project.PARALLEL, PARALLEL)
    table, summary, rejected = translate_pairs(english, parallel, engine, lang, given.checks)
    seen = write_rejected(main_root(), lang, rejected)
    summary.check(given.checks.max_rejected, str(seen))
    target = project.TRANSLATED / f"{lang}.parquet"
    with atomic_file(target) as file, atomic_file(target.with_suffix(".stats.json")) as counts:
        write_table(file, table)
        write_json(counts, summary.stats())
    click.echo(f"translate {summary}")
    if warning := summary.warning(given.checks.max_rejected):
        click.echo(f"  warning: {warning}")
    if rejected:
        click.echo(f"  rejected pairs: {seen}")
