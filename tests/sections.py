"""Check that a file of params is whole: every section, and in it every key of its dataclass and no other."""

from pathlib import Path

from hbir.batching.params import BatchParams
from hbir.collection.params import CollectParams
from hbir.core.params import read_params, section
from hbir.core.project import read_project
from hbir.encoding.params import EncoderParams
from hbir.evaluation.params import EvaluateParams
from hbir.tracking.params import TrackingParams
from hbir.training.params import TrainParams, read_overrides
from hbir.translation.params import TranslateParams
from hbir.translation.selection import select_engines

SECTIONS = {
    "collect": CollectParams,
    "translate": TranslateParams,
    "batches": BatchParams,
    "encoder": EncoderParams,
    "train": TrainParams,
    "evaluate": EvaluateParams,
    "tracking": TrackingParams,
}


def check_whole(path: Path) -> None:
    params = read_params(path)
    project = read_project(params)
    for name, kind in SECTIONS.items():
        assert set(params[name]) == set(kind.__annotations__), name
        section(params, name, kind, path)
    read_overrides(params)
    select_engines(section(params, "translate", TranslateParams, path), project.languages)
