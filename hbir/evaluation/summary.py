"""Hold what summary.json says of one model on one benchmark, and read and write it in one place."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hbir.core.errors import DataError
from hbir.core.files import read_json, write_json
from hbir.core.precision import FP32, Precision
from hbir.evaluation.measures import RANK_DISTANCE

SUMMARY = "summary.json"
"""The record's file, in the benchmark's folder of the scores."""
Settings = dict[str, dict[str, float]]
"""Setting → measure → mean."""


@dataclass(frozen=True, kw_only=True)
class ScoredTask:
    """Say what was scored."""

    name: str
    version: str
    languages: list[str]
    """Of queries and passages, sorted."""
    queries: int
    """0 for a task of mteb that has none."""
    passages: int
    precision: Precision = FP32
    """In which texts were embedded."""
    measures: list[str] = field(default_factory=lambda: ["map"])
    """What the benchmark's own tables show, the main one first; mAP where older scores name none."""

    def labelled(self, name: str) -> str:
        """Name scores so that those of another precision than float32 are never taken for them.

        Args:
            name: of the benchmark.

        Returns:
            The name, such as `cldr`, or `cldr-int8`.
        """
        return name if self.precision == FP32 else f"{name}-{self.precision}"

    @property
    def version_and_precision(self) -> str:
        """Return what a reader must know to compare scores: `2.47`, or `2.47 · embedded in int8`."""
        return self.version if self.precision == FP32 else f"{self.version} · embedded in {self.precision}"

    def plain(self) -> dict[str, Any]:
        """Return plain data; float32 goes without saying, as in older scores."""
        return {key: value for key, value in asdict(self).items() if (key, value) != ("precision", FP32)}

    @property
    def main_measure(self) -> str:
        """Return what stands for the benchmark where there is room for one measure."""
        return self.measures[0]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Count what the means do not show; None where a number has no meaning, or older scores lack it."""

    positives: dict[str, int] | None = None
    """Setting → relevant passages of the queries in all its pools."""
    tied_positives: dict[str, int] | None = None
    """Setting → those of them that share their score with another passage of the pool."""
    left_out: dict[str, int] | None = None
    """Setting → a query counts once for each pool that it is not scored in."""
    unjudged: int | None = None
    """Queries without any qrel; they are left out."""
    without_relevant: int | None = None
    """Queries whose qrels are all of grade 0; they score 0."""
    without_rank_distance: int | None = None
    """Queries with relevant passages in one language alone, of which language bias says nothing."""
    without_bias: dict[str, int] | None = None
    """Measure of language bias → queries scored in the multilingual setting of which it says nothing."""
    not_retrieved: int | None = None
    """Relevant passages that a search with a cut-off did not find."""
    subsets: int | None = None
    """Of a task of mteb."""
    splits: int | None = None
    """Of a task of mteb."""

    @classmethod
    def total(cls, parts: Sequence["Counts"]) -> "Counts":
        """Add the counts of several tasks of one benchmark.

        Args:
            parts: at least one, all with the same numbers.

        Returns:
            The sums.
        """
        known = [part.known() for part in parts]
        return cls(**{name: _sum([numbers[name] for numbers in known]) for name in known[0]})

    def known(self) -> dict[str, int | dict[str, int]]:
        """Return the numbers that there are, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _sum(numbers: Sequence[Any]) -> Any:
    if isinstance(numbers[0], dict):
        return {name: _sum([number[name] for number in numbers]) for name in numbers[0]}
    return sum(numbers)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Hold the means of one model, or one run, on one benchmark.

    A setting in which no query is scored, such as cross_lingual in a benchmark of one language, is absent.
    """

    task: ScoredTask
    settings: Settings
    """Means over languages or ordered pairs of languages."""
    groups: dict[str, Settings]
    """The same for the queries of each group alone; empty when the benchmark has no groups."""
    counts: Counts

    def score(self, setting: str, measure: str) -> float | None:
        """Look one mean up.

        Args:
            setting: such as `monolingual`.
            measure: such as `map`.

        Returns:
            The mean; None where the benchmark has no such setting, or the setting no such measure.
        """
        return self.settings.get(setting, {}).get(measure)

    def headline(self) -> dict[str, Any]:
        """Return the few numbers that stand for it in Git.

        Returns:
            The main measure, such as `map`, by setting to four decimals, and `rank_distance` to one.
        """
        main = self.task.main_measure
        scores = {name: round(means[main], 4) for name, means in self.settings.items() if main in means}
        chosen: dict[str, Any] = {main: scores}
        distances = [means[RANK_DISTANCE] for means in self.settings.values() if RANK_DISTANCE in means]
        return chosen | ({RANK_DISTANCE: round(distances[0], 1)} if distances else {})

    def plain(self) -> dict[str, Any]:
        """Return the record as plain data, the content of summary.json."""
        parts = {part.name: getattr(self, part.name) for part in fields(Summary)}
        return parts | {"task": self.task.plain(), "counts": self.counts.known()}


def headline(summaries: Mapping[str, Summary]) -> dict[str, Any]:
    """Choose what fits a screen in `dvc metrics show`.

    Args:
        summaries: by benchmark.

    Returns:
        Per benchmark, and precision other than float32, its `Summary.headline`.
    """
    return {summary.task.labelled(name): summary.headline() for name, summary in summaries.items()}


def write_summary(path: Path, summary: Summary) -> None:
    """Write a record, the same bytes for the same scores.

    Args:
        path: the file.
        summary: the record.
    """
    write_json(path, summary.plain())


_FORMAT = TypeAdapter(Summary)


def read_summary(path: Path) -> Summary:
    """Read a record.

    Args:
        path: the file.

    Returns:
        The record. Counts that this version does not know are passed over, so that scores of older commits can
        be read.

    Raises:
        DataError: when the file is missing or of another form; the place in it is named.
    """
    try:
        return _FORMAT.validate_python(read_json(path))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise DataError(
            where=f"{path}: {place}" if place else str(path),
            expected="a summary of scores as `score` writes it",
            found=str(fault["msg"]),
            hint="Delete the folder and run `dvc repro`, which scores again.",
        ) from error
