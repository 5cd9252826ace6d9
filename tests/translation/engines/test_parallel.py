import pyarrow as pa
import pytest

from hbir.core.errors import ParamsError
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA
from hbir.translation.engines.engine import Segment
from tests.translation.makers import engine_of, only, translate_params, translated


def engine():
    return engine_of(translate_params(engine="parallel"), "es")


def test_it_has_no_translation_of_anything():
    assert engine().translate([Segment("", "a"), Segment("key", "b")]) == [None, None]
    assert engine().translate([]) == []


def test_only_what_comes_translated_is_kept():
    english = {
        "pair_id": [1, 2],
        "passage_id": [1, 2],
        "query_id": [1, 2],
        "source": ["toy", "toy"],
        "split": ["train", "train"],
        "query": ["who?", "when?"],
        "passage": ["She.", "Now."],
        "query_key": ["", ""],
        "passage_key": ["", ""],
    }
    parallel = {"pair_id": [2], "lang": ["es"], "query": ["¿cuándo?"], "passage": ["Ahora."]}
    translation = translated(
        pa.table(english, schema=ENGLISH_SCHEMA),
        pa.table(parallel, schema=PARALLEL_SCHEMA),
        engine(),
        "es",
        only(),
    )
    assert translation.table["pair_id"].to_pylist() == [2]
    assert translation.table["query"].to_pylist() == ["¿cuándo?"]
    assert sum(translation.summary.absent.values()) == 1


def test_it_has_no_keys_of_its_own():
    with pytest.raises(ParamsError, match="path"):
        engine_of(translate_params(engine={"name": "parallel", "path": "x"}), "es")
