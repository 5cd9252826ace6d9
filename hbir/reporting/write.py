"""Write everything that people look at."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hbir.core.errors import DataError
from hbir.core.files import atomic_folder
from hbir.evaluation.results import SamplerResults
from hbir.reporting.markdown import comparison_markdown
from hbir.reporting.page import comparison_page
from hbir.reporting.plots import write_plots

PAGE, MARKDOWN, PLOTS = "comparison.html", "comparison.md", "plots"


def write_reports(
    results: Sequence[SamplerResults], headline: str, folder: Path, facts: Mapping[str, str] | None = None
) -> None:
    """Write comparison.html, comparison.md and the data of the plots, the same bytes for the same results.

    Args:
        results: one entry per sampler, in the order in which they are shown.
        headline: the sampler to point at.
        folder: where to; an older one is replaced when the new one is complete.
        facts: name → text, what the samplers share: encoder, data, commit.

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
        (temporary / PAGE).write_text(comparison_page(results, headline, facts), encoding="utf-8", newline="\n")
        (temporary / MARKDOWN).write_text(
            comparison_markdown(results, headline), encoding="utf-8", newline="\n"
        )
        (temporary / PLOTS).mkdir()
        write_plots(results, temporary / PLOTS)
