"""Check params.yaml as a whole before the first hour of work, though each stage checks its own part again."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hbir.batching.params import BatchParams
from hbir.benchmarks.registry import check_entries as checked_benchmarks
from hbir.collection.params import CollectParams
from hbir.collection.source import Named
from hbir.collection.sources import check_sources, sources_of_texts
from hbir.core.errors import ParamsError
from hbir.core.languages import ENGLISH, language
from hbir.core.launch import launcher_command
from hbir.core.params import section, unknown
from hbir.core.project import Project, read_project, subset, training_languages
from hbir.core.resources import ResourceParams
from hbir.encoding.params import EncoderParams
from hbir.evaluation.params import LAUNCHER as SCORING
from hbir.evaluation.params import EvaluateParams
from hbir.tracking.params import TrackingParams
from hbir.training.params import LAUNCHER as TRAINING
from hbir.training.params import TrainParams, read_overrides
from hbir.translation.params import TranslateParams
from hbir.translation.selection import select_engines


class Params(NamedTuple):
    """Hold params.yaml, every section of it checked."""

    project: Project
    collect: CollectParams
    translate: TranslateParams
    batches: BatchParams
    encoder: EncoderParams
    train: TrainParams
    evaluate: EvaluateParams
    tracking: TrackingParams
    resources: ResourceParams


def check(params: dict[str, Any]) -> Params:
    """Check every section, and that they fit together.

    Args:
        params: what `read_params` returned.

    Returns:
        The sections.

    Raises:
        ParamsError: when a key is unknown or missing, a value is wrong, or a name (of a benchmark, engine, kind
            of source, sampler or language) is unknown.
        LanguageError: when a language is not in the table.
    """
    project = read_project(params)
    for lang in project.languages:
        language(lang, "params.yaml: languages")
    read_overrides(params)
    trained = training_languages(params)
    if len(trained) < 2:
        raise ParamsError(
            where="params.yaml: batches.languages",
            expected="at least two languages",
            found=", ".join(trained),
            hint="Add a language: xy and hybrid put two into every pair, and are always trained.",
        )
    found = Params(project, *(section(params, name, kind) for name, kind in _sections()))
    for number, (_, source) in enumerate(check_sources(found.collect.sources)):
        _require_english(source, f"params.yaml: collect.sources[{number}].pivot")
    checked_benchmarks(found.collect.leak_guard, "params.yaml: collect.leak_guard")
    checked_benchmarks(found.evaluate.benchmarks, "params.yaml: evaluate.benchmarks")
    select_engines(found.translate, project.languages)
    _check_launcher(found.train.launcher, TRAINING)
    _check_launcher(found.evaluate.launcher, SCORING)
    if found.encoder.languages != "training":
        subset(project, found.encoder.languages, "params.yaml: encoder.languages")
    for lang in found.train.validation.monolingual if found.train.validation.monolingual != "all" else ():
        if lang not in trained:
            raise unknown("params.yaml: train.validation.monolingual", lang, trained)
    return found


def _check_launcher(launcher: str | None, where: str) -> None:
    if launcher is not None:
        launcher_command(launcher, where)


def _require_english(source: Named, where: str) -> None:
    pivot = getattr(source, "pivot", ENGLISH)
    if pivot != ENGLISH:
        raise ParamsError(
            where=where,
            expected=f"{ENGLISH}, from which the pipeline translates",
            found=pivot,
            hint="Leave the key out; `hbir debias` takes texts without English.",
        )


def warnings(params: Params) -> Iterator[str]:
    """Tell what is allowed but will hardly be meant.

    Args:
        params: the whole file.

    Yields:
        A sentence each.
    """
    rendering = params.translate.engine in ("cldr", {"name": "cldr"}) and not params.translate.languages
    plain = sources_of_texts(params.collect.sources)
    if rendering and plain and params.project.languages != [ENGLISH]:
        yield f"translate: engine cldr will refuse the texts of {', '.join(plain)}."
    trained = subset(params.project, params.batches.languages, "params.yaml: batches.languages")
    if "all_languages" in params.project.baselines and params.batches.size <= len(trained):
        rows = f"a query in {len(trained)} languages fills the {params.batches.size} rows of a batch"
        yield f"batches.size: {rows}, and all_languages will refuse it."


def _sections() -> Iterator[tuple[str, type[Any]]]:
    return ((name, kind) for name, kind in Params.__annotations__.items() if name != "project")
