from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from hbir.translation.memory.batches import Sized, plan_batches

some_sentences = st.dictionaries(st.text(max_size=3), st.integers(0, 40)).map(
    lambda lengths: [Sized(*item) for item in lengths.items()]
)
budgets = st.integers(1, 100)


def planned(sentences, budget):
    return [[sentence.text for sentence in batch] for batch in plan_batches(sentences, budget)]


def test_by_hand():
    sentences = [Sized("c", 3), Sized("a", 3), Sized("long", 20), Sized("b", 5), Sized("d", 1), Sized("e", 1)]
    assert planned(sentences, 10) == [["long"], ["b", "a"], ["c", "d", "e"]]


def test_equal_lengths_are_ordered_by_text():
    assert planned([Sized(text, 2) for text in "zxy"], 4) == [["x", "y"], ["z"]]


def test_nothing_to_plan():
    assert plan_batches([], 10) == []


@given(some_sentences, budgets)
def test_every_sentence_once_and_no_batch_too_large(sentences, budget):
    batches = plan_batches(sentences, budget)
    assert sorted(chain(*batches)) == sorted(sentences)
    for batch in batches:
        assert len(batch) == 1 or max(sentence.length for sentence in batch) * len(batch) <= budget


@given(some_sentences, budgets)
def test_a_batch_is_as_large_as_the_budget_allows(sentences, budget):
    batches = plan_batches(sentences, budget)
    for batch in batches[:-1]:
        assert batch[0].length * (len(batch) + 1) > budget


@given(some_sentences, budgets, st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order(sentences, budget, random):
    shuffled = random.sample(sentences, len(sentences))
    assert plan_batches(shuffled, budget) == plan_batches(sentences, budget)


@given(some_sentences, budgets, st.data())
def test_the_plan_of_the_rest_is_the_rest_of_the_plan(sentences, budget, data):
    batches = plan_batches(sentences, budget)
    done = data.draw(st.integers(0, len(batches)))
    committed = {sentence for batch in batches[:done] for sentence in batch}
    rest = [sentence for sentence in sentences if sentence not in committed]
    assert plan_batches(rest, budget) == batches[done:]
