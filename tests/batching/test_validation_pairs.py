import pytest

from hbir.batching.validation_pairs import check_validation, validation_inventory
from hbir.core.errors import PlanError
from tests.batching.inventories import Pair, merged


def held_back(*pairs):
    return merged([Pair(1), Pair(2), *pairs])


def test_two_sources_are_validated_on_together():
    pairs = held_back(Pair(3, split="validation"), Pair(4, split="validation", source="b"))
    inventory = validation_inventory(pairs)
    assert inventory.sources == ["all"]
    assert inventory.pair_ids.tolist() == [3, 4]
    check_validation(pairs, "all")


def test_no_validation_pair_at_all():
    with pytest.raises(
        PlanError, match="expected validation pairs, found none. Add pairs, or change `validation`"
    ):
        check_validation(held_back(), "all")


def test_too_few_in_a_language():
    pairs = held_back(
        Pair(3, split="validation"),
        Pair(4, split="validation", languages=["de", "en"]),
        Pair(5, split="validation", languages=["fr"], passage_id=3),
    )
    with pytest.raises(PlanError, match="validation pairs in fr: expected at least two .*, found 2. Raise"):
        check_validation(pairs, "all")
    check_validation(pairs, ["de", "en"])
