"""Read a study: its question, what it varies, and how its results are compared."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from hbir.core.errors import ParamsError
from hbir.core.params import params_class, unknown, validated
from hbir.inputs.study import SECTION, STUDIES, study_content

FULL, SMALL = "full", "small"
MAIN = "main"
"""Stands in `measures` for the main measure of each benchmark."""
Axis = list[Any] | dict[str, dict[str, Any]]
"""Values of the param that the axis is named after; or labels, each with the params that it sets."""


def _each_once(seeds: list[int]) -> list[int]:
    """Refuse a repeated seed: the second experiment would be the first one, and no further evidence."""
    if len(set(seeds)) < len(seeds):
        raise ValueError("each seed once")
    return seeds


@params_class
class Study:
    """Hold one form of a study."""

    question: Annotated[str, Field(min_length=1)]
    """What it asks, in one sentence."""
    name: str
    """What the names of its experiments begin with."""
    params: dict[str, Any] = Field(default_factory=dict)
    """What differs from params.yaml in every experiment, as it stands there."""
    sweep: dict[str, Axis] = Field(default_factory=dict)
    """Axis → its values. The experiments are the product of all axes; without any there is one."""
    seeds: Annotated[list[int], Field(min_length=1), AfterValidator(_each_once)]
    """Each experiment is made once with each; an interval over seeds needs two."""
    jobs: Annotated[int, Field(ge=1)] = 1
    """Experiments at a time."""
    compare: Literal["cells", "samplers"] = "samplers"
    """What the rows of a table are: the values of the sweep, for one sampler; or samplers."""
    reference: str | Annotated[list[str], Field(min_length=1)] | None = None
    """What the others are compared with: the label of a value of the sweep, or a sampler; by default the value
    that params.yaml has, or the headline sampler. Several are tested one after the other, each by itself."""
    samplers: list[str] = Field(default_factory=list)
    """Which are shown; by default the headline alone where values of the sweep are compared, else all."""
    beside: list[str] = Field(default_factory=list)
    """Samplers that are shown beside the values of the sweep, from the experiments of the first reference."""
    apart: list[str] = Field(default_factory=list)
    """Axes whose values are not compared with each other, but have a table each."""
    benchmarks: list[str] = Field(default_factory=list)
    """Which are shown; by default all that were scored on."""
    measures: list[str] = Field(default_factory=lambda: [MAIN, "rank_distance"])
    """Which are shown, in every setting that has them; `main` is the main measure of each benchmark."""
    groups: bool = False
    """Whether each group of a benchmark's queries gets a table too."""
    published: dict[str, dict[str, dict[str, dict[str, float]]]] = Field(default_factory=dict)
    """Somebody else's figures: benchmark → label of the sweep → sampler → `setting measure` → value."""
    source: str = ""
    """Where the published figures are from."""

    @property
    def references(self) -> list[str]:
        """Return the references that the file names, in their order."""
        return [self.reference] if isinstance(self.reference, str) else self.reference or []


def study_names(folder: Path = STUDIES) -> list[str]:
    """List the studies.

    Args:
        folder: that holds a file for each.

    Returns:
        Their names, those that ask no question too.
    """
    return sorted(path.stem for path in folder.glob("*.yaml"))


def study_path(name: str) -> Path:
    """Find the file of a study.

    Args:
        name: of a file in studies/ without its ending, or the path of a file elsewhere.

    Returns:
        The file.

    Raises:
        ParamsError: when there is no such study.
    """
    if name.endswith(".yaml"):
        return Path(name)
    if name not in study_names():
        raise unknown(str(STUDIES), name, study_names())
    return STUDIES / f"{name}.yaml"


def forms_of(name: str) -> list[str]:
    """List the forms of a study.

    Args:
        name: as `study_path` takes it.

    Returns:
        `full` and those that the file names; none where the file asks no question.
    """
    path = study_path(name)
    section = study_content(path).get(SECTION)
    return [FULL, *_forms(section, path)] if isinstance(section, dict) else []


def _forms(section: Mapping[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    """Return what the forms of a study change."""
    forms: dict[str, dict[str, Any]] = validated(
        dict[str, dict[str, Any]], section.get("forms", {}), f"{path}: {SECTION}.forms"
    )
    return forms


def read_study(name: str, form: str = FULL) -> Study:
    """Read one form of a study.

    A form states what differs from the section `study`. Its params take the place of those of the file.

    Args:
        name: as `study_path` takes it.
        form: `full`, or one that the file names under `forms`.

    Returns:
        The study.

    Raises:
        ParamsError: when there is no such study or form, it asks no question, or a key is wrong.
    """
    path = study_path(name)
    content = study_content(path)
    section = content.pop(SECTION, None)
    if not isinstance(section, dict):
        raise ParamsError(
            where=str(path),
            expected=f"a section `{SECTION}` with a question",
            found="params alone",
            hint=f"Use it by `python -m hbir study apply {path.stem}`.",
        )
    forms = _forms(section, path)
    section.pop("forms", None)
    if form != FULL and form not in forms:
        raise unknown(f"{path}: {SECTION}.forms", form, [FULL, *forms])
    changes = {"params": {}, **forms[form]} if form != FULL else {"params": content}
    title = path.stem if form == FULL else f"{path.stem}-{form}"
    found: Study = validated(Study, {"name": title, **section, **changes}, f"{path}: {SECTION}")
    return found
