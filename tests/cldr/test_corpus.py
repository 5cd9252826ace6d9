import os
import subprocess
import sys
from collections import Counter

import pytest

from hbir.cldr.corpus import LONGEST, SPLITS, TEST, TRAIN, VALIDATION, passages, questions, split_of
from hbir.cldr.facts import Fact, facts
from hbir.cldr.keys import QUESTIONS, parse, passage_key
from hbir.cldr.render import renderer
from hbir.cldr.templates import languages


def said(passage):
    return [sentence.fact for sentence in parse(passage.key).sentences]


def test_splits_are_disjoint_by_unordered_entity_pair():
    pairs = {split: {q.fact.pair for q in questions(split)} for split in SPLITS}
    assert not pairs[TRAIN] & pairs[TEST]
    assert not pairs[TRAIN] & pairs[VALIDATION]
    assert not pairs[VALIDATION] & pairs[TEST]


def test_splits_have_their_shares():
    shares = Counter(split_of(fact) for fact in facts())
    assert shares[TRAIN] / len(facts()) == pytest.approx(0.7, abs=0.03)
    assert shares[VALIDATION] / len(facts()) == pytest.approx(0.1, abs=0.03)
    assert shares[TEST] / len(facts()) == pytest.approx(0.2, abs=0.03)


def test_a_fact_and_its_inverse_share_split_and_passage():
    home = {frozenset(q.fact.pair): q for s in SPLITS for q in questions(s) if q.fact.relation == "currency"}
    inverse = [q for s in SPLITS for q in questions(s) if q.fact.relation == "legal_tender"]
    both = [(q, home[frozenset(q.fact.pair)]) for q in inverse if frozenset(q.fact.pair) in home]
    assert len(both) > 200
    assert all(one.passage is other.passage for one, other in both)


def test_passages_hold_one_to_three_sentences_that_share_an_entity():
    for passage in passages():
        stated = said(passage)
        assert 1 <= len(stated) <= LONGEST
        assert {split_of(fact) for fact in stated} == {passage.split}
        assert set.intersection(*(set(fact.pair) for fact in stated))


def test_all_lengths_occur_in_every_split():
    lengths = {(passage.split, len(passage.propositions)) for passage in passages()}
    assert lengths == {(split, length) for split in SPLITS for length in range(1, LONGEST + 1)}


def test_the_answer_is_not_always_first():
    places = Counter(
        next(i for i, fact in enumerate(said(q.passage)) if fact.pair == q.fact.pair)
        for q in questions(TRAIN)
        if len(q.passage.propositions) == LONGEST
    )
    assert len(places) == LONGEST
    assert min(places.values()) > 0.2 * sum(places.values())


def test_every_proposition_is_stated_once():
    stated = Counter((fact.family, fact.pair) for passage in passages() for fact in said(passage))
    assert set(stated) == {(fact.family, fact.pair) for fact in facts()}
    assert set(stated.values()) == {1}


def test_passages_state_only_facts_with_one_true_answer():
    assert {fact for passage in passages() for fact in said(passage)} <= set(facts())


def test_training_asks_in_every_wording_and_the_others_in_one():
    asked = {split: Counter(q.fact for q in questions(split)) for split in SPLITS}
    assert set(asked[TRAIN].values()) == {QUESTIONS}
    assert set(asked[VALIDATION].values()) == set(asked[TEST].values()) == {1}
    assert {parse(q.key).sentences[0].wording for q in questions(TEST)} == set(range(QUESTIONS))
    assert set().union(*asked.values()) == set(facts())


@pytest.mark.parametrize("language", languages())
def test_no_test_sentence_occurs_in_a_training_passage(language):
    speaker = renderer(language)
    alone: dict[bool, set[str]] = {False: set(), True: set()}
    for passage in passages():
        sentences = [passage_key([sentence]) for sentence in parse(passage.key).sentences]
        texts = list(filter(None, map(speaker.render, sentences)))
        assert (speaker.render(passage.key) or "") == speaker.wordings.joiner.join(texts)
        alone[passage.split == TEST].update(texts)
    assert len(alone[True]) > 300
    assert alone[True].isdisjoint(alone[False])


def test_the_split_is_that_of_published_scores():
    currencies = [Fact("currency", *codes) for codes in (("JP", "JPY"), ("GH", "GHS"), ("CO", "COP"))]
    assert [split_of(fact) for fact in currencies] == [TRAIN, TEST, VALIDATION]


SCRIPT = """
from hbir.cldr.corpus import SPLITS, passages, questions
from hbir.core.hashing import digest
print(digest(" ".join([p.key for p in passages()] + [q.key for s in SPLITS for q in questions(s)])))
"""


def test_other_processes_make_the_same_corpus():
    digests = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed, "LANG": locale, "LC_ALL": locale},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, locale in (("1", "C.UTF-8"), ("2", "tr_TR.UTF-8"))
    }
    assert len(digests) == 1
