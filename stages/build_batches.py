"""Stage build_batches: plan every batch of every sampler before any training."""

import click

from hbir.batching.build import draft_plans
from hbir.batching.inventory import Inventory
from hbir.batching.merge import merge_pairs
from hbir.batching.params import BatchParams
from hbir.batching.plan import write_plan
from hbir.batching.validation_pairs import check_validation
from hbir.core import paths, project
from hbir.core.files import atomic_file, atomic_folder
from hbir.core.hashing import file_digest
from hbir.core.leftovers import remove_leftovers
from hbir.core.params import read_params, section
from hbir.core.samplers import with_stage
from hbir.core.schemas import PAIRS_SCHEMA, TRANSLATED_SCHEMA
from hbir.core.tables import StoredTable, write_pieces


@click.command()
def build_batches() -> None:
    """Write data/pairs.parquet and data/batches/ from data/translated/."""
    params = read_params()
    batches = section(params, "batches", BatchParams)
    top = project.read_project(params)
    languages = project.training_languages(params)
    remove_leftovers(top.languages)
    translated = {
        lang: StoredTable(paths.TRANSLATED / f"{lang}.parquet", TRANSLATED_SCHEMA) for lang in languages
    }
    monolingual = section(params, "train.validation", dict).get("monolingual", "all")
    with atomic_file(paths.PAIRS) as file, atomic_folder(paths.BATCHES) as folder:
        write_pieces(file, PAIRS_SCHEMA, merge_pairs(translated))
        pairs = StoredTable(file, PAIRS_SCHEMA)
        # No plan depends on it; training would tell it hours later, when the encoder and the plans are there.
        check_validation(pairs, monolingual)
        inventory = Inventory.of(pairs)
        fingerprint = file_digest(file)
        samplers = [*with_stage(), *top.baselines]
        for plan in draft_plans(samplers, inventory, batches, top.seed, fingerprint):
            write_plan(folder / f"{plan.sampler}.parquet", plan)
            click.echo(f"plan {plan.tally.summary_line(plan)}")
