"""Make the test facts of the embedded corpus a retrieval task in the style of LAReQA."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from hbir.benchmarks.about import About
from hbir.benchmarks.params import BenchmarkParams, codes, refuse_data
from hbir.benchmarks.task import RetrievalTask
from hbir.cldr.corpus import TEST, TRAIN, Passage, Question, passages, questions, split_of
from hbir.cldr.facts import facts
from hbir.cldr.names import Entity
from hbir.cldr.render import Renderer, renderer
from hbir.cldr.templates import languages as template_languages
from hbir.cldr.templates import version
from hbir.core.hashing import content_id

NAME = "cldr"
ABOUT = About(
    name=NAME,
    asks="locale facts in 11 languages",
    settings="monolingual, cross-lingual, multilingual",
    measures="mAP",
    files="none",
    source="Unicode CLDR, which comes with the package Babel",
    revision="that of the installed Babel",
    licence="Unicode",
    citation="Unicode Common Locale Data Repository",
    counts="none: the benchmark is this project's own",
)
SEEN, UNSEEN = "seen", "unseen"
_MASK = (1 << 64) - 1
T = TypeVar("T", Question, Passage)


class _Row(NamedTuple, Generic[T]):
    """Hold a question or a passage in one language."""

    id: str
    text: str
    language: str
    item: T


def load(params: BenchmarkParams, wanted: Sequence[str] | None) -> list[RetrievalTask]:
    """Render the test questions and the test passages in each language.

    Args:
        params: the benchmark's entry in params.yaml.
        wanted: the project's languages; each needs templates. None for all that have some.

    Returns:
        One task. A question is asked in every language that has names for its fact, and every language's
        version of the passage that states the fact is relevant. A query is `seen` when both of its entities
        occur in training facts, which tells nothing about their combination. Questions that one passage answers
        are one cluster: they are right or wrong together.

    Raises:
        ParamsError: when a folder is named.
    """
    refuse_data(params, "the facts come with Babel")
    asked = params.languages or wanted or template_languages()
    languages = sorted(codes(asked, f"{params.where}: languages"))
    renderers = {language: renderer(language) for language in languages}
    queries = list(_rendered("q", questions(TEST), renderers))
    candidates = list(_rendered("p", (p for p in passages() if p.split == TEST), renderers))
    trained = _trained()
    task = RetrievalTask(
        name=NAME,
        version=version(),
        query_ids=[row.id for row in queries],
        queries=[row.text for row in queries],
        query_langs=[row.language for row in queries],
        passage_ids=[row.id for row in candidates],
        passages=[row.text for row in candidates],
        passage_langs=[row.language for row in candidates],
        relevant=_relevant(queries, candidates, renderers),
        query_groups=[SEEN if trained.issuperset(row.item.fact.ends) else UNSEEN for row in queries],
        clusters=[row.item.passage.key for row in queries],
        query_keys=[row.id.partition("-")[2] for row in queries],
    )
    return [task]


def _rendered(side: str, items: Iterable[T], renderers: dict[str, Renderer]) -> Iterator[_Row[T]]:
    known = list(items)
    for language, speaker in renderers.items():
        for item in known:
            if (text := speaker.render(item.key)) is not None:
                yield _Row(f"{side}:{language}-{content_id(item.key) & _MASK:016x}", text, language, item)


def _relevant(
    queries: list[_Row[Question]], candidates: list[_Row[Passage]], renderers: dict[str, Renderer]
) -> np.ndarray:
    versions: dict[Passage, list[int]] = defaultdict(list)
    for index, row in enumerate(candidates):
        versions[row.item].append(index)
    pairs = [
        (number, index)
        for number, row in enumerate(queries)
        for index in versions[row.item.passage]
        # A language without names for the fact leaves its sentence out of the passage.
        if renderers[candidates[index].language].knows(row.item.fact)
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _trained() -> set[Entity]:
    return {end for fact in facts() if split_of(fact) == TRAIN for end in fact.ends}
