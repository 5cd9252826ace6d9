"""Bring the scores of an experiment or a commit from DVC's cache into a folder, and read them."""

from collections.abc import Sequence
from pathlib import Path

from hbir.core.errors import DataError
from hbir.core.paths import SCORES
from hbir.evaluation.results import CELLS, PREFERENCES, QUERIES, SamplerResults, read_results
from hbir.tracking.revision import Revision, unavailable


def fetch_scores(
    root: Path, commit: str, name: str, samplers: Sequence[str], folder: Path
) -> list[SamplerResults]:
    """Read scores per query, as a revision has them.

    Args:
        root: the project's folder.
        commit: that holds them.
        name: of the experiment, for a message.
        samplers: whose scores.
        folder: gets a copy.

    Returns:
        One entry per sampler.

    Raises:
        DataError: when neither DVC's cache nor a remote has them.
    """
    files = Revision(root, commit)
    try:
        for sampler in samplers:
            for file in files.find(str(SCORES / sampler), ".json", QUERIES, CELLS, PREFERENCES):
                files.fetch(file, folder)
    except unavailable() as error:
        raise DataError(
            where=f"experiment {name}",
            expected="scores per query in DVC's cache",
            found=" ".join(str(error).split()) or "none",
            hint="Fetch them with `dvc pull` or `dvc exp pull`, or make them with `dvc repro`.",
        ) from error
    return read_results(folder / SCORES, samplers)
