"""Read the top level of params.yaml."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from hbir.core.errors import ParamsError
from hbir.core.params import params_class, section, unknown, validated
from hbir.core.paths import PARAMS
from hbir.core.rows import ADJUSTMENTS, FLOORS, RIVALS, adjustments, compared_rows, merged_name
from hbir.core.samplers import baselines, with_stage

SECTIONS = (
    "collect",
    "translate",
    "batches",
    "encoder",
    "train",
    "overrides",
    "evaluate",
    "tracking",
    "resources",
)


@params_class
class Project:
    """Describe the top level of params.yaml, without its sections."""

    sampler: str
    """Whose metrics are the headline of an experiment."""
    samplers: list[str] = Field(min_length=1)
    """What is scored and compared."""
    baselines: list[str]
    """What is trained, scored and compared beside them."""
    rivals: list[str]
    """Models beside them that nothing trains: `initial` is the encoder before training."""
    merged: list[Annotated[float, Field(ge=0, le=1)]]
    """Averages of the trained xx and xy: for each the share of xx's weights (Source: arXiv 2507.08480)."""
    floors: list[str]
    """What every model should beat: `bm25`, `random`."""
    languages: list[str] = Field(min_length=1)
    """ISO 639-1 codes: translated into, and evaluated on."""
    seed: int = Field(ge=0)
    """From which every random stream is derived by name."""
    threads: int = Field(ge=1)
    """CPU threads of every stage that runs a model; another number gives other last digits."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        trained = [*self.samplers, *self.baselines]
        lists: dict[str, Sequence[Any]] = {"samplers": trained, "rivals": self.rivals, "merged": self.merged}
        for name, values in (lists | {"floors": self.floors, "languages": self.languages}).items():
            if len(set(values)) != len(values):
                raise ValueError(f"{name} without repetition")
        return self


def read_project(params: dict[str, Any]) -> Project:
    """Check the top level of params.yaml.

    Args:
        params: what `read_params` returned.

    Returns:
        The top level without the sections.

    Raises:
        ParamsError: when a section or sampler is unknown or missing, or the headline sampler is not compared.
    """
    for name in SECTIONS:
        if name not in params:
            raise ParamsError(where=str(PARAMS), expected=f"the section {name!r}", found="none", hint="Add it.")
    known = {*SECTIONS, *Project.__annotations__}
    for name in params:
        if name not in known:
            raise unknown(str(PARAMS), name, known)
    top = {key: value for key, value in params.items() if key not in SECTIONS}
    project = section(top, "", Project)
    _check_rows(project, adjustments(params))
    compared = compared_rows(params)
    if project.sampler not in compared:
        raise unknown(f"{PARAMS}: sampler", project.sampler, compared)
    return project


def _check_rows(project: Project, adjusted: Sequence[str]) -> None:
    for key, names, known in (
        ("samplers", project.samplers, with_stage()),
        ("baselines", project.baselines, baselines()),
        ("rivals", project.rivals, list(RIVALS)),
        ("floors", project.floors, list(FLOORS)),
        ("evaluate.adjustments", adjusted, list(ADJUSTMENTS)),
    ):
        for name in names:
            if name not in known:
                raise _elsewhere(key, name) or unknown(f"{PARAMS}: {key}", name, known)
    if len(set(adjusted)) != len(adjusted):
        found = ", ".join(adjusted)
        raise ParamsError(
            where=f"{PARAMS}: evaluate.adjustments",
            expected="each one once",
            found=found,
            hint="Leave the repetition out.",
        )


def _elsewhere(key: str, name: str) -> ParamsError | None:
    """Build the error for a row that another key names."""
    known = {"baselines": baselines(), "rivals": RIVALS, "floors": FLOORS, "evaluate.adjustments": ADJUSTMENTS}
    other = next((other for other, names in known.items() if name in names), None)
    hint = f"Name it in `{other}`."
    if name.startswith("merged"):
        other, hint = "merged", f"Set `merged: [0.5]`, which makes the row {merged_name(0.5)}."
    if other is None:
        return None
    return ParamsError(where=f"{PARAMS}: {key}", expected=f"a name of {key}", found=repr(name), hint=hint)


def training_languages(params: dict[str, Any]) -> list[str]:
    """Resolve `batches.languages`.

    Args:
        params: what `read_params` returned.

    Returns:
        The languages to train on, in the order of `languages`.

    Raises:
        ParamsError: when one is not among `languages`.
    """
    project = read_project(params)
    return subset(project, section(params, "batches", dict).get("languages"), f"{PARAMS}: batches.languages")


def subset(project: Project, chosen: Any, where: str) -> list[str]:
    """Resolve a choice of languages.

    Args:
        project: the top level of params.yaml.
        chosen: `all` or a list.
        where: the file and key, for a message.

    Returns:
        The chosen languages in the order of `languages`.

    Raises:
        ParamsError: when the choice is empty or names a language that is not among `languages`.
    """
    if chosen == "all":
        return list(project.languages)
    names: list[str] = validated(list[str], chosen, where)
    for name in names:
        if name not in project.languages:
            raise unknown(where, name, project.languages)
    if not names:
        raise ParamsError(
            where=where, expected="`all` or at least one language", found="none", hint="Name one."
        )
    return [lang for lang in project.languages if lang in names]
