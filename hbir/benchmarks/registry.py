"""Find a benchmark by its name."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hbir.benchmarks import beir, cldr, lareqa, mewsli_x, miracl, mtop, parallel, tatoeba
from hbir.benchmarks.about import About
from hbir.benchmarks.params import BenchmarkParams
from hbir.benchmarks.streamed import StreamedTask
from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import ParamsError
from hbir.core.registry import FAMILY, Entry, Registry

Task = RetrievalTask | StreamedTask


class Loader(NamedTuple):
    """Hold the class of a benchmark's params, the function that loads its tasks, and what is known of it."""

    params: type[Any]
    load: Callable[[Any, Sequence[str] | None], Sequence[Task]]
    about: About


def _by_mteb(params: BenchmarkParams, languages: Sequence[str] | None) -> Sequence[Task]:
    raise ParamsError(
        where=params.where,
        expected="a benchmark that hbir loads itself",
        found="one that the package mteb loads and scores",
        hint="Use mteb tasks in `evaluate.benchmarks` alone.",
    )


MTEB = "mteb"
_MTEB_ABOUT = About(
    name=f"{MTEB}/<task>",
    asks="a task of the package mteb, by mteb's own evaluator",
    settings="mteb",
    measures="the task's own",
    files="none",
    source="the package mteb, 2.26 or newer, the extra `mteb` of this project",
    hub="what mteb names",
    revision="that which mteb names",
    licence="each its own",
    citation="each its own",
)
WHERE = "params.yaml: benchmarks"
_NAME = re.compile(r"\w[\w .+-]*(/\w[\w .+-]*)*")
LOADERS = Registry(
    {
        cldr.NAME: Loader(BenchmarkParams, cldr.load, cldr.ABOUT),
        lareqa.XQUAD_R: Loader(lareqa.LareqaParams, lareqa.load, lareqa.ABOUT[lareqa.XQUAD_R]),
        lareqa.MLQA_R: Loader(lareqa.LareqaParams, lareqa.load, lareqa.ABOUT[lareqa.MLQA_R]),
        lareqa.XTREME_R: Loader(lareqa.XtremeLareqaParams, lareqa.load, lareqa.ABOUT[lareqa.XTREME_R]),
        tatoeba.NAME: Loader(BenchmarkParams, tatoeba.load, tatoeba.ABOUT),
        mtop.NAME: Loader(BenchmarkParams, mtop.load, mtop.ABOUT),
        mewsli_x.NAME: Loader(BenchmarkParams, mewsli_x.load, mewsli_x.ABOUT),
        miracl.NAME: Loader(miracl.MiraclParams, miracl.load, miracl.ABOUT),
        beir.FAMILY + FAMILY: Loader(beir.BeirParams, beir.load, beir.ABOUT),
        parallel.FAMILY + FAMILY: Loader(parallel.ParallelParams, parallel.load, parallel.ABOUT),
        MTEB + FAMILY: Loader(BenchmarkParams, _by_mteb, _MTEB_ABOUT),
    }
)
"""The benchmarks, and families of them; a new one is a module of its own and a line here."""


def list_benchmarks() -> list[About]:
    """List what can be named in params.yaml.

    Returns:
        What is known of each benchmark and family, in the order of the table above.
    """
    return [loader.about for loader in LOADERS.values()]


def load(entry: Entry, languages: Sequence[str] | None) -> Sequence[Task]:
    """Load a benchmark in some languages.

    Args:
        entry: as in params.yaml.
        languages: the project's languages, of which those are loaded that the benchmark has; None for all.

    Returns:
        Its tasks, which are evaluated apart and averaged together; one, but for Tatoeba.

    Raises:
        ParamsError: when there is no benchmark of that name, or a key is wrong.
        DataError: when its files are missing or broken.
    """
    loader, params = parse_entry(entry)
    return loader.load(params, languages)


def check_entries(entries: Sequence[Entry], where: str) -> Sequence[Entry]:
    """Check a list of entries without loading anything.

    Args:
        entries: as in params.yaml.
        where: the file and key, for a message.

    Returns:
        The same entries.

    Raises:
        ParamsError: when one is unknown, has a wrong key, or a name of another.
    """
    names = [parse_entry(entry, where)[1].name for entry in entries]
    if twice := next((name for name, count in Counter(names).items() if count > 1), None):
        raise ParamsError(
            where=where, expected="every benchmark once", found=f"{twice!r} twice", hint="Remove one."
        )
    return entries


def name_of(entry: Entry, where: str = WHERE) -> str:
    """Return the name of an entry.

    Args:
        entry: as in params.yaml.
        where: the file and key, for a message.

    Returns:
        Such as `beir/scifact`.

    Raises:
        ParamsError: when a mapping has no name.
    """
    return LOADERS.name_of(entry, where)


def _checked_name(name: str, where: str) -> str:
    """Refuse a name that could not be a folder of scores, a metric's name and a line of a table."""
    if _NAME.fullmatch(name) is None:
        raise ParamsError(
            where=where,
            expected="a name of letters, digits, spaces and . _ + - between slashes",
            found=repr(name),
            hint="Choose another name; the files may stay where they are.",
        )
    return name


def parse_entry(entry: Entry, where: str = WHERE) -> tuple[Loader, Any]:
    """Check an entry without loading anything.

    Args:
        entry: as in params.yaml.
        where: the file and key, or the command, for a message.

    Returns:
        The loader and its params.

    Raises:
        ParamsError: when there is no benchmark of that name, or a key is wrong.
    """
    name = _checked_name(name_of(entry, where), where)
    return LOADERS.parse(entry, where, within=f"{where}: {name}")
