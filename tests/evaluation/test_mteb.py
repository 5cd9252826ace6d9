"""Tasks of mteb: its own evaluator on data in memory, and every way to ask for the wrong thing."""

import builtins
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from hbir.benchmarks.params import BenchmarkParams
from hbir.core.errors import DataError, ParamsError
from hbir.encoding.model import prepare_torch
from hbir.evaluation.mteb_tasks import evaluate_task, find_task, score_mteb
from hbir.evaluation.save import save
from hbir.evaluation.summary import read_summary
from tests.encoding.test_encoder import saved


@pytest.fixture(scope="module", autouse=True)
def mteb():
    """Import mteb, which takes seconds, when the first test here runs."""
    return pytest.importorskip("mteb", reason="the extra hbir[mteb] is not installed")


TEXTS = {
    "deu": [
        "Die Hauptstadt von Japan ist Tokio.",
        "Der Euro ist eine Währung.",
        "Auf dem Markt gibt es Fisch.",
    ],
    "fra": ["La capitale du Japon est Tokyo.", "L'euro est une monnaie.", "Il y a du poisson au marché."],
}
QUESTIONS = {"deu": ["Wie heißt Japans Hauptstadt?", "Was ist der Euro?"], "fra": ["Qu'est-ce que l'euro ?"]}


def task_class(langs=("deu", "fra")):
    from datasets import Dataset
    from mteb.abstasks import AbsTaskRetrieval
    from mteb.abstasks.task_metadata import TaskMetadata

    class Toy(AbsTaskRetrieval):  # type: ignore[misc]
        data_loaded = False
        metadata = TaskMetadata(
            name="ToyRetrieval",
            description="Three passages.",
            type="Retrieval",
            dataset={"path": "nobody/toy", "revision": "abc123"},
            eval_splits=["test"],
            eval_langs={lang: [f"{lang}-Latn"] for lang in langs},
            main_score="ndcg_at_10",
        )

        def load_data(self, num_proc=None, *, timer=None, **kwargs):
            if self.data_loaded:
                return
            self.dataset = {lang: {"test": _split(Dataset, lang)} for lang in self.hf_subsets}
            self.data_loaded = True

    return Toy


def _split(dataset, lang):
    queries = [{"id": f"q{i}", "text": text} for i, text in enumerate(QUESTIONS[lang])]
    passages = [{"id": f"p{i}", "title": "", "text": text} for i, text in enumerate(TEXTS[lang])]
    offset = len(TEXTS[lang]) - 1 - len(queries)
    return {
        "queries": dataset.from_list(queries),
        "corpus": dataset.from_list(passages),
        "relevant_docs": {f"q{i}": {f"p{i + offset}": 1} for i in range(len(queries))},
        "top_ranked": None,
    }


@pytest.fixture(scope="module")
def model(mteb, tmp_path_factory):
    prepare_torch(1)
    return SentenceTransformer(str(saved(tmp_path_factory.mktemp("mteb") / "model")), device="cpu")


@pytest.fixture(scope="module")
def evaluation(model):
    return evaluate_task(model, task_class()(), 8)


def ndcg(model, lang):
    """Rank the passages of a toy task by hand; each query has one relevant passage."""
    queries = np.asarray(model.encode_query(QUESTIONS[lang]))
    similarities = queries @ np.asarray(model.encode_document(TEXTS[lang])).T
    offset = len(TEXTS[lang]) - 1 - len(queries)
    ranks = [1 + (row > row[i + offset]).sum() for i, row in enumerate(similarities)]
    return np.mean([1 / np.log2(1 + rank) for rank in ranks])


def test_the_score_is_that_of_the_models_own_queries_and_passages(model, evaluation):
    by_hand = {lang: ndcg(model, lang) for lang in TEXTS}
    assert evaluation.groups["deu"]["mteb"]["ndcg@10"] == pytest.approx(by_hand["deu"], abs=1e-5)
    assert evaluation.groups["fra"]["mteb"]["ndcg@10"] == pytest.approx(by_hand["fra"], abs=1e-5)
    assert evaluation.settings["mteb"]["ndcg@10"] == pytest.approx(np.mean(list(by_hand.values())), abs=1e-5)


def test_it_is_the_score_of_the_leaderboard(mteb, model, evaluation):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = mteb.evaluate(model, task_class()(), cache=None, co2_tracker=False, show_progress_bar=False)
    assert evaluation.settings["mteb"]["ndcg@10"] == pytest.approx(
        result.task_results[0].get_score(), abs=1e-12
    )


def test_the_task_is_described(evaluation):
    assert asdict(evaluation.task) == {
        "name": "mteb/ToyRetrieval",
        "version": "abc123",
        "languages": ["de", "fr"],
        "queries": 3,
        "passages": 6,
        "measures": ["ndcg@10"],
        "precision": "fp32",
    }
    assert set(evaluation.settings["mteb"]) == {
        "ndcg@10",
        "map@20",
        "recall@1",
        "recall@10",
        "recall@100",
        "mrr@10",
    }
    assert evaluation.counts.known() == {"subsets": 2, "splits": 1}


def test_it_is_kept_like_any_other(evaluation, tmp_path: Path):
    save(evaluation, tmp_path / "mteb" / "ToyRetrieval")
    assert read_summary(tmp_path / "mteb" / "ToyRetrieval" / "summary.json").settings == evaluation.settings
    assert evaluation.cells.num_rows == evaluation.queries.num_rows == 0


def test_a_task_of_another_kind_has_its_own_measure(model):
    from mteb.mocks.mock_tasks.sts import MockSTSTask

    evaluation = evaluate_task(model, MockSTSTask(), 8)
    assert evaluation.task.measures == ["cosine_spearman"]
    assert list(evaluation.settings["mteb"]) == ["cosine_spearman"]
    assert evaluation.groups == {}
    assert evaluation.task.queries == 0


@pytest.fixture
def registered(mteb, monkeypatch):
    monkeypatch.setattr(mteb, "get_task", lambda name: task_class()())


def toy(languages=None):
    return BenchmarkParams(name="mteb/ToyRetrieval", languages=languages)


@pytest.mark.parametrize(
    ("named", "project", "kept"),
    [
        (None, None, ["deu", "fra"]),
        (["fr"], None, ["fra"]),
        (None, ["de", "th"], ["deu"]),
        (["de", "fr"], ["th"], ["deu", "fra"]),
    ],
)
@pytest.mark.usefixtures("registered")
def test_subsets_are_chosen_by_language(named, project, kept):
    assert find_task(toy(named), project).hf_subsets == kept


def test_a_subset_of_two_languages_needs_both(mteb, monkeypatch):
    kind = task_class()
    pair = {"eval_langs": {"de-fr": ["deu-Latn", "fra-Latn"], "fr": ["fra-Latn"]}}
    kind.metadata = kind.metadata.model_copy(update=pair)
    monkeypatch.setattr(mteb, "get_task", lambda name: kind())
    assert find_task(toy(["fr"]), None).hf_subsets == ["fr"]
    with pytest.raises(ParamsError, match="expected all languages of one of its subsets, which are de-fr, fr"):
        find_task(toy(["de"]), None)


@pytest.mark.usefixtures("registered")
def test_languages_that_the_task_lacks_are_refused():
    with pytest.raises(ParamsError, match="benchmark mteb/ToyRetrieval: languages: expected one of de, fr"):
        find_task(toy(["th"]), None)
    with pytest.raises(ParamsError, match="found only th, tr"):
        find_task(toy(), ["th", "tr"])


def test_an_unknown_task_is_told_its_nearest_names(model):
    with pytest.raises(ParamsError, match=r"found 'SciFacts'\. Did you mean .*SciFact"):
        score_mteb(model, "mteb/SciFacts", None, 8)
    with pytest.raises(ParamsError, match="Look it up with"):
        score_mteb(model, "mteb/9-9-9", None, 8)


def test_a_folder_is_refused(model):
    with pytest.raises(ParamsError, match="mteb loads its data itself"):
        score_mteb(model, {"name": "mteb/SciFact", "data": "."}, None, 8)


def test_a_missing_package_says_how_to_install_it(monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **options):
        if name == "mteb":
            raise ModuleNotFoundError("No module named 'mteb'", name="mteb")
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ParamsError, match=r"python -m pip install 'mteb>=2\.26'"):
        find_task(toy(), None)


def test_a_dataset_that_cannot_be_had_is_named(model):
    kind = task_class()

    def unreachable(self, **_):
        raise ConnectionError("Couldn't reach 'nobody/toy' on the Hub")

    kind.load_data = unreachable
    with pytest.raises(DataError, match="dataset nobody/toy of the Hub, revision abc123, found Couldn't reach"):
        evaluate_task(model, kind(), 8)
