from collections import defaultdict

import numpy as np
import pytest

from hbir.benchmarks.registry import load as load_by_name
from hbir.benchmarks.task import RetrievalTask
from hbir.cldr.corpus import TEST, TRAIN, passages, questions
from hbir.cldr.facts import RELATIONS
from hbir.cldr.keys import parse
from hbir.cldr.render import Renderer, renderer
from hbir.cldr.templates import languages, version
from hbir.core.errors import LanguageError, ParamsError


def load(wanted):
    (task,) = load_by_name("cldr", wanted)
    assert isinstance(task, RetrievalTask)
    return task


@pytest.fixture(scope="module")
def task():
    return load(languages())


def keys_of(task, side):
    """Find the key behind every rendered text again."""
    asked, stated = (q.key for q in questions(TEST)), (p.key for p in passages() if p.split == TEST)
    keys = list(asked if side == "q" else stated)
    texts = {(lang, renderer(lang).render(key)): key for lang in task.languages for key in keys}
    rows = (task.query_langs, task.queries) if side == "q" else (task.passage_langs, task.passages)
    return [texts[row] for row in zip(*rows, strict=True)]


def test_relevance_by_brute_force():
    task = load(["de", "hi", "zh"])
    asked = [parse(key).sentences[0].fact for key in keys_of(task, "q")]
    stated = [[s.fact for s in parse(key).sentences] for key in keys_of(task, "p")]
    expected = []
    for q, fact in enumerate(asked):
        for p, sentences in enumerate(stated):
            # A sentence answers when it links the same two entities in the same way, and can be written there.
            answers = [
                s
                for s in sentences
                if {s.subject, s.object} == {fact.subject, fact.object} and s.family == fact.family
            ]
            if answers and renderer(task.passage_langs[p]).knows(fact):
                expected.append((q, p))
    assert np.array_equal(task.relevant, np.array(expected))


def test_relevant_passages_name_both_entities(task):
    asked = [parse(key).sentences[0].fact for key in keys_of(task, "q")]
    for query, passage in task.relevant:
        names = renderer(task.passage_langs[passage]).names
        for end in asked[query].ends:
            assert names[end].casefold() in task.passages[passage].casefold()


def test_questions_that_share_a_passage_are_one_cluster(task):
    """The clusters are the connected components of queries and relevant passages."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for query, passage in task.relevant.tolist():
        neighbours[query].add(-1 - passage)
        neighbours[-1 - passage].add(query)
    component: dict[int, int] = {}
    for query in range(len(task.queries)):
        reached = [] if query in component else [query]
        while reached:
            node = reached.pop()
            if node not in component:
                component[node] = query
                reached += neighbours[node]
    names = [component[query] for query in range(len(task.queries))]
    assert len(set(names)) == len(set(task.clusters)) == len(set(zip(names, task.clusters, strict=True))) > 200


def test_questions_do_not_tell_their_answer(task):
    told = 0
    for key, text, lang in zip(keys_of(task, "q"), task.queries, task.query_langs, strict=True):
        fact = parse(key).sentences[0].fact
        subject, answer = (renderer(lang).names[end] for end in fact.ends)
        told += answer.casefold() in text.casefold() and answer.casefold() not in subject.casefold()
    # Short names such as "Lao" or "Yi" may stand in a template's own words by chance.
    assert told < 0.01 * len(task.queries)


def test_every_query_has_one_relevant_passage_in_its_own_language(task):
    langs = np.array(task.passage_langs)
    own = [q for q, p in task.relevant if task.query_langs[q] == langs[p]]
    assert own == list(range(len(task.queries)))


def test_ids_are_unique_and_of_two_namespaces(task):
    assert len({*task.query_ids, *task.passage_ids}) == len(task.query_ids) + len(task.passage_ids)
    assert all(i.startswith(f"q:{lang}-") for i, lang in zip(task.query_ids, task.query_langs, strict=True))
    assert all(i.startswith(f"p:{lang}-") for i, lang in zip(task.passage_ids, task.passage_langs, strict=True))


def test_ids_and_texts_do_not_depend_on_the_other_languages(task):
    some = load(["zh", "de", "de"])
    assert some.languages == ["de", "zh"]
    whole = dict(zip(task.query_ids, task.queries, strict=True))
    assert {i: whole[i] for i in some.query_ids} == dict(zip(some.query_ids, some.queries, strict=True))
    assert set(some.passage_ids) == {i for i in task.passage_ids if i[2:4] in ("de", "zh")}


def test_english_asks_every_test_fact(task):
    assert task.query_langs.count("en") == len(list(questions(TEST))) > 400
    assert {parse(key).sentences[0].fact.relation for key in keys_of(task, "q")} == set(RELATIONS)


def test_groups_tell_whether_training_holds_both_entities(task):
    trained = {end for question in questions(TRAIN) for end in question.fact.ends}
    groups = dict(zip(keys_of(task, "q"), task.query_groups, strict=True))
    for question in questions(TEST):
        if question.key in groups:
            seen = all(end in trained for end in question.fact.ends)
            assert groups[question.key] == ("seen" if seen else "unseen")
    assert set(groups.values()) == {"seen", "unseen"}


def test_a_version_without_the_sentence_is_not_relevant(monkeypatch):
    passage = next(p for p in passages() if p.split == TEST and len(p.propositions) == 3)
    question = next(q for q in questions(TEST) if q.passage is passage)
    shared = set.intersection(*(set(p.pair) for p in passage.propositions))
    (lost,) = set(question.fact.ends) - shared
    whole = renderer("de")
    names = {entity: name for entity, name in whole.names.items() if entity != lost}
    spare = {"de": Renderer("de", names, whole.wordings), "en": renderer("en")}
    monkeypatch.setattr("hbir.benchmarks.cldr.renderer", spare.__getitem__)
    task = load(["de", "en"])
    english = task.queries.index(renderer("en").render(question.key) or "")
    relevant = [task.passage_langs[p] for q, p in task.relevant if q == english]
    assert relevant == ["en"]
    assert spare["de"].render(passage.key) in task.passages


def test_name_and_version(task):
    assert (task.name, task.version) == ("cldr", version())


def test_registry():
    assert load(["en"]).languages == ["en"]
    with pytest.raises(ParamsError, match="Did you mean 'cldr'"):
        load_by_name("clrd", ["en"])


def test_language_without_templates():
    with pytest.raises(LanguageError, match=r"fr\.yaml"):
        load(["en", "fr"])


def test_a_folder_is_refused():
    with pytest.raises(ParamsError, match="cldr: data: expected no folder, for the facts come with Babel"):
        load_by_name({"name": "cldr", "data": "x"}, ["en"])
