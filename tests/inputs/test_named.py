"""Paths of params.yaml: each has its stage, and is refused where DVC would not see it change."""

from pathlib import Path
from typing import Any

import pytest

from hbir.collection.params import CollectParams
from hbir.core.errors import ParamsError
from hbir.core.params import read_params, section
from hbir.encoding.params import EncoderParams
from hbir.evaluation.params import EvaluateParams
from hbir.inputs import named
from hbir.translation.params import TranslateParams

PARAMS = read_params(Path(__file__).parents[2] / "params.yaml")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HBIR_DATA", "DVC_ROOT", "DVC_STAGE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


def written(found: Any) -> list[str]:
    return [path.written for path in found]


def collect(*sources: dict[str, Any], leak_guard: list[Any] | None = None) -> list[str]:
    params = {"collect": {**PARAMS["collect"], "sources": list(sources), "leak_guard": leak_guard or []}}
    return written(named.of_collect(section(params, "collect", CollectParams)))


def score(*benchmarks: Any) -> list[str]:
    params = {"evaluate": {**PARAMS["evaluate"], "benchmarks": list(benchmarks)}}
    return written(named.of_score(section(params, "evaluate", EvaluateParams)))


def translate(**changes: Any) -> list[str]:
    params = {"translate": {**PARAMS["translate"], **changes}}
    return written(named.of_translate(section(params, "translate", TranslateParams), ["de", "en", "es"]))


def encoder(name: str) -> list[str]:
    params = {"encoder": {**PARAMS["encoder"], "name": name}}
    return written(named.of_encoder(section(params, "encoder", EncoderParams)))


def csv(path: str) -> dict[str, Any]:
    return {"kind": "csv", "name": "faq", "path": path, "query": "q", "passage": "a"}


def test_collect_reads_sources_and_guarded_benchmarks():
    hub = {"kind": "hub", "name": "wiki", "query": "q", "passage": "a"}
    found = collect(
        {"kind": "cldr"},
        csv("data/sources/faq.csv"),
        {**hub, "dataset": "microsoft/wiki_qa"},
        {**hub, "name": "mine", "dataset": "data/sources/mine"},
        leak_guard=["cldr", {"name": "beir/mine", "data": "data/benchmarks/mine"}],
    )
    assert found == ["data/sources/faq.csv", "data/sources/mine", "data/benchmarks/mine"]


def test_score_reads_benchmarks_also_those_in_the_sources_folder():
    parallel = {"name": "parallel/docs", "data": "data/sources/docs.jsonl", "held_out": 0.1}
    assert score("cldr", "tatoeba", parallel) == ["data/sources/docs.jsonl"]


def test_a_benchmark_is_found_by_its_name():
    Path("data/benchmarks/xquad-r").mkdir(parents=True)
    assert score("xquad-r") == ["data/benchmarks/xquad-r"]
    assert score("xtreme-r-lareqa") == ["data/benchmarks/xquad-r"], "it has the files of the other"
    Path("data/benchmarks/xtreme-r-lareqa").mkdir()
    assert score("xtreme-r-lareqa") == ["data/benchmarks/xtreme-r-lareqa"]


def test_translate_reads_lexicons_and_local_models_per_language():
    opus = {"name": "ctranslate2", "family": "opus", "model": "data/engines/{lang}-ct2"}
    assert translate(engine="cldr") == []
    assert translate(engine={"name": "nllb", "model": "facebook/nllb-200-distilled-600M"}) == []
    assert translate(engine=opus) == ["data/engines/de-ct2", "data/engines/es-ct2"]
    lexicon = {"name": "glossary", "path": "data/sources/en-es.txt"}
    assert translate(engine="cldr", languages={"es": lexicon}) == ["data/sources/en-es.txt"]


def test_encoder_reads_a_folder_alone():
    assert encoder("tiny") == encoder("xlm-roberta-base") == encoder("intfloat/multilingual-e5-small") == []
    assert encoder("data/encoders/mine") == ["data/encoders/mine"]


@pytest.mark.parametrize(
    "path",
    [
        "$HBIR_DATA/faq.csv",
        "~/faq.csv",
        "/somewhere/faq.csv",
        "../faq.csv",
        "faq.csv",
        "data/faq.csv",
        "data/sources/../../faq.csv",
    ],
)
def test_a_path_that_dvc_does_not_watch_is_refused_with_a_way_out(path: str):
    with pytest.raises(ParamsError) as caught:
        collect(csv(path))
    message = str(caught.value)
    assert message.startswith("params.yaml: collect.sources: faq.path: expected a path below a folder that DVC")
    assert f"`python -m hbir link {path} data/sources/faq.csv`" in message


@pytest.mark.parametrize("name", ["models/hybrid", "./mine", "/somewhere/mine"])
def test_an_encoder_elsewhere_is_refused(name: str):
    Path("models/hybrid").mkdir(parents=True)
    with pytest.raises(ParamsError, match=f"hbir link {name} data/encoders/{Path(name).name}"):
        encoder(name)


def test_a_benchmark_in_the_shared_folder_is_refused_and_not_fetched_from_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "shared/xquad-r").mkdir(parents=True)
    monkeypatch.setenv("HBIR_DATA", str(tmp_path / "shared"))
    with pytest.raises(ParamsError, match=r"link \$HBIR_DATA/xquad-r data/benchmarks/xquad-r"):
        score("xquad-r")
    with pytest.raises(ParamsError, match=r"link \$HBIR_DATA/xquad-r data/benchmarks/xquad-r"):
        score("xtreme-r-lareqa")
    assert score("tatoeba") == []
