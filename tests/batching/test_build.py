import os
import subprocess
import sys

import pyarrow as pa
import pytest

from hbir.batching.build import draft_plans, make_plan
from hbir.batching.inventory import Inventory
from hbir.batching.plan import write_plan
from hbir.core.errors import DataError, ParamsError, PlanError
from hbir.core.files import write_table
from hbir.core.schemas import PAIRS_SCHEMA
from tests.batching.inventories import (
    NAMES,
    ROW_BY_ROW,
    Pair,
    merged,
    pair_ids_of,
    params,
    plan_of,
    rows_of,
    table,
    whole,
)


def pairs_in(*languages, count=12):
    return [Pair(i, languages=languages) for i in range(count)]


def test_merge_sorts_by_language_and_pair_and_keeps_both_splits():
    pairs = [Pair(5), Pair(-3), Pair(4, split="validation", languages=["fr"])]
    rows = whole({language: table(pairs, language) for language in ("fr", "de")})
    keys = list(zip(rows["lang"].to_pylist(), rows["pair_id"].to_pylist(), strict=True))
    assert keys == [("de", -3), ("de", 5), ("fr", -3), ("fr", 4), ("fr", 5)]
    assert rows["split"].to_pylist()[3] == "validation"


def test_merge_takes_tables_with_more_columns():
    english = table([Pair(1)], "en").append_column("query_key", pa.array(["x"]))
    assert whole({"en": english}).schema == PAIRS_SCHEMA


def test_merge_does_not_depend_on_the_order_of_languages():
    tables = {language: table([Pair(5), Pair(2)], language) for language in ("de", "fr")}
    assert whole(tables).equals(whole(dict(reversed(tables.items()))))


def test_language_without_training_pairs_is_an_error():
    pairs = [Pair(1), Pair(2, languages=["el"], split="validation")]
    with pytest.raises(PlanError, match="pairs in el: expected training pairs, found none"):
        merged(pairs)


def test_pair_with_different_ids_in_two_languages_is_an_error():
    tables = {"de": table([Pair(1, passage_id=8)], "de"), "fr": table([Pair(1, passage_id=9)], "fr")}
    with pytest.raises(DataError, match="pair 1: expected one passage_id per pair"):
        whole(tables)


def test_pair_twice_in_a_language_is_an_error():
    with pytest.raises(DataError, match="pair 1: expected one row per pair and language"):
        merged([Pair(1), Pair(1)])


def test_pairs_without_training_rows_are_an_error():
    with pytest.raises(PlanError, match="expected train pairs, found none"):
        Inventory.of(PAIRS_SCHEMA.empty_table())


def test_inventory_holds_the_pairs_of_one_split():
    pairs = merged([Pair(1), Pair(2, split="validation")])
    assert Inventory.of(pairs).pair_ids.tolist() == [1]
    assert Inventory.of(pairs, "validation").pair_ids.tolist() == [2]


def test_unknown_composition_is_an_error():
    with pytest.raises(ParamsError, match="Did you mean 'hybrid'"):
        plan_of("hybird", pairs_in("de", "fr"), params())


@pytest.mark.parametrize("composition", ["xy", "hybrid", "hybrid_rows"])
def test_one_language_is_an_error_for_xy_and_hybrid(composition):
    with pytest.raises(PlanError, match="plan xy: expected at least two training languages, found de"):
        plan_of(composition, pairs_in("de"), params(alpha=1.0))


def test_english_without_english_is_an_error():
    with pytest.raises(PlanError, match="plan english: expected en among the training languages, found de, fr"):
        plan_of("english", pairs_in("de", "fr"), params())


@pytest.mark.parametrize(
    ("composition", "place"),
    [
        ("xx", "plan xx, source b, language de"),
        ("xy", "plan xy, source b"),
        ("hybrid", "plan xy, source b"),
        ("mixed", "plan mixed, source b"),
        ("english", "plan english, source b, language en"),
        ("hybrid_rows", "plan xy, source b"),
    ],
)
def test_source_that_can_never_fill_a_step_is_an_error(composition, place):
    small = [Pair(100 + i, source="b", passage_id=min(i, 2)) for i in range(5)]
    expected = f"{place}: expected at least 4 pairs that can stand in one batch, found 3 .of 5 pairs.. Lower"
    with pytest.raises(PlanError, match=expected):
        plan_of(composition, pairs_in("de", "en", "fr") + small, params(size=4, steps=1))


def test_source_that_fills_in_one_language_is_left_out_of_the_other_and_told(caplog):
    small = [Pair(100 + i, source="b", languages=["de", "fr"] if i else ["de"]) for i in range(4)]
    plan = plan_of("xx", pairs_in("de", "fr") + small, params(size=4, steps=60))
    of_b = {row[2] for row in rows_of(plan) if row[1] >= 100}
    assert of_b == {"de"}
    assert caplog.messages == ["plan xx, source b, language fr is left out: it can fill 3 of 4 rows"]


@pytest.mark.parametrize("samplers", [["xx"], ["xy", "xx"], list(ROW_BY_ROW)])
def test_the_largest_batch_that_fits_is_named(samplers, caplog):
    """Five pairs in all languages, three of them in Greek too, two of these about one passage."""
    pairs = [Pair(number, languages=["de", "en"]) for number in range(2)]
    pairs += [Pair(10 + number, languages=["de", "el", "en"], passage_id=min(number, 1)) for number in range(3)]
    inventory = Inventory.of(merged(pairs))
    plans = draft_plans(samplers, inventory, params(size=64), 1, "f")
    with pytest.raises(
        PlanError, match=r"at least 64 pairs .*\. Set batches.size to 2 or less, or add pairs\."
    ):
        list(plans)
    assert caplog.messages == []
    assert len(list(draft_plans(samplers, inventory, params(size=2), 1, "f"))) == len(samplers)
    with pytest.raises(PlanError, match="or less"):
        list(draft_plans(samplers, inventory, params(size=3), 1, "f"))


def test_a_source_of_too_few_queries_with_all_passages_is_an_error():
    small = [Pair(100 + i, source="b", passage_id=min(i, 2)) for i in range(5)]
    with pytest.raises(
        PlanError,
        match=r"plan all_languages, source b: expected at least 10 rows of pairs .* found 9 \(of 5 pairs\)",
    ):
        plan_of("all_languages", pairs_in("de", "en", "fr") + small, params(size=10, steps=1))


@pytest.mark.parametrize("size", [2, 3])
def test_a_batch_of_one_query_is_an_error(size):
    """Nothing would be a negative; the pair in three languages decides, wherever it is."""
    pairs = [
        *pairs_in("de", "en"),
        *(Pair(100 + i, source="b", languages=["de", "en", "fr"]) for i in range(4)),
    ]
    with pytest.raises(
        PlanError, match=f"all_languages: expected batches.size above 3, .* found {size}. Raise"
    ):
        plan_of("all_languages", pairs, params(size=size))
    assert len(rows_of(plan_of("all_languages", pairs, params(size=4)))) == 40


def test_no_size_is_named_where_one_query_would_fill_it():
    inventory = Inventory.of(merged([Pair(i) for i in range(3)]))
    plans = draft_plans(["xx", "all_languages"], inventory, params(size=64), 1, "f")
    with pytest.raises(PlanError, match=r"plan xx.* found 3 .*\. Add pairs\. A language"):
        list(plans)


def test_where_no_batch_fits_pairs_must_be_added():
    inventory = Inventory.of(merged([*pairs_in("de", "en"), Pair(100, languages=["fr"])]))
    with pytest.raises(
        PlanError, match="source a, language fr: .* Add pairs. A language with few pairs can be left"
    ):
        list(draft_plans(["xx"], inventory, params(), 1, "f"))


def test_language_that_no_source_can_fill_is_an_error():
    pairs = [*pairs_in("de", "en"), Pair(100, languages=["fr"])]
    with pytest.raises(PlanError, match="plan xx, source a, language fr: expected at least 2"):
        plan_of("xx", pairs, params())


def test_source_in_one_language_is_passed_over_by_xy():
    alone = [Pair(100 + i, source="b", languages=["en"]) for i in range(50)]
    plan = plan_of("xy", pairs_in("de", "en") + alone, params(steps=50))
    assert max(pair_ids_of(plan)) < 100


def test_xy_without_pairs_in_two_languages_is_an_error():
    with pytest.raises(PlanError, match=r"plan xy, source a: .* found 0 \(of 0 pairs\)"):
        plan_of("xy", pairs_in("de") + [Pair(100 + i, languages=["fr"]) for i in range(9)], params())


def written(path, plan):
    write_plan(path, plan)
    return path.read_bytes()


@pytest.mark.parametrize("composition", NAMES)
def test_same_pairs_and_seed_give_the_same_bytes_and_another_seed_others(composition, tmp_path):
    pairs = pairs_in("de", "en", "fr")
    first, again = (written(tmp_path / "a", plan_of(composition, pairs, params(size=4))) for _ in range(2))
    assert first == again
    other = plan_of(composition, pairs, params(size=4), seed=2)
    assert rows_of(other) != rows_of(plan_of(composition, pairs, params(size=4)))


def test_another_process_with_another_hash_seed_gives_the_same_bytes(tmp_path):
    pairs = merged([Pair(i, source="ab"[i % 2], passage_id=i % 9) for i in range(40)])
    write_table(tmp_path / "pairs", pairs)
    plan = make_plan("hybrid", Inventory.of(pairs), params(size=4, steps=50), 1, "f")
    script = (
        "import sys, pathlib as p; from hbir.batching import build, inventory, plan;"
        "from hbir.core import files, schemas; from tests.batching.inventories import params;"
        "pairs = files.read_table(p.Path(sys.argv[1]), schemas.PAIRS_SCHEMA);"
        "made = build.make_plan('hybrid', inventory.Inventory.of(pairs), params(size=4, steps=50), 1, 'f');"
        "plan.write_plan(p.Path(sys.argv[2]), made)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "pairs"), str(tmp_path / "other")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "12345"})
    assert (tmp_path / "other").read_bytes() == written(tmp_path / "plan", plan)


@pytest.mark.parametrize("composition", ["xx", "xy", "mixed", "english", "all_languages"])
def test_alpha_changes_no_other_plan(composition, tmp_path):
    pairs = pairs_in("de", "en", "fr")
    first, second = (
        written(tmp_path / "plan", plan_of(composition, pairs, params(size=4, alpha=alpha)))
        for alpha in (0.5, 0.3)
    )
    assert first == second


@pytest.mark.parametrize("composition", NAMES)
def test_language_for_evaluation_alone_changes_no_plan(composition, tmp_path):
    """The pairs of the other languages are merged; Greek exists for some of them and stays out."""
    plans = []
    for pairs in (pairs_in("de", "en", "fr"), pairs_in("de", "el", "en", "fr")):
        rows = whole({language: table(pairs, language) for language in ("de", "en", "fr")})
        write_table(tmp_path / "pairs", rows)
        plan = make_plan(composition, Inventory.of(rows), params(size=4), 1, "f")
        plans.append(((tmp_path / "pairs").read_bytes(), written(tmp_path / "plan", plan)))
    assert plans[0] == plans[1]
