"""Say in which plans pairs were found, and which models saw them."""

import textwrap
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hbir.batching.find import Occurrence
from hbir.batching.pair_search import FoundPair
from hbir.batching.seen import Models
from hbir.reporting.csv_lines import csv_lines

_WIDTH = 100
_HEADER = ("pair_id", "sampler", "step", "query_lang", "passage_lang", "model")
"""`model` is the first one that saw the step: the best checkpoint, `final`, or none."""


@dataclass(frozen=True, kw_only=True)
class InPlan:
    """Hold where one sampler's plan names the pairs that were looked for."""

    sampler: str
    steps: int
    """Of the plan."""
    models: Models | None
    """Trained on it."""
    note: str
    """On the models, where there is more to say than that there is none."""
    found: Sequence[Occurrence]

    def model(self, step: int) -> str:
        """Name the first model that saw a step.

        Args:
            step: from 0.

        Returns:
            Its folder; empty where none did.
        """
        return self.models.first_with(step) if self.models else ""


def found_text(pairs: Sequence[FoundPair], plans: Sequence[InPlan], wanted: str) -> str:
    """Write for a reader: each pair, and below it every plan with its steps by languages.

    Args:
        pairs: what was found.
        plans: of the project.
        wanted: what was looked for.

    Returns:
        Lines, the last one with its newline.
    """
    blocks = ["\n".join([*_head(pair, wanted), *_in_plans(pair, plans)]) for pair in pairs]
    return "\n\n".join(blocks) + "\n"


def found_csv(plans: Sequence[InPlan]) -> str:
    """Write every occurrence as CSV.

    Args:
        plans: of the project.

    Returns:
        The header, and a line for each.
    """
    lines = (
        (one.pair_id, plan.sampler, one.step, one.query_lang, one.passage_lang, plan.model(one.step))
        for plan in plans
        for one in plan.found
    )
    return csv_lines([_HEADER, *lines])


def _head(pair: FoundPair, wanted: str) -> Iterator[str]:
    yield f"pair {pair.pair_id} · source {pair.source} · {pair.split} · {', '.join(pair.texts)}"
    lang = pair.shown(wanted)
    for side, text in zip(("query", "passage"), pair.texts[lang], strict=True):
        yield textwrap.shorten(f"{side} ({lang}): {text}", _WIDTH, initial_indent="  ", placeholder=" …")


def _in_plans(pair: FoundPair, plans: Sequence[InPlan]) -> Iterator[str]:
    for plan in plans:
        found = [one for one in plan.found if one.pair_id == pair.pair_id]
        yield f"{plan.sampler}: {_times(plan, found)}"
        steps = defaultdict(list)
        for one in found:
            steps[f"{one.query_lang} → {one.passage_lang}"].append(one.step)
        for languages, numbers in sorted(steps.items()):
            listed = f"{languages}: {', '.join(map(str, numbers))}"
            yield textwrap.fill(listed, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def _times(plan: InPlan, found: Sequence[Occurrence]) -> str:
    if not found:
        return f"in none of its {plan.steps:,} steps"
    steps = {
        one.step for one in found
    }  # a step names a pair several times where its passage has several languages
    times = f"{len(steps):,} time{'s' * (len(steps) != 1)} in {plan.steps:,} steps"
    if plan.models is None:
        return f"{times}; {plan.note}"
    seen = sum(step < plan.models.best for step in steps)
    return f"{times}; {plan.models.folder.as_posix()}, trained on {plan.models.best:,}, saw {seen:,}"
