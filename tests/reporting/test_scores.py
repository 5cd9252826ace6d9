import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.reporting.columns import HEADLINE, Column, headline_columns
from hbir.reporting.scores import all_columns, benchmark_scores, score_table

MAP = Column(setting="monolingual", measure="map")
DISTANCE = Column(setting="multilingual", measure="rank_distance")


def rows(column, *values):
    return [
        (str(n), "", {column.setting: {column.measure: v}} if v is not None else {})
        for n, v in enumerate(values)
    ]


def best(table):
    return [row.cells[0].best for row in table.rows]


def test_the_highest_is_best():
    assert best(score_table(rows(MAP, 0.1, 0.3, 0.2), [MAP])) == [False, True, False]


def test_the_lowest_rank_distance_is_best():
    assert best(score_table(rows(DISTANCE, 4100.0, 716.3, 834.9), [DISTANCE])) == [False, True, False]


@pytest.mark.parametrize(
    ("column", "values"), [(MAP, (0.12341, 0.12339, 0.1)), (DISTANCE, (10.01, 9.99, 11.0))]
)
def test_scores_that_read_the_same_are_all_best(column, values):
    assert best(score_table(rows(column, *values), [column])) == [True, True, False]


def test_one_score_is_not_the_best_of_anything():
    assert best(score_table(rows(MAP, 0.5), [MAP])) == [False]
    assert best(score_table(rows(MAP, 0.5, None), [MAP])) == [False, False]


def test_a_missing_score_is_a_dash_and_never_the_best():
    table = score_table(rows(DISTANCE, None, 5.0, 6.0), [DISTANCE])
    assert [row.cells[0].text for row in table.rows] == ["–", "5.0", "6.0"]
    assert best(table) == [False, True, False]


def test_a_column_without_scores_is_dropped():
    assert score_table(rows(MAP, 0.1, 0.2), [DISTANCE, MAP]).columns == (MAP,)


def test_zero_is_a_score():
    assert score_table(rows(MAP, 0.0), [MAP]).rows[0].cells[0].text == "0.0000"


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=2, max_size=6), st.booleans())
def test_marks_equal_a_plain_search(values, lower):
    column = DISTANCE if lower else MAP
    texts = [None if v is None else float(column.text(v)) for v in values]
    known = [t for t in texts if t is not None]
    table = score_table([*rows(column, *values), ("other", "", {"monolingual": {"map": 1.0}})], [column, MAP])
    target = (min(known) if lower else max([*known, 1.0])) if known else None
    if known and lower:
        assert best(table)[:-1] == [len(known) > 1 and t == target for t in texts]
    elif not lower:
        assert best(table)[:-1] == [bool(known) and t == target for t in texts]


def test_the_settings_of_a_benchmark(results):
    (scores,) = benchmark_scores(results)
    assert scores.main.columns == HEADLINE
    assert scores.main.settings == [("monolingual", 2), ("cross-lingual", 2), ("multilingual", 3)]
    for row, result in zip(scores.main.rows, results, strict=True):
        settings = result.summaries["cldr"].settings
        assert [cell.value for cell in row.cells] == [settings[c.setting][c.measure] for c in HEADLINE]
    assert [column.text(1234.56) for column in HEADLINE[-1:]] == ["1,234.6"]


def test_groups_hold_the_scores_of_the_group(results):
    (scores,) = benchmark_scores(results)
    assert list(scores.groups) == ["seen", "unseen"]
    wanted = results[1].summaries["cldr"].groups["unseen"]["cross_lingual"]["map"]
    assert scores.groups["unseen"].rows[1].cells[2].value == wanted


def test_the_final_checkpoint_stands_beside_the_best_where_it_is_another(results):
    table = benchmark_scores(results)[0].final
    assert table is not None
    assert [(row.sampler, row.note) for row in table.rows] == [
        ("xy", "best 1,000"),
        ("xy", "final 1,200"),
    ]
    assert [row.cells[0].value for row in table.rows] == [
        results[1].summaries["cldr"].settings["monolingual"]["map"],
        results[1].final["cldr"]["monolingual"]["map"],
    ]


def test_no_final_table_when_the_last_step_is_the_best(single):
    assert benchmark_scores(single)[0].final is None


def test_a_benchmark_of_one_language(single):
    (scores,) = benchmark_scores(single)
    assert {column.setting for column in scores.main.columns} == {"monolingual", "multilingual"}
    assert scores.description == "2.18.0+3f2a9c · 1 language · 424 queries · 431 passages"


def test_every_measure_is_listed_once(results):
    columns = all_columns(results, "cldr")
    assert len(columns) == len(set(columns)) == 7 + 7 + 8


def test_a_benchmark_with_mean_average_precision_shows_what_the_paper_shows():
    assert headline_columns(["map"]) == headline_columns(["map", "map@20"]) == HEADLINE


def test_another_benchmark_shows_its_own_measures_and_the_rank_distance():
    columns = headline_columns(["ndcg@10", "recall@100"])
    assert [(c.setting, c.name) for c in columns if c.setting != "mteb"] == [
        ("monolingual", "nDCG@10"),
        ("monolingual", "R@100"),
        ("cross_lingual", "nDCG@10"),
        ("cross_lingual", "R@100"),
        ("multilingual", "nDCG@10"),
        ("multilingual", "R@100"),
        ("multilingual", "rank distance ↓"),
    ]


def test_recall_of_the_first_is_called_accuracy_where_it_is_the_main_measure():
    assert {c.name for c in headline_columns(["recall@1"])} == {"accuracy", "rank distance ↓"}
    assert "accuracy" not in {c.name for c in headline_columns(["mrr@10", "recall@1"])}


def test_benchmarks_of_all_kinds(five):
    tables = {scores.name: scores for scores in benchmark_scores(five)}
    shown = {name: [(c.setting, c.name) for c in scores.main.columns] for name, scores in tables.items()}
    assert shown["miracl"] == [("monolingual", "nDCG@10"), ("monolingual", "R@100")]
    assert shown["tatoeba"] == [("cross_lingual", "accuracy")]
    assert shown["mteb/STS22"] == [("mteb", "cosine_spearman")]
    assert shown["beir/my set"][-1] == ("multilingual", "rank distance ↓")
    assert [cell.value for row in tables["miracl"].main.rows for cell in row.cells[:1]] == [
        result.summaries["miracl"].settings["monolingual"]["ndcg@10"] for result in five
    ]
    assert tables["mteb/STS22"].description == "2.18.0+3f2a9c · 2 languages"
    assert all(scores.final and scores.final.columns == scores.main.columns for scores in tables.values())


def test_measures_that_only_mteb_has_are_listed(five):
    assert [column.name for column in all_columns(five, "mteb/STS22")] == ["cosine_spearman"]
    assert "accuracy" in [column.name for column in all_columns(five, "tatoeba")]
