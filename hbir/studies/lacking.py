"""Say what a study needs that is not on this machine, and where it is to be had."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hbir.benchmarks.cldr import NAME as CLDR
from hbir.benchmarks.params import data_folder
from hbir.benchmarks.registry import MTEB, parse_entry
from hbir.collection.sources import check_sources
from hbir.core.errors import HbirError
from hbir.core.hub.repository import is_id
from hbir.core.watched import BENCHMARKS
from hbir.encoding.presets import PRESETS, SCRATCH
from hbir.inputs.check import Params, check
from hbir.inputs.study import absent_paths
from hbir.translation.engines.families import FAMILIES
from hbir.translation.selection import select_engines

HUB = "https://huggingface.co"


def lacking(params: Sequence[Mapping[str, Any]]) -> list[str]:
    """List what is missing.

    Args:
        params: the whole params.yaml of each experiment.

    Returns:
        A line for each thing, once, with the place to get it. What the Hub has is fetched at the first run, if
        there is a network.
    """
    lines: dict[str, None] = {}
    for one in params:
        whole = check(dict(one))
        for part in (_files, _encoder, _sources, _benchmarks, _engines):
            lines.update(dict.fromkeys(part(whole)))
    return list(lines)


def _files(whole: Params) -> Iterator[str]:
    try:
        for path in absent_paths(whole):
            yield f"file {path}: put it there, or name its folder: `hbir study apply … --data FOLDER`"
    except HbirError as error:
        yield f"{error.where}: {error.hint}"


def lacking_weights(whole: Params) -> str | None:
    """Name the weights that an encoder starts from and this machine has not.

    Args:
        whole: params.yaml.

    Returns:
        An id of the Hub; None where they are at hand, or made here.
    """
    name = whole.encoder.name
    hub_id = PRESETS[name].id if name in PRESETS else name
    if name in SCRATCH or not is_id(hub_id) or Path(name).is_dir() or _is_cached(hub_id, "model"):
        return None
    return hub_id


def _encoder(whole: Params) -> Iterator[str]:
    if hub_id := lacking_weights(whole):
        yield f"weights {hub_id}: from {HUB}/{hub_id}; a copy may lie in data/encoders, named by its path"


def _sources(whole: Params) -> Iterator[str]:
    for _, source in check_sources(whole.collect.sources):
        dataset = getattr(source, "dataset", None)
        if dataset and is_id(dataset) and not _is_cached(dataset, "dataset"):
            yield f"training pairs {source.name}: from {HUB}/datasets/{dataset}"


def _benchmarks(whole: Params) -> Iterator[str]:
    for entry in (*whole.evaluate.benchmarks, *whole.collect.leak_guard):
        loader, params = parse_entry(entry)
        if params.name == CLDR or params.name.startswith(f"{MTEB}/") or params.data is not None:
            continue
        if data_folder(params) is None:
            about = loader.about
            hub = [] if about.hub.startswith("none") else [f"the Hub ({about.hub})"]
            place = ", or ".join([*hub, *([about.source] if about.source != "the Hub" else [])])
            yield f"benchmark {params.name}: {about.files}, in {BENCHMARKS / params.folders[0]}; from {place}"


def _engines(whole: Params) -> Iterator[str]:
    for engine in select_engines(whole.translate, whole.project.languages).values():
        family = FAMILIES.get(engine.params.name)
        model = getattr(engine.params, "model", None) or (family and family.model)
        if model and is_id(model) and not _is_cached(model, "model"):
            yield f"translation model {model}: from {HUB}/{model}; or name a folder: `translate.engine`"


def _is_cached(hub_id: str, kind: str) -> bool:
    """Tell whether the Hub's cache on this machine has something of it; half a second to import."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return False
    return any((repo.repo_id, repo.repo_type) == (hub_id, kind) for repo in repos)
