"""The numbers that stand in Git."""

from hbir.evaluation.headline import headline


def summary(settings, **task):
    return {"task": task, "settings": settings}


def test_map_by_setting_and_the_rank_distance_are_chosen_and_rounded():
    scores = {
        "monolingual": {"map": 0.123456, "recall@1": 0.5},
        "cross_lingual": {"map": 0.2},
        "multilingual": {"map": 0.3, "rank_distance": 12.345},
    }
    expected = {
        "cldr": {
            "map": {"monolingual": 0.1235, "cross_lingual": 0.2, "multilingual": 0.3},
            "rank_distance": 12.3,
        }
    }
    assert headline({"cldr": summary(scores)}) == expected
    assert headline({"cldr": summary(scores, measures=["map"])}) == expected


def test_an_absent_setting_is_absent():
    scores = {"monolingual": {"map": 1.0}}
    assert headline({"cldr": summary(scores)}) == {"cldr": {"map": {"monolingual": 1.0}}}


def test_each_benchmark_has_its_own_main_measure():
    scores = {"monolingual": {"map": 0.1, "ndcg@10": 0.5, "recall@100": 0.9}}
    other = {"mteb": {"cosine_spearman": 0.77777}}
    chosen = headline(
        {
            "miracl": summary(scores, measures=["ndcg@10", "recall@100"]),
            "mteb/STS22": summary(other, measures=["cosine_spearman"]),
        }
    )
    assert chosen == {
        "miracl": {"ndcg@10": {"monolingual": 0.5}},
        "mteb/STS22": {"cosine_spearman": {"mteb": 0.7778}},
    }
