"""Write everything that people look at, and remove what would look like a result."""

import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from hbir.core.errors import DataError
from hbir.core.files import atomic_folder
from hbir.core.paths import HEADLINE, METRICS, SCORES
from hbir.core.rival_record import has_record
from hbir.evaluation.results import SamplerResults
from hbir.reporting.difference_file import differences_csv
from hbir.reporting.markdown import comparison_markdown
from hbir.reporting.page import comparison_page
from hbir.reporting.plots import write_plots
from hbir.reporting.reproduce import Origin
from hbir.reporting.verdicts import Found

PAGE, MARKDOWN, PLOTS = "comparison.html", "comparison.md", "plots"
DIFFERENCES = "differences.csv"


def write_reports(
    results: Sequence[SamplerResults],
    headline: str,
    folder: Path,
    facts: Mapping[str, str] | None = None,
    found: Found = None,
    origin: Origin | None = None,
) -> None:
    """Write comparison.html, comparison.md, differences.csv and the data of the plots.

    The same results give the same bytes.

    Args:
        results: one entry per sampler, in the order in which they are shown.
        headline: the sampler to point at.
        folder: where to; an older one is replaced when the new one is complete.
        facts: name → text, what the samplers share: encoder, data, commit.
        found: the headline's differences to the others, where they were looked for.
        origin: what made the results, where it is known.

    Raises:
        DataError: when the headline is not among the results.
    """
    samplers = [result.sampler for result in results]
    if headline not in samplers:
        raise DataError(
            where="the headline sampler",
            expected=f"one of {', '.join(samplers) or 'none'}",
            found=repr(headline),
            hint="Set `sampler` in params.yaml to one that is scored.",
        )
    with atomic_folder(folder) as temporary:
        page = comparison_page(results, headline, facts, found, origin)
        (temporary / PAGE).write_text(page, encoding="utf-8", newline="\n")
        markdown = comparison_markdown(results, headline, found)
        (temporary / MARKDOWN).write_text(markdown, encoding="utf-8", newline="\n")
        (temporary / DIFFERENCES).write_text(differences_csv(found or ()), encoding="utf-8", newline="\n")
        (temporary / PLOTS).mkdir()
        write_plots(results, temporary / PLOTS)


def remove_old_scores(root: Path, compared: Collection[str]) -> list[str]:
    """Remove scores and metrics of samplers that are not compared any more, which DVC leaves.

    Its cache keeps what it knows of them.

    Args:
        root: the project's folder.
        compared: the samplers whose scores stay.

    Returns:
        The names of the samplers of which something was removed.
    """
    folders = {path: path.name for path in sorted((root / SCORES).glob("*")) if has_record(path)}
    files = {path: path.stem for path in sorted((root / METRICS).glob("*.json"))}
    kept = {*compared, HEADLINE.stem}
    old = {path: name for path, name in (folders | files).items() if name not in kept}
    for path in old:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return sorted(set(old.values()))
