"""What is scored are the embeddings that a user of the saved model gets."""

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from hbir.core.errors import DataError
from hbir.core.files import write_json
from hbir.encoding.model import load_encoder
from hbir.evaluation import scoring
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.ranking import similarity_chunks
from hbir.evaluation.report import evaluate
from hbir.evaluation.results import read_results
from hbir.evaluation.save import save
from tests.encoding.test_encoder import saved
from tests.evaluation.conftest import exact

PARAMS = EvaluateParams(benchmarks=["cldr"], query_chunk=100, batch_size=64, embeddings=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("scoring") / "model")


def test_the_scores_are_those_of_encode_query_and_encode_document(folder: Path):
    task = exact("cldr", ["de", "en"])
    scored = scoring.score_task(load_encoder(folder), task, PARAMS)
    model = SentenceTransformer(str(folder), device="cpu")
    queries = np.asarray(model.encode_query(task.queries, batch_size=64))
    passages = np.asarray(model.encode_document(task.passages, batch_size=64))
    by_hand = evaluate(task, similarity_chunks(queries, passages, 100))
    assert scored.settings == by_hand.settings
    swapped = evaluate(task, similarity_chunks(np.asarray(model.encode(task.queries)), passages, 100))
    assert scored.settings != swapped.settings


def test_results_come_back_with_typed_cells(folder: Path, tmp_path: Path):
    task = exact("cldr", ["de", "en"])
    evaluation = scoring.score_task(load_encoder(folder), task, PARAMS)
    save(evaluation, tmp_path / "xx" / "cldr")
    write_json(tmp_path / "xx" / "final.json", {"cldr": evaluation.settings})
    write_json(tmp_path / "xx" / "training.json", {"sampler": "xx"})
    (result,) = read_results(tmp_path, ["xx"])
    assert result.summaries["cldr"]["settings"] == evaluation.settings
    cells = result.cells("cldr")
    assert {cell["setting"] for cell in cells} == {"monolingual", "cross_lingual", "multilingual"}
    mean = np.mean([cell["map"] for cell in cells if cell["setting"] == "cross_lingual"])
    assert mean == pytest.approx(evaluation.settings["cross_lingual"]["map"], abs=1e-5)
    assert all(cell["rank_distance"] is None for cell in cells if cell["setting"] != "multilingual")


def test_a_missing_sampler_says_how_to_make_it(tmp_path: Path):
    with pytest.raises(DataError, match=r"xy/training.json: expected a file, found none. Run `dvc repro`"):
        read_results(tmp_path, ["xy"])
