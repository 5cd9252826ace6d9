"""Stage build_batches: plan every batch of every sampler before any training."""

import click

from hbir.batching.build import draft_plans, merge_pairs
from hbir.batching.inventory import Inventory
from hbir.batching.params import BatchParams
from hbir.batching.plan import write_plan
from hbir.batching.validation_pairs import check_validation
from hbir.core import paths, project
from hbir.core.files import atomic_file, atomic_folder, read_table, write_table
from hbir.core.hashing import file_digest
from hbir.core.leftovers import remove_leftovers
from hbir.core.params import read_params, section
from hbir.core.samplers import with_stage
from hbir.core.schemas import TRANSLATED_SCHEMA


@click.command()
def build_batches() -> None:
    """Write data/pairs.parquet and data/batches/ from data/translated/."""
    params = read_params()
    batches = section(params, "batches", BatchParams)
    top = project.read_project(params)
    languages = project.training_languages(params)
    remove_leftovers(top.languages)
    translated = {
        lang: read_table(paths.TRANSLATED / f"{lang}.parquet", TRANSLATED_SCHEMA) for lang in languages
    }
    pairs = merge_pairs(translated)
    # No plan depends on it; training would tell it hours later, when the encoder and the plans are there.
    check_validation(pairs, section(params, "train.validation", dict).get("monolingual", "all"))
    inventory = Inventory.of(pairs)
    with atomic_file(paths.PAIRS) as file, atomic_folder(paths.BATCHES) as folder:
        write_table(file, pairs)
        fingerprint = file_digest(file)
        samplers = [*with_stage(), *top.baselines]
        for plan in draft_plans(samplers, inventory, batches, top.seed, fingerprint):
            write_plan(folder / f"{plan.sampler}.parquet", plan)
            click.echo(f"plan {plan.tally.summary_line(plan)}")
