"""Say what a study asks, which experiments it has, and which of them are there."""

import textwrap
from collections.abc import Iterator

from hbir.core.errors import DataError, HbirError
from hbir.core.machine import main_root
from hbir.studies.ask import Asked
from hbir.studies.cells import cells_of
from hbir.studies.existing import Baseline, Found
from hbir.studies.run import log_path
from hbir.studies.settings import literal, settings
from hbir.studies.study_file import FULL, SMALL, Study, forms_of, read_study, study_names
from hbir.studies.words import listed

WIDTH = 98


def overview() -> str:
    """Describe all studies.

    Returns:
        Some lines for each; a broken file is a line with its fault.
    """
    try:
        names = set(Baseline(main_root()).experiments())
    except DataError:
        names = set()  # no Git, or no commit yet
    return "\n".join(line for name in study_names() for line in _study(name, names))


def described(asked: Asked) -> str:
    """Describe one study.

    Args:
        asked: the study with its experiments.

    Returns:
        Question, params, sweep, seeds, measures, and a line for each experiment.
    """
    study = asked.study
    changed = settings(asked.baseline.params, asked.shared)
    parts = [
        study.question,
        "",
        f"forms: {listed(forms_of(asked.question.name))}; this one runs {study.jobs} at a time",
        f"seeds: {listed([str(seed) for seed in study.seeds])}",
        *_sweep(study),
        f"shown: {listed(study.measures)}" + (f" on {listed(study.benchmarks)}" if study.benchmarks else ""),
        *(["changed in every experiment:", *(f"  {change}" for change in changed)] if changed else []),
        "",
        asked.summary(),
        *(f"  {line}" for line in _experiments(asked)),
    ]
    return "\n".join(parts)


def _study(name: str, there: set[str]) -> Iterator[str]:
    try:
        forms = {form: read_study(name, form) for form in forms_of(name)}
    except HbirError as error:
        yield f"{name}: {error}"
        return
    if not forms:
        yield f"{name}: params alone, for `hbir study apply {name}`"
        return
    text = f"{name}: {forms[FULL].question}"
    yield from textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    yield f"    {', '.join(_state(form, study, there) for form, study in forms.items())}"


def _state(form: str, study: Study, there: set[str]) -> str:
    names = [
        "-".join(filter(None, (study.name, cell.label, f"seed-{seed}")))
        for cell in cells_of(study)
        for seed in study.seeds
    ]
    option = {FULL: "", SMALL: "--small "}.get(form, f"--form {form} ")
    return f"{option}{len(there.intersection(names))} of {len(names)} there"


def _sweep(study: Study) -> Iterator[str]:
    for axis, values in study.sweep.items():
        yield f"varied: {axis}: {literal(values) if isinstance(values, list) else listed(list(values))}"


def _experiments(asked: Asked) -> Iterator[str]:
    for one in asked.found:
        yield f"{one.planned.name}: {_known(asked, one)}"


def _known(asked: Asked, one: Found) -> str:
    if one.state == "there":
        return "there" if one.name == one.planned.name else f"there, as {one.name}"
    if one.state == "other":
        return f"has other params: {', '.join(one.differs or {})}"
    log = log_path(asked.baseline.root, asked.study.name, one.planned.name)
    if log.is_file():
        return f"missing: failed, stopped or running, see {log.relative_to(asked.baseline.root)}"
    return "missing"
