"""Stage translate: bring the English pairs into one language."""

import click

from hbir.core import project
from hbir.core.files import read_table, write_table
from hbir.core.params import read_params, section
from hbir.core.records import ENGLISH
from hbir.translation.engines import make_engine
from hbir.translation.params import TranslateParams
from hbir.translation.translate import translate_pairs


@click.command()
@click.argument("lang")
def translate(lang: str) -> None:
    """Write data/translated/LANG.parquet from data/english.parquet."""
    params = read_params()
    project.subset(project.read_project(params), [lang], "params.yaml: languages")
    engine = make_engine(section(params, "translate", TranslateParams))
    table, summary = translate_pairs(read_table(project.ENGLISH, ENGLISH), engine, lang)
    write_table(project.TRANSLATED / f"{lang}.parquet", table)
    click.echo(f"translate {summary}")
