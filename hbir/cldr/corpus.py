"""Arrange the facts into splits, passages and questions, by hashes of codes alone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from hbir.cldr.facts import Fact, facts
from hbir.cldr.keys import QUESTIONS, STATEMENTS, Sentence, passage_key, query_key
from hbir.cldr.names import KINDS, Entity
from hbir.core.hashing import content_id

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
LONGEST = 3
"""Sentences of a passage, at most."""


@dataclass(frozen=True)
class Proposition:
    """Hold what a fact and its inverse both say; one passage per language says it."""

    facts: tuple[Fact, ...]
    """The directions that may be asked, each with one true answer."""

    @property
    def pair(self) -> tuple[Entity, Entity]:
        """Return the two entities."""
        return self.facts[0].pair

    @property
    def identity(self) -> tuple[str, ...]:
        """Return codes that tell the proposition from all others."""
        return self.facts[0].family, *map(str, self.pair)


@dataclass(frozen=True)
class Passage:
    """Hold one to three sentences, each of another proposition, that share an entity."""

    key: str
    split: str
    propositions: tuple[Proposition, ...]


@dataclass(frozen=True)
class Question:
    """Hold a question on one fact and the passage that answers it."""

    key: str
    fact: Fact
    passage: Passage


def split_of(fact: Fact) -> str:
    """Tell the split of a fact: 70, 10 and 20 % of the entity pairs.

    Args:
        fact: any fact.

    Returns:
        `train`, `validation` or `test`, the same for all facts about the same two entities.
    """
    bucket = content_id("split", *map(str, fact.pair)) % 10
    return TRAIN if bucket < 7 else VALIDATION if bucket < 8 else TEST


@cache
def passages() -> tuple[Passage, ...]:
    """Write every proposition into one passage.

    Returns:
        The passages of all splits; no passage reaches over two splits.
    """
    by_split = defaultdict(list)
    for proposition in _propositions():
        by_split[split_of(proposition.facts[0])].append(proposition)
    return tuple(
        Passage(passage_key(map(_sentence, group)), split, tuple(group))
        for split in SPLITS
        for group in _groups(by_split[split])
    )


def questions(split: str) -> Iterator[Question]:
    """Ask the facts of a split: in every wording for training, else in one that is chosen by hash.

    Args:
        split: `train`, `validation` or `test`.

    Yields:
        The questions.
    """
    for passage in passages():
        if passage.split == split:
            for fact in (fact for proposition in passage.propositions for fact in proposition.facts):
                every = range(QUESTIONS) if split == TRAIN else [content_id("question", str(fact)) % QUESTIONS]
                yield from (Question(query_key(fact, wording), fact, passage) for wording in every)


def _propositions() -> list[Proposition]:
    together = defaultdict(list)
    for fact in facts():
        together[fact.family, fact.pair].append(fact)
    return [Proposition(tuple(group)) for group in together.values()]


def _groups(propositions: Sequence[Proposition]) -> Iterator[list[Proposition]]:
    """Cut the propositions of each entity into groups; one left alone may join those of its other entity."""
    sharing: dict[Entity, list[Proposition]] = defaultdict(list)
    for proposition in sorted(propositions, key=_hash):
        for entity in proposition.pair:
            sharing[entity].append(proposition)
    placed: set[Proposition] = set()
    for entity in sorted(sharing, key=lambda entity: (KINDS.index(entity.kind), entity.code)):
        for group in _cut(entity, [p for p in sharing[entity] if p not in placed]):
            placed.update(group)
            yield group
    yield from ([p] for p in propositions if p not in placed)


def _cut(entity: Entity, propositions: list[Proposition]) -> Iterator[list[Proposition]]:
    start = 0
    while start < len(propositions):
        size = 1 + content_id("size", str(entity), *propositions[start].identity) % LONGEST
        group = propositions[start : start + size]
        start += size
        if len(group) > 1 or size == 1:
            yield group


def _sentence(proposition: Proposition) -> Sentence:
    chosen = content_id("direction", *proposition.identity) % len(proposition.facts)
    fact = proposition.facts[chosen]
    return Sentence(fact, content_id("statement", str(fact)) % STATEMENTS)


def _hash(proposition: Proposition) -> int:
    return content_id("order", *proposition.identity)
