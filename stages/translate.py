"""Stage translate: bring the English pairs into one language."""

import shutil

import click

from hbir.core import paths, project
from hbir.core.files import atomic_file, require_writable, write_json
from hbir.core.machine import main_root
from hbir.core.params import read_params, section
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA, TRANSLATED_SCHEMA
from hbir.core.spill import spill_folder
from hbir.core.tables import RowGroupWriter, StoredTable
from hbir.translation.checks.rejection import append_rejected, keep_rejected
from hbir.translation.params import TranslateParams
from hbir.translation.preflight import check_engines
from hbir.translation.selection import make_engine, select_engines
from hbir.translation.translate import Translating


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
    work = Translating(
        StoredTable(paths.ENGLISH_PAIRS, ENGLISH_SCHEMA),
        StoredTable(paths.PARALLEL_TEXTS, PARALLEL_SCHEMA),
        engine,
        lang,
        settings.checks,
    )
    with spill_folder() as folder:  # a process that is killed in the middle leaves nothing beside the target
        with RowGroupWriter(folder / lang, TRANSLATED_SCHEMA) as writer:
            for part in work.parts():
                writer.write(part.table)
                append_rejected(folder / "rejected", part.rejected)
        summary, seen = work.summary, keep_rejected(main_root(), lang, folder / "rejected")
        summary.check(settings.checks.max_rejected, str(seen))
        with atomic_file(target) as file, atomic_file(target.with_suffix(".stats.json")) as counts:
            shutil.copyfile(folder / lang, file)
            write_json(counts, summary.stats())
    click.echo(f"translate {summary}")
    if warning := summary.warning(settings.checks.max_rejected):
        click.echo(f"  warning: {warning}")
    if summary.rejected:
        click.echo(f"  rejected pairs: {seen}")
