"""Read the top level of params.yaml."""

from typing import Any, Self

from pydantic import Field, model_validator

from hbir.core.errors import ParamsError
from hbir.core.params import params_class, section, unknown, validated
from hbir.core.paths import PARAMS
from hbir.core.samplers import SAMPLERS, baselines, with_stage

SECTIONS = ("collect", "translate", "batches", "encoder", "train", "overrides", "evaluate", "tracking")


@params_class
class Project:
    """Describe the top level of params.yaml, without its sections."""

    sampler: str
    """Whose metrics are the headline of an experiment."""
    samplers: list[str] = Field(min_length=1)
    """What is scored and compared."""
    baselines: list[str]
    """What is trained, scored and compared beside them."""
    languages: list[str] = Field(min_length=1)
    """ISO 639-1 codes: translated into, and evaluated on."""
    seed: int = Field(ge=0)
    """From which every random stream is derived by name."""
    threads: int = Field(ge=1)
    """CPU threads of every stage that runs a model; another number gives other last digits."""

    @property
    def compared(self) -> list[str]:
        """Return samplers and baselines in their order."""
        return [*self.samplers, *self.baselines]

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, values in (("samplers", self.compared), ("languages", self.languages)):
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
    _check_samplers(project)
    if project.sampler not in project.compared:
        raise unknown(f"{PARAMS}: sampler", project.sampler, project.compared)
    return project


def _check_samplers(project: Project) -> None:
    for key, names, known in (
        ("sampler", [project.sampler], list(SAMPLERS)),
        ("samplers", project.samplers, with_stage()),
        ("baselines", project.baselines, baselines()),
    ):
        for name in names:
            if name not in known:
                raise unknown(f"{PARAMS}: {key}", name, known)


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
