"""Keep a registered model per sampler, a version per training; the one that won has the alias `champion`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hbir.core.samplers import SAMPLERS
from hbir.evaluation.results import SamplerResults
from hbir.tracking.champion import Judgement, Metric, Scored, judge
from hbir.tracking.checkpoint import CHECKPOINT, MODEL
from hbir.tracking.decisive import decisive_scores, keep_scores, kept_scores
from hbir.tracking.runs import EVALUATION, FINGERPRINT, SAMPLER
from hbir.tracking.store import EXPERIMENT, Store
from hbir.tracking.tracked_run import TrackedRun

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

ALIAS = "champion"
JUDGED = "hbir.champion"
"""The tag of a version that says by what it was judged, and how."""


def register(
    store: Store, results: Sequence[SamplerResults], runs: Sequence[TrackedRun], champion: str | None
) -> list[str]:
    """Register what was trained, each training once, and judge what nobody has judged by this metric.

    Args:
        store: the open store.
        results: one entry per sampler.
        runs: theirs, in the same order.
        champion: the metric that decides; None registers nothing.

    Returns:
        A sentence for each model whose champion changed, and for each version that could not be compared.
    """
    said: list[str] = []
    if champion is None:
        return said
    from mlflow import set_tracking_uri

    set_tracking_uri(store.uri)  # with it a database store looks up the model that a version is of
    for result, tracked in zip(results, runs, strict=True):
        run = store.client.get_run(tracked.run_id)
        if CHECKPOINT in run.data.tags:
            with store.locked():
                version = _version(store, result.sampler, run)
                said += _judge(store, version, result, run, Metric.of(champion))
    return said


def model_name(sampler: str) -> str:
    """Name the registered model of a sampler.

    Args:
        sampler: its name.

    Returns:
        Such as `hbir-hybrid`.
    """
    return f"{EXPERIMENT}-{sampler}"


def _version(store: Store, sampler: str, run: "Run") -> "ModelVersion":
    """Find the version of a run, or make it: of a model that was a reference at first there are two."""
    name, tags = model_name(sampler), run.data.tags
    versions = store.client.search_model_versions(f"name = '{name}' AND run_id = '{run.info.run_id}'")
    kind = tags[CHECKPOINT]
    for version in versions:
        if version.tags.get(CHECKPOINT) == kind:
            return version
    if not store.client.search_registered_models(f"name = '{name}'"):
        store.client.create_registered_model(name, {SAMPLER: sampler}, _about_model(sampler))
    made = store.client.create_model_version(
        name,
        run_id=run.info.run_id,
        tags={CHECKPOINT: kind, FINGERPRINT: tags[FINGERPRINT]},
        description=_about_version(sampler, run),
        await_creation_for=0,
        **_source(run),
    )
    if _champion(store, name) in [str(version.version) for version in versions]:
        store.client.set_registered_model_alias(name, ALIAS, made.version)
    return made


def _source(run: "Run") -> dict[str, Any]:
    """Say where the model is; what is kept by reference has its run's files, which say how to get it."""
    if run.data.tags[CHECKPOINT] != MODEL:
        return {"source": run.info.artifact_uri}
    uri = run.data.tags[f"{CHECKPOINT}.uri"]
    return {"source": uri, "model_id": uri.removeprefix("models:/")}


def _judge(
    store: Store, version: "ModelVersion", result: SamplerResults, run: "Run", metric: Metric
) -> list[str]:
    """Judge a version once per metric and evaluation, and give it the alias where it wins."""
    name, number, evaluation = version.name, str(version.version), run.data.tags.get(EVALUATION, "")
    if version.tags.get(EVALUATION) == evaluation and version.tags.get(JUDGED, "").startswith(f"{metric}: "):
        return []
    scored = decisive_scores(result, metric, number)
    keep_scores(store, run.info.run_id, scored, metric)
    judgement = _compared(store, name, scored, metric)
    for key, text in ((JUDGED, f"{metric}: {judgement.reason}"), (EVALUATION, evaluation)):
        store.client.set_model_version_tag(name, number, key, text)
    if judgement.wins:
        store.client.set_registered_model_alias(name, ALIAS, number)
        return [f"{name}: version {number} is the {ALIAS} now ({judgement.reason}; by {metric})"]
    return [] if scored.queries is not None else [f"{name}: version {number} is {judgement.reason}"]


def _compared(store: Store, name: str, scored: Scored, metric: Metric) -> Judgement:
    """Compare a version with the champion, which may be itself."""
    holder = _champion(store, name)
    if holder is None:
        return judge(scored, None, metric)
    if holder == scored.version:
        return Judgement(wins=False, reason="the champion already")
    run_id = store.client.get_model_version(name, holder).run_id or ""
    return judge(scored, kept_scores(store, run_id, metric, holder), metric)


def _champion(store: Store, name: str) -> str | None:
    [model] = store.client.search_registered_models(f"name = '{name}'")
    found = model.aliases.get(ALIAS)
    return None if found is None else str(found)


def _about_model(sampler: str) -> str:
    uri = f"models:/{model_name(sampler)}@{ALIAS}"
    parts = [
        f"Dual encoders of the row `{sampler}` of hbir's tables, a version per model that was made.",
        f"Load the one that won: `mlflow.sentence_transformers.load_model('{uri}')`, then `encode_query` and "
        "`encode_document`.",
    ]
    if sampler in SAMPLERS:
        parts.append(
            f"Which pairs it saw: `python -m hbir plan pairs {sampler}`, in the project's folder. Which models "
            "saw a pair: `python -m hbir plan find PAIR`."
        )
    return "\n\n".join(parts)


def _about_version(sampler: str, run: "Run") -> str:
    fetch = run.data.tags.get(f"{CHECKPOINT}.fetch")
    datasets = [one.dataset for one in run.inputs.dataset_inputs]
    plan = next((one for one in datasets if one.name.endswith(f"/{sampler}.parquet")), None)
    lines = [f"From the run {run.info.run_name}."]
    if fetch:
        lines.append(f"Too large for MLflow: `{fetch}` gets it.")
    if plan:
        lines.append(f"Trained on {plan.name}, md5 {plan.digest}.")
    return "\n\n".join(lines)
