"""Collect the embedded corpus: CLDR's facts in English, without those of the test split."""

from collections import Counter
from typing import Literal

from hbir.cldr.corpus import questions
from hbir.cldr.facts import all_facts, facts
from hbir.cldr.render import renderer
from hbir.collection.source import Harvest, Pair
from hbir.core.languages import ENGLISH
from hbir.core.params import params_class
from hbir.core.schemas import TRAIN, VALIDATION


@params_class
class CldrSource:
    """Describe a source of kind `cldr`, which needs no file and no download."""

    kind: Literal["cldr"]
    name: str = "cldr"
    """What the column `source` holds."""


def read(params: CldrSource) -> Harvest:
    """Ask the facts of the training and validation splits in English.

    Args:
        params: the source.

    Returns:
        Its pairs; the facts without English names are counted.
    """
    del params
    render = renderer(ENGLISH).render
    pairs, dropped = [], Counter({"fact without English names": len(all_facts()) - len(facts())})
    for split in (TRAIN, VALIDATION):
        for question in questions(split):
            query, passage = render(question.key), render(question.passage.key)
            if query is None or passage is None:
                dropped["query without English words"] += 1
                continue
            pairs.append(
                Pair(
                    query=query,
                    passage=passage,
                    split=split,
                    query_key=question.key,
                    passage_key=question.passage.key,
                    relation=question.fact.relation,
                )
            )
    return Harvest(pairs, dropped)
