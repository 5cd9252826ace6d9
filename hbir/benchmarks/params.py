"""Describe an entry of `evaluate.benchmarks` and `collect.leak_guard`."""

import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from hbir.core.errors import ParamsError
from hbir.core.languages import language_code
from hbir.core.lines import expanded
from hbir.core.objects.copies import local_copy
from hbir.core.objects.urls import checked_url, is_url
from hbir.core.params import params_class, unknown
from hbir.core.watched import BENCHMARKS, located, runs_in_pipeline

logger = logging.getLogger(__name__)
DATA_VARIABLE = "HBIR_DATA"


@params_class
class BenchmarkParams:
    """Hold what every benchmark takes; a loader's own class adds to it."""

    name: str
    """Such as `xquad-r` or `beir/scifact`."""
    data: str | None = None
    """Folder with the official files, or its URL; else `data/benchmarks/<name>` or `$HBIR_DATA/<name>`, else
    the Hub. A stage of the pipeline does not look in `$HBIR_DATA`, which DVC cannot watch."""
    languages: Annotated[list[str], Field(min_length=1)] | None = None
    """Codes such as `de`; by default all that are both the project's and the benchmark's."""

    @property
    def where(self) -> str:
        """Return what to call it in a message."""
        return f"benchmark {self.name}"

    @property
    def folders(self) -> tuple[str, ...]:
        """Return the names of the folders in which its files are looked for, the first that is there counts."""
        return (self.name,)


@params_class
class LargeParams(BenchmarkParams):
    """Hold what a benchmark takes whose corpus may be too large to hold."""

    top_k: Annotated[int, Field(ge=100)] = 100
    """Passages retrieved per query and corpus where it is streamed; recall@100 needs 100 of them."""
    unknown_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Largest share of the ids in the qrels that may be absent; above 0 for a part of the official files."""
    revision: str | None = None
    """Commit of the dataset on the Hub; null for the one of the first load."""


def data_folder(params: BenchmarkParams) -> Path | None:
    """Find the folder with a benchmark's official files.

    Args:
        params: the benchmark.

    Returns:
        The folder or file, of a URL its copy; None when there is none and the Hub is to be asked.

    Raises:
        ParamsError: when the params name a path that does not exist.
        DataError: when they name a URL that cannot be read.
    """
    if params.data is not None and is_url(params.data):
        return local_copy(checked_url(params.data, f"{params.where}: data"))
    if params.data is not None:
        path = expanded(params.data, f"{params.where}: data")
        if not is_there(path):
            raise ParamsError(
                where=f"{params.where}: data",
                expected="a path that exists",
                found=str(path),
                hint="Correct it.",
            )
        return path
    for name in params.folders:
        inside = located(BENCHMARKS / name)
        if is_there(inside):
            return inside
    return None if runs_in_pipeline() else next(filter(None, map(shared_folder, params.folders)), None)


def is_there(path: Path) -> bool:
    """Tell whether a file or folder exists.

    Args:
        path: of a benchmark.

    Returns:
        Whether it does.

    Raises:
        ParamsError: when a folder on the way to it may not be entered.
    """
    try:
        return path.exists()
    except PermissionError as error:
        raise ParamsError(
            where=str(path),
            expected="a path that may be read",
            found="permission denied",
            hint="Give yourself the right to read it (`ls -ld` shows whose each folder is).",
        ) from error


def shared_folder(name: str) -> Path | None:
    """Find a benchmark's files in the folder that the environment names.

    Args:
        name: the benchmark's.

    Returns:
        `$HBIR_DATA/<name>` where that exists.
    """
    folder = Path(os.environ.get(DATA_VARIABLE, ""), name)
    return folder if os.environ.get(DATA_VARIABLE) and is_there(folder) else None


def refuse_data(params: BenchmarkParams, reason: str) -> None:
    """Refuse a folder that would not be read.

    Args:
        params: the benchmark.
        reason: why it needs none, after "no folder, for".

    Raises:
        ParamsError: when the params name one.
    """
    if params.data is not None:
        raise ParamsError(
            where=f"{params.where}: data",
            expected=f"no folder, for {reason}",
            found=repr(params.data),
            hint="Remove the key.",
        )


def codes(languages: Iterable[str], where: str) -> list[str]:
    """Return each language's one code.

    Args:
        languages: as somebody wrote them, such as `zh-CN`.
        where: the file and key, for a message.

    Returns:
        Each once, in their order.

    Raises:
        LanguageError: when one is no code.
    """
    return list(dict.fromkeys(language_code(language, where) for language in languages))


def chosen_languages(
    params: BenchmarkParams, offered: Sequence[str], wanted: Sequence[str] | None
) -> list[str]:
    """Choose which of a benchmark's languages to load.

    Args:
        params: the benchmark; languages named in it must all be offered.
        offered: the benchmark's languages, by their codes.
        wanted: the project's languages, of which those offered are taken; None for all.

    Returns:
        The languages in the order of `offered`, at least one.

    Raises:
        ParamsError: when a named language is not offered, or none is left.
    """
    where = f"{params.where}: languages"
    named = codes(params.languages, where) if params.languages else None
    for language in named or ():
        if language not in offered:
            raise unknown(where, language, offered)
    names = named or (offered if wanted is None else codes(wanted, where))
    chosen = [language for language in offered if language in names]
    if not chosen:
        raise ParamsError(
            where=where,
            expected=f"one of {', '.join(offered)}",
            found=f"only {', '.join(names) or 'none'}",
            hint="Add a language to `languages`, or leave the benchmark out.",
        )
    if absent := [language for language in names if language not in offered]:
        logger.info("%s has no %s", params.where, ", ".join(absent))
    return chosen
