"""List the files and folders of a user that params.yaml names, each with the stage that reads it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hbir.benchmarks.cldr import NAME as CLDR
from hbir.benchmarks.params import DATA_VARIABLE, BenchmarkParams, shared_folder
from hbir.benchmarks.registry import MTEB, parse_entry
from hbir.collection.params import CollectParams
from hbir.collection.sources import WHERE, check_sources
from hbir.core.errors import ParamsError
from hbir.core.objects.urls import checked_url, is_url
from hbir.core.registry import Entry
from hbir.core.watched import BENCHMARKS, ENCODERS, ENGINES, SOURCES, WATCHED, is_watched, located
from hbir.encoding.params import EncoderParams
from hbir.encoding.presets import PRESETS
from hbir.evaluation.params import EvaluateParams
from hbir.inputs.check import Params
from hbir.translation.params import TranslateParams
from hbir.translation.selection import select_engines

CONSUMERS = ("collect", "translate", "encoder", "score")
"""Stages that read a user's files; each depends on `data/inputs/<stage>.json`."""
_PATHS = (".", "/", "~", "$", "data/")
"""How a path begins that cannot be an id of the Hub."""


class NamedPath(NamedTuple):
    """Hold a path of params.yaml."""

    stage: str
    """One of CONSUMERS."""
    where: str
    """The file and key, for a message."""
    written: str
    """As in params.yaml, a language in the place of `{lang}`; a path, or a URL."""


def of_all(params: Params) -> Iterator[NamedPath]:
    """List the files of all stages.

    Args:
        params: the whole file.

    Yields:
        Every path.
    """
    yield from of_collect(params.collect)
    yield from of_translate(params.translate, params.project.languages)
    yield from of_encoder(params.encoder)
    yield from of_score(params.evaluate)


def of_collect(params: CollectParams) -> Iterator[NamedPath]:
    """List the files of sources, and of the benchmarks that are guarded against.

    Args:
        params: the section `collect`.

    Yields:
        Every path.
    """
    for _, source in check_sources(params.sources):
        for key in ("path", "dataset"):
            written = getattr(source, key, None)
            if written is not None and (key == "path" or _is_path(written)):
                yield _named("collect", f"{WHERE}: {source.name}.{key}", written, SOURCES, stored=key == "path")
    yield from _of_benchmarks(params.leak_guard, "collect", "params.yaml: collect.leak_guard")


def of_score(params: EvaluateParams) -> Iterator[NamedPath]:
    """List the files of the benchmarks.

    Args:
        params: the section `evaluate`.

    Yields:
        Every path.
    """
    yield from _of_benchmarks(params.benchmarks, "score", "params.yaml: evaluate.benchmarks")


def of_translate(params: TranslateParams, languages: Sequence[str]) -> Iterator[NamedPath]:
    """List the local models and lexicons of the engines.

    Args:
        params: the section `translate`.
        languages: those of the project.

    Yields:
        Every path, once per language that has its own.
    """
    for lang, engine in select_engines(params, languages).items():
        for key in ("path", "model", "tokenizer"):
            written = (getattr(engine.params, key, None) or "").replace("{lang}", lang)
            if written and (key == "path" or _is_path(written)):
                yield _named("translate", f"{engine.where}.{key}", written, ENGINES)


def of_encoder(params: EncoderParams) -> Iterator[NamedPath]:
    """List the folder of the encoder.

    Args:
        params: the section `encoder`.

    Yields:
        It, where the encoder is no preset and no id of the Hub.
    """
    if params.name not in PRESETS and _is_path(params.name):
        yield _named("encoder", "params.yaml: encoder.name", params.name, ENCODERS)


def _of_benchmarks(entries: Sequence[Entry], stage: str, key: str) -> Iterator[NamedPath]:
    for entry in entries:
        params: Any = parse_entry(entry, key)[1]
        where = f"{key}: {params.name}"
        if params.data is not None:
            yield _named(stage, f"{where}.data", params.data, BENCHMARKS, stored=True)
        elif params.name == CLDR or params.name.startswith(f"{MTEB}/"):
            continue
        else:
            yield from _of_folders(params, stage, where)


def _of_folders(params: BenchmarkParams, stage: str, where: str) -> Iterator[NamedPath]:
    """Find the folder in which a benchmark is looked for that names none."""
    for name in params.folders:
        if located(BENCHMARKS / name).exists():
            yield NamedPath(stage, where, str(BENCHMARKS / name))
            return
    for name in params.folders:
        if shared_folder(name) is not None:
            raise _outside(where, f"${DATA_VARIABLE}/{name}", BENCHMARKS)


def _is_path(written: str) -> bool:
    """Tell a path from an id of the Hub."""
    return written.startswith(_PATHS) or is_url(written) or Path(written).exists()


def _named(stage: str, where: str, written: str, folder: Path, *, stored: bool = False) -> NamedPath:
    """Refuse what DVC would not notice to change; objects may be `stored`, and are asked for their version."""
    if is_url(written):
        if stored:
            return NamedPath(stage, where, checked_url(written, where))
        raise ParamsError(
            where=where,
            expected=f"a path below {folder}",
            found=written,
            hint="Copy it there; files of pairs and benchmarks alone are read from object stores.",
        )
    if written.startswith(("~", "$")) or Path(written).is_absolute() or not is_watched(Path(written)):
        raise _outside(where, written, folder)
    return NamedPath(stage, where, written)


def _outside(where: str, written: str, folder: Path) -> ParamsError:
    target = folder / Path(written).name
    watched = ", ".join(map(str, WATCHED))
    return ParamsError(
        where=where,
        expected=f"a path below a folder that DVC watches ({watched})",
        found=written,
        hint=f"Run `python -m hbir link {written} {target}`, which copies nothing, and name {target}.",
    )
