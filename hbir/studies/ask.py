"""Read what a command asks of a study, and what is there of it."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hbir.core.errors import ParamsError
from hbir.core.machine import main_root
from hbir.inputs.study import merge
from hbir.studies.collect import other_params
from hbir.studies.existing import Baseline, Found
from hbir.studies.plan import check_plan, chosen, plan, with_changes
from hbir.studies.study_file import FULL, SMALL, Study, read_study


@dataclass(frozen=True)
class Question:
    """Hold the arguments of a command."""

    name: str
    form: str = FULL
    changes: tuple[str, ...] = ()
    """Further `key=value` for every experiment."""
    only: tuple[str, ...] = ()
    revision: str = "HEAD"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Hold a study with its experiments."""

    question: Question
    study: Study
    baseline: Baseline
    shared: dict[str, Any]
    """The params that all experiments share."""
    found: Sequence[Found]

    @property
    def arguments(self) -> str:
        """Return what follows `hbir study run`."""
        form = {FULL: "", SMALL: " --small"}.get(self.question.form, f" --form {self.question.form}")
        changes = "".join(f" -S '{change}'" for change in self.question.changes)
        return f"{self.question.name}{form}{changes}"

    def count(self, state: str) -> int:
        """Count experiments.

        Args:
            state: as in `Found`.

        Returns:
            How many are in it.
        """
        return sum(one.state == state for one in self.found)

    def summary(self) -> str:
        """Return how much of the study is there, in a sentence."""
        number = len(self.found)
        return (
            f"study {self.study.name}: {number} experiment{'' if number == 1 else 's'} from commit "
            f"{self.baseline.commit[:7]}; {self.count('there')} there, {self.count('missing')} to make."
        )

    def refuse_other_params(self) -> None:
        """Check that no experiment of the study's names has other params.

        Raises:
            DataError: when one has.
        """
        others = [one for one in self.found if one.state == "other"]
        if others:
            raise other_params(others)


def ask(question: Question, checked: bool = False) -> Asked:
    """Read a study, and look for its experiments.

    Args:
        question: what the command says.
        checked: whether to check the params of all experiments, as before a run.

    Returns:
        The study and its experiments.

    Raises:
        ParamsError: when the study, its form, a key or a name is unknown, or params would be refused.
        DataError: when there is no such commit.
    """
    study = read_study(question.name, question.form)
    baseline = Baseline(main_root(), question.revision)
    shared = copy.deepcopy(dict(baseline.params))
    merge(shared, study.params)
    with_changes(shared, question.changes, f"study {study.name}")
    planned = chosen(plan(study, baseline.params, question.changes), question.only)
    if checked:
        check_plan(planned)
    if not planned:
        raise ParamsError(where="--only", expected="an experiment", found="none", hint="Name one.")
    found = baseline.find(planned)
    return Asked(question=question, study=study, baseline=baseline, shared=shared, found=found)
