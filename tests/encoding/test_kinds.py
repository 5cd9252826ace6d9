"""What is no dense encoder is refused by name, wherever a model is named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sentence_transformers import CrossEncoder, MultiVectorEncoder, SparseEncoder
from transformers import (
    AutoConfig,
    XLMRobertaForMaskedLM,
    XLMRobertaForQuestionAnswering,
    XLMRobertaForSequenceClassification,
    XLMRobertaForTokenClassification,
)

from hbir.commands.benchmark import benchmark
from hbir.commands.search import search
from hbir.core.errors import ModelError
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import load_encoder, open_encoder
from hbir.encoding.sources import find_source
from tests.encoding.architectures import make_e5, make_labse
from tests.encoding.builder import make_params

pytestmark = pytest.mark.usefixtures("nowhere")
HEADS = {
    "reranker": (XLMRobertaForSequenceClassification, 1),
    "ner": (XLMRobertaForTokenClassification, 9),
    "reader": (XLMRobertaForQuestionAnswering, 2),
    "mlm": (XLMRobertaForMaskedLM, 2),
}
SAVED: dict[str, tuple[Callable[[str], object], str]] = {
    "reranker": (CrossEncoder, "reranker-st"),
    "mlm": (SparseEncoder, "splade"),
    "e5": (MultiVectorEncoder, "colbert"),
}
REFUSED = {
    "reranker": "a classifier or reranker, .*XLMRobertaForSequenceClassification",
    "ner": "a tagger, .*XLMRobertaForTokenClassification",
    "reader": "a reader, .*XLMRobertaForQuestionAnswering",
    "reranker-st": "a reranker .CrossEncoder.",
    "splade": "a sparse encoder .such as SPLADE.",
    "colbert": "a multi-vector encoder .such as ColBERT.",
}


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save models of other kinds, as their libraries do."""
    folder: Path = tmp_path_factory.mktemp("kinds")
    make_e5(folder / "e5")
    for name, (kind, labels) in HEADS.items():
        kind(AutoConfig.from_pretrained(str(folder / "e5"), num_labels=labels)).save_pretrained(folder / name)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (folder / name / file).write_bytes((folder / "e5" / file).read_bytes())
    for name, (save, target) in SAVED.items():
        save(str(folder / name), device="cpu").save_pretrained(str(folder / target))  # type: ignore[attr-defined,call-arg]
    return folder


@pytest.mark.parametrize("name", REFUSED)
def test_other_kinds_are_refused_in_scoring_search_and_training(others: Path, name: str, tmp_path: Path):
    model, text = str(others / name), f"expected a dense encoder, .*found {REFUSED[name]}"
    (tmp_path / "corpus.txt").write_text("a passage\n")
    for command, arguments in (
        (benchmark, ["cldr", "--model", model]),
        (search, [model, "why", "--corpus", "corpus.txt"]),
    ):
        with pytest.raises(ModelError, match=text):
            CliRunner().invoke(command, arguments, catch_exceptions=False)
    with pytest.raises(ModelError, match=text):
        initial_encoder(make_params(name=model), [], 1)


def test_a_masked_language_model_is_an_encoder(others: Path):
    assert find_source(str(others / "mlm"), None, "model").revision == ""


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("sentence_transformers.sparse_encoder.models.SpladePooling", "a sparse encoder"),
        ("pylate.models.Dense.Dense", "a multi-vector encoder"),
    ],
)
def test_folders_that_older_versions_saved_are_told_by_their_modules(tmp_path: Path, module: str, text: str):
    make_labse(tmp_path / "model")
    modules = json.loads((tmp_path / "model/modules.json").read_text())
    modules[1]["type"] = module
    (tmp_path / "model/modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match=f"found {text}"):
        open_encoder("model/")
    with pytest.raises(ModelError, match=f"found {text}"):
        load_encoder(tmp_path / "model")


def test_a_folder_without_pooling_says_so_at_once(tmp_path: Path):
    make_labse(tmp_path / "model")
    modules = json.loads((tmp_path / "model/modules.json").read_text())
    (tmp_path / "model/modules.json").write_text(json.dumps(modules[:1]))
    with pytest.raises(ModelError, match="expected a model that embeds a text, found"):
        open_encoder("model/", "cpu")
