"""Find which experiments of a study are there already, by name or, under another name, by their params."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hbir.core.errors import DataError
from hbir.core.paths import LOCK, METRICS, PARAMS
from hbir.core.rows import compared_rows
from hbir.reporting.git import Experiment, committed_data, committed_files, git, list_experiments
from hbir.reporting.seeds import WITHOUT_EFFECT, changed_params
from hbir.studies.plan import Planned
from hbir.studies.settings import same

_ROWS = ("samplers", "baselines", "merged", "rivals", "floors")
"""Keys of params.yaml that say which rows are made."""
State = Literal["there", "missing", "other"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Say what is known of a planned experiment."""

    planned: Planned
    state: State
    """`other`: an experiment of its name has other params."""
    name: str = ""
    """Of the experiment that has its params; a commit where that is the baseline itself."""
    commit: str = ""
    differs: Mapping[str, tuple[Any, Any]] | None = None
    """Param → wanted and found, of an experiment of its name with other ones."""


class Baseline:
    """Know a commit, and the experiments that started from it."""

    def __init__(self, root: Path, revision: str = "HEAD") -> None:
        """Read the commit.

        Args:
            root: the project's folder.
            revision: a commit, branch or tag.

        Raises:
            DataError: when there is no such commit, or it has no params.yaml.
        """
        self.root = root
        self.commit = git(root, "rev-parse", "--verify", f"{revision}^{{commit}}").strip()
        self.params = committed_data(root, self.commit, str(PARAMS))
        self._read: dict[str, Mapping[str, Any]] = {}

    def experiments(self) -> dict[str, Experiment]:
        """List what started from this commit, anew at each call.

        Returns:
            Name → experiment.
        """
        return {one.name: one for one in list_experiments(self.root) if one.baseline == self.commit}

    def find(self, planned: Sequence[Planned]) -> list[Found]:
        """Look for experiments with the same params; one that compares more rows is as good.

        Args:
            planned: what a study wants.

        Returns:
            What is known of each, in their order. The baseline counts as an experiment where its results are
            committed with it.
        """
        named = self.experiments()
        return [self._one(one, named) for one in planned]

    def elsewhere(self, planned: Sequence[Planned]) -> dict[str, int]:
        """Count the experiments of these names that started from other commits.

        Args:
            planned: what a study wants.

        Returns:
            Commit → their number.
        """
        names = {one.name for one in planned}
        counts: dict[str, int] = {}
        for one in list_experiments(self.root):
            if one.name in names and one.baseline != self.commit:
                counts[one.baseline] = counts.get(one.baseline, 0) + 1
        return counts

    def _one(self, planned: Planned, named: Mapping[str, Experiment]) -> Found:
        mine = named.get(planned.name)
        if mine is not None and _serves(self._params(mine.commit), planned.params):
            return Found(planned=planned, state="there", name=mine.name, commit=mine.commit)
        for name, commit in self._others(named):
            if _serves(self._params(commit), planned.params):
                return Found(planned=planned, state="there", name=name, commit=commit)
        if mine is None:
            return Found(planned=planned, state="missing")
        differs = changed_params(_essence(planned.params), _essence(self._params(mine.commit)))
        return Found(planned=planned, state="other", name=mine.name, commit=mine.commit, differs=differs)

    def _others(self, named: Mapping[str, Experiment]) -> Iterator[tuple[str, str]]:
        if self._has_results():
            yield self.commit[:7], self.commit
        yield from ((one.name, one.commit) for one in named.values())

    def _has_results(self) -> bool:
        """Tell whether the commit holds results of its own params."""
        if not any(name.endswith(".json") for name in committed_files(self.root, self.commit, str(METRICS))):
            return False
        if str(LOCK) not in committed_files(self.root, self.commit, "."):
            return False
        lock = committed_data(self.root, self.commit, str(LOCK))
        return all(
            _matches(self.params, key, value)
            for name, stage in (lock.get("stages") or {}).items()
            if self._is_current(name)
            for key, value in (stage.get("params", {}).get(str(PARAMS)) or {}).items()
        )

    def _is_current(self, stage: str) -> bool:
        """Tell whether a stage of dvc.lock is still one; those of a language that was taken out stay there."""
        item = stage.partition("@")[2]
        lists = ("languages", "samplers", "baselines")
        return not item or any(item in (self.params.get(key) or []) for key in lists)

    def _params(self, commit: str) -> Mapping[str, Any]:
        if commit not in self._read:
            try:
                self._read[commit] = committed_data(self.root, commit, str(PARAMS))
            except DataError:
                self._read[commit] = {}  # a broken experiment of somebody else is no reason to stop
        return self._read[commit]


def _serves(params: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Tell whether an experiment has all that is wanted; rows beside it change no score."""
    if not set(compared_rows(wanted)) <= set(compared_rows(params)):
        return False
    one, other = (
        {key: value for key, value in _essence(some).items() if key not in _ROWS} for some in (params, wanted)
    )
    return same(one, other)


def _essence(params: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the params on which no score depends."""
    return {key: value for key, value in params.items() if key not in WITHOUT_EFFECT}


def _matches(params: Mapping[str, Any], key: str, value: Any) -> bool:
    place: Any = params
    for name in key.split("."):
        if not isinstance(place, Mapping) or name not in place:
            return False
        place = place[name]
    return same(place, value)
