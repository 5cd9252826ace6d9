"""Adjustments learn from training passages alone, the same ones in every language."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hbir.core.errors import DataError
from hbir.core.files import write_table
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.encoding.embed import embed
from hbir.encoding.model import load_encoder
from hbir.evaluation.learning import learn, training_passages
from hbir.evaluation.params import EvaluateParams
from tests.encoding.test_encoder import saved
from tests.training.conftest import make_pairs

PARAMS = EvaluateParams(
    benchmarks=["cldr"], query_chunk=9, batch_size=8, embeddings=None, adjustment_passages=10
)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    write_table(tmp_path / "pairs.parquet", make_pairs(count=24, validation=6))
    return tmp_path / "pairs.parquet"


def test_the_same_passages_in_every_language(pairs: Path):
    chosen = training_passages(pairs, 10)
    assert list(chosen) == ["aa", "bb", "cc"]
    assert all(len(set(texts)) == len(texts) == 10 for texts in chosen.values())
    numbers = [[text.split()[-1] for text in texts] for texts in chosen.values()]
    assert numbers[0] == numbers[1] == numbers[2]
    assert numbers[0] != sorted(numbers[0], key=int)  # not the first ones: those of one source


def test_none_of_them_is_validated_on(pairs: Path):
    held_out = {row["passage"] for row in make_pairs(24, 6).to_pylist() if row["split"] == "validation"}
    every = training_passages(pairs, 1000)
    assert all(len(texts) == 24 for texts in every.values())
    assert not held_out & {text for texts in every.values() for text in texts}


def test_pairs_without_training_are_refused(tmp_path: Path):
    write_table(tmp_path / "pairs.parquet", pa.Table.from_pylist([], schema=PAIRS_SCHEMA))
    with pytest.raises(DataError, match="expected pairs that are trained on, found none"):
        training_passages(tmp_path / "pairs.parquet", 10)


def test_a_model_is_centred_by_its_own_embeddings(pairs: Path, tmp_path: Path):
    model = load_encoder(saved(tmp_path / "m"))
    adjustment = learn(model, "centred", pairs, PARAMS)
    texts = training_passages(pairs, 10)["bb"]
    expected = embed(model, texts, "document", 8).mean(axis=0)
    np.testing.assert_allclose(adjustment.means[1], expected, atol=1e-6)
    assert adjustment.languages == ["aa", "bb", "cc"]
    assert adjustment.normalize


def test_lir_removes_as_many_directions_as_asked_for(pairs: Path, tmp_path: Path):
    model = load_encoder(saved(tmp_path / "m"))
    assert learn(model, "lir", pairs, PARAMS).directions.shape == (4, 1, 16)
