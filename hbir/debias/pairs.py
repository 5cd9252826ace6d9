"""Make pairs and plans of a user's texts, with the project's own sources, guards and samplers."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hbir.batching.build import draft_plan
from hbir.batching.compositions import OneQueryError
from hbir.batching.inventory import Inventory
from hbir.batching.merge import merge_pairs
from hbir.batching.params import BatchParams, HybridParams
from hbir.batching.plan import write_plan
from hbir.batching.validation_pairs import check_validation
from hbir.collection.collect import Collection, collect
from hbir.collection.params import CollectParams
from hbir.core.errors import DataError, HbirError
from hbir.core.hashing import file_digest
from hbir.core.schemas import PAIRS_SCHEMA, TRAIN, TRANSLATED_SCHEMA, VALIDATION
from hbir.core.tables import StoredTable, held, pieces, write_pieces
from hbir.debias.corpus import FEWEST_WORDS, Corpus
from hbir.debias.options import Options

BENCHMARK = "parallel/held-out"
_LONGEST = 100_000
"""Characters; the encoder cuts by tokens."""
_VALIDATION, _FEWEST_VALIDATION = 0.05, 128
"""Share of the texts that choose the checkpoint, and how many there should be at least; at most a fifth."""
ALPHA = 0.5
"""The share of hybrid's batches that are in one language; the paper's."""


def benchmark_entry(corpus: Corpus, texts: Path) -> dict[str, Any]:
    """Describe the benchmark of the held-out texts.

    Args:
        corpus: what there is.
        texts: the file of all texts.

    Returns:
        An entry as in `evaluate.benchmarks`.
    """
    return {"name": BENCHMARK, "data": str(texts), "held_out": corpus.held_out, **_reading(corpus)}


def make_pairs(corpus: Corpus, texts: Path, path: Path) -> tuple[int, int]:
    """Collect the pairs of the texts that are not held out, in all their languages.

    Args:
        corpus: what there is.
        texts: the file of all texts.
        path: the file of pairs to write.

    Returns:
        Training and validation pairs, of all languages together.

    Raises:
        DataError: when there are too few.
    """
    source = {
        "kind": "parallel",
        "name": "texts",
        "path": str(texts),
        "held_out": corpus.held_out,
        "validation": min(0.2, max(_VALIDATION, _FEWEST_VALIDATION / corpus.texts)),
        **_reading(corpus),
    }
    params = CollectParams(
        sources=[source],
        leak_guard=[benchmark_entry(corpus, texts)],
        near_duplicates=None,
        max_query_characters=_LONGEST,
        max_passage_characters=_LONGEST,
    )
    with told_of_texts():
        write_pieces(path, PAIRS_SCHEMA, merge_pairs(dict(_by_language(collect(params), corpus))))
        pairs = StoredTable(path, PAIRS_SCHEMA)
        check_validation(pairs, "all")
    counts = _counts(pairs)
    return counts[TRAIN], counts[VALIDATION]


def make_plan(pairs: Path, path: Path, options: Options, steps: int) -> None:
    """Plan all batches.

    Args:
        pairs: the file of pairs.
        path: the file of the plan to write.
        options: of the run.
        steps: how many.

    Raises:
        DataError: when the pairs cannot fill a batch.
    """
    params = BatchParams(
        languages="all",
        size=options.batch_size,
        steps=steps,
        size_exponent=0.5,
        hybrid=HybridParams(alpha=ALPHA),
    )
    inventory = Inventory.of(StoredTable(pairs, PAIRS_SCHEMA))
    with told_of_texts():
        write_plan(path, draft_plan(options.sampler, inventory, params, options.seed, file_digest(pairs)))


@contextmanager
def told_of_texts() -> Iterator[None]:
    """Say what is wrong in the words of the command, and not in those of params.yaml.

    Yields:
        Nothing.

    Raises:
        DataError: where the pipeline would name a key or a stage.
    """
    try:
        yield
    except HbirError as error:
        hint = "Add texts, name the languages that have enough with --lang, or lower --batch-size."
        if isinstance(error, OneQueryError):
            hint = "Raise --batch-size, or name fewer languages with --lang."
        raise DataError(
            where=f"texts ({error.where.removeprefix('params.yaml: ')})",
            expected=error.expected,
            found=error.found,
            hint=hint,
        ) from error


def _reading(corpus: Corpus) -> dict[str, Any]:
    return {"query": corpus.query, "fewest_words": FEWEST_WORDS, "pivot": corpus.pivot}


def _by_language(collection: Collection, corpus: Corpus) -> Iterator[tuple[str, pa.Table]]:
    """Put ids and split beside the texts of each language."""
    rows, english = held(collection.parallel), held(collection.english)
    places = pc.index_in(rows["pair_id"], english["pair_id"])
    table = english.select(TRANSLATED_SCHEMA.names).take(places)
    for name in ("query", "passage"):
        table = table.set_column(table.schema.get_field_index(name), name, rows[name])
    for language in corpus.languages:
        yield language, table.filter(pc.equal(rows["lang"], language)).cast(TRANSLATED_SCHEMA)


def _counts(pairs: StoredTable) -> Counter[str]:
    counts: Counter[str] = Counter()
    for piece in pieces(pairs, ["split"]):
        counts.update({row["values"]: row["counts"] for row in pc.value_counts(piece["split"]).to_pylist()})
    return counts
