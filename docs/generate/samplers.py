"""Write the page of the samplers from their table."""

from docs.generate.markdown import code, paragraph, table
from hbir.core.rows import ADJUSTMENTS, FLOORS, RIVALS, find_row, merged_name
from hbir.core.samplers import SAMPLERS

INTRODUCTION = """A sampler decides which language stands on which side of a batch. `hbir/core/samplers.py`
lists them, and `hbir/batching/compositions.py` composes their batches. [Add a
sampler](../how-to/sampler.md) shows how to write one."""
STAGE = """Samplers with a stage of their own are always trained. The others are baselines: name them in
`baselines`, such as `dvc exp run -S 'baselines=[mixed,english]'`."""
NO_NEGATIVE = """Within a batch no passage, query or text occurs twice, in any language: in parallel data a
translation of the positive would be a false negative. A pair that collides waits for the next batch; none
is lost. Only in `all_languages` the passage of a query occurs in several languages, side by side, and the loss
leaves these out of each other's negatives."""
MORE = """[Choose what batches hold](../how-to/batches.md) says more about the baselines, and how `alpha` may
change during a training."""
ROWS = """Further rows of the tables, for which nothing is trained. [Put rivals beside the
samplers](../how-to/rivals.md) says more of each."""
_SHARE = 0.25
"""Of the average that stands for all."""


def page() -> str:
    """Write the page.

    Returns:
        Its Markdown.
    """
    rows = [
        (
            code(sampler.name),
            sampler.label,
            sampler.description.format(alpha="`batches.hybrid.alpha`"),
            "its own" if sampler.has_stage else "baseline",
        )
        for sampler in SAMPLERS.values()
    ]
    columns = ["name", "in the literature", "what a batch holds", "stage"]
    text = table(columns, rows)
    samplers = paragraph(INTRODUCTION) + text + "".join(map(paragraph, (STAGE, NO_NEGATIVE, MORE)))
    return f"# Samplers\n\n{samplers}## Rivals\n\n{paragraph(ROWS)}{_rivals()}"


def _rivals() -> str:
    """List the rows that nothing is trained for."""
    merged = find_row(merged_name(_SHARE))
    keyed = [*(("rivals", row) for row in RIVALS.values()), *([("merged", merged)] if merged else [])]
    keyed += [("floors", row) for row in FLOORS.values()]
    rows = [(code(row.name), row.label, row.description, code(key)) for key, row in keyed]
    rows += [
        (code(f"hybrid+{name}"), about.label, about.description, code("evaluate.adjustments"))
        for name, about in ADJUSTMENTS.items()
    ]
    return table(["row", "in the literature", "what it is", "key"], rows)
