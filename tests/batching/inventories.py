"""Make small inventories for the tests: by hand, and at random with all that can collide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
from hypothesis import strategies as st

from hbir.batching.build import make_plan
from hbir.batching.inventory import Inventory
from hbir.batching.merge import merge_pairs
from hbir.batching.params import BatchParams, HybridParams
from hbir.batching.plan import Plan
from hbir.core.schemas import PAIRS_SCHEMA, TRANSLATED_SCHEMA

LANGUAGES = ("de", "en", "fr")
NAMES = ("xx", "xy", "hybrid", "mixed", "english", "hybrid_rows", "all_languages")
ROW_BY_ROW = NAMES[:-1]
"""Those that name a pair at most once in a batch, so that a batch may be as small as two rows."""


@dataclass
class Pair:
    """One pair in some languages; texts are its own unless they are given."""

    pair_id: int
    languages: Iterable[str] = LANGUAGES
    source: str = "a"
    passage_id: int | None = None
    query_id: int | None = None
    queries: Mapping[str, str] = field(default_factory=dict)
    passages: Mapping[str, str] = field(default_factory=dict)
    split: str = "train"

    def row(self, language):
        own = f"{self.pair_id} {language}"
        return {
            "pair_id": self.pair_id,
            "passage_id": self.pair_id if self.passage_id is None else self.passage_id,
            "query_id": self.pair_id if self.query_id is None else self.query_id,
            "source": self.source,
            "split": self.split,
            "query": self.queries.get(language, own),
            "passage": self.passages.get(language, own),
        }


def table(pairs, language):
    ordered = sorted(pairs, key=lambda pair: pair.pair_id)
    rows = [pair.row(language) for pair in ordered if language in pair.languages]
    return pa.Table.from_pylist(rows, schema=TRANSLATED_SCHEMA)


def merged(pairs):
    languages = sorted({language for pair in pairs for language in pair.languages})
    return whole({language: table(pairs, language) for language in languages})


def whole(translated):
    return pa.Table.from_batches(merge_pairs(translated), schema=PAIRS_SCHEMA)


def params(size=2, steps=10, alpha: float | list[list[float]] = 0.5, exponent=0.5):
    return BatchParams(
        languages="all", size=size, steps=steps, size_exponent=exponent, hybrid=HybridParams(alpha=alpha)
    )


def plan_of(composition, pairs, batch_params, seed=1) -> Plan:
    return make_plan(composition, Inventory.of(merged(pairs)), batch_params, seed, "0" * 64)


def rows_of(plan):
    """Return (step, pair_id, query_lang, passage_lang) for every example."""
    return [
        (step, pair_id, query, passage)
        for step, batch in enumerate(plan.batches())
        for pair_id, query, passage in zip(
            batch.pair_ids.tolist(), batch.query_langs, batch.passage_langs, strict=True
        )
    ]


def pair_ids_of(plan):
    return [row[1] for row in rows_of(plan)]


_VARIANTS = st.sampled_from(["Euro", "EURO", " euro ", "Yen", "ﬁ", "FI"])
_TEXTS = st.dictionaries(st.sampled_from(LANGUAGES), _VARIANTS)


@st.composite
def _messy(draw, number):
    return Pair(
        pair_id=draw(st.sampled_from([-1, 1])) * (100 + number),
        languages=sorted(draw(st.sets(st.sampled_from(LANGUAGES), min_size=1))),
        source=draw(st.sampled_from(["a", "b"])),
        passage_id=draw(st.sampled_from([None, 1000, 1001])),
        query_id=draw(st.sampled_from([None, 2000, 2001])),
        queries=draw(_TEXTS),
        passages=draw(_TEXTS),
        split=draw(st.sampled_from(["train", "train", "train", "validation"])),
    )


@st.composite
def fillable(draw, size):
    """Draw pairs that collide in many ways, and in each source `size` pairs that collide with nothing."""
    count = draw(st.integers(0, 20))
    messy = [draw(_messy(number)) for number in range(count)]
    sources = draw(st.sampled_from([("a",), ("a", "b")]))
    plain = [
        Pair(pair_id=5000 + 10 * place + index, source=source)
        for index, source in enumerate(sources)
        for place in range(size)
    ]
    return plain + [pair for pair in messy if pair.source in sources]


@st.composite
def any_pairs(draw):
    """Draw pairs of which many cannot fill a batch."""
    count = draw(st.integers(2, 14))
    plain = [Pair(pair_id=place) for place in range(2)]
    return plain + [draw(_messy(number)) for number in range(count)]
