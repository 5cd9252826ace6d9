"""The numbers that stand in Git."""

from hbir.evaluation.headline import headline


def test_map_by_setting_and_the_rank_distance_are_chosen_and_rounded():
    scores = {
        "monolingual": {"map": 0.123456, "recall@1": 0.5},
        "cross_lingual": {"map": 0.2},
        "multilingual": {"map": 0.3, "rank_distance": 12.345},
    }
    assert headline({"cldr": scores}) == {
        "cldr": {
            "map": {"monolingual": 0.1235, "cross_lingual": 0.2, "multilingual": 0.3},
            "rank_distance": 12.3,
        }
    }


def test_an_absent_setting_is_absent():
    assert headline({"cldr": {"monolingual": {"map": 1.0}}}) == {"cldr": {"map": {"monolingual": 1.0}}}
