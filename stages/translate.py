"""Stage translate: bring the English pairs into one language."""

import click

from hbir.core import project
from hbir.core.files import read_table, write_table
from hbir.core.params import read_params, section
from hbir.core.records import ENGLISH, PARALLEL
from hbir.translation.engines import make_engine
from hbir.translation.params import TranslateParams
from hbir.translation.translate import translate_pairs


@click.command()
@click.argument("lang")
def translate(lang: str) -> None:
    """Write data/translated/LANG.parquet from data/english.parquet and data/parallel.parquet."""
    params = read_params()
    project.subset(project.read_project(params), [lang], "params.yaml: languages")
    engine = make_engine(section(params, "translate", TranslateParams))
    english, parallel = read_table(project.ENGLISH, ENGLISH), read_table(project.PARALLEL, PARALLEL)
    table, summary = translate_pairs(english, parallel, engine, lang)
    write_table(project.TRANSLATED / f"{lang}.parquet", table)
    click.echo(f"translate {summary}")
