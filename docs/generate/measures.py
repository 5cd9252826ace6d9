"""Write the page of the measures from their functions."""

import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from docs.generate.markdown import code, paragraph, plain, table
from hbir.evaluation.measures import MEASURES, RANK_DISTANCE, rank_distance

SOURCE = re.compile(r"\s*\(Source: (.+?)\)(?=[.,]|$)")
INTRODUCTION = """Every measure is computed per query from the exact ranks of its relevant passages, averaged
over the queries of a language or of an ordered pair of languages, and then over these. For the same ranking
the values equal those of trec_eval; tests hold that, against `pytrec_eval` and by hand."""
SETTINGS = """The three settings are **monolingual** (query and pool in one language), **cross-lingual** (the
pool is in one other language) and **multilingual** (one pool of all languages, in which every translation
of the answer is relevant)."""
TIES = """Passages with equal scores are ranked by a hash of their id. An order by id would put one language
first each time, and the bias between languages is what is measured here."""


def page() -> str:
    """Write the page.

    Returns:
        Its Markdown.
    """
    rows = [_row(name, function) for name, function in {**MEASURES, RANK_DISTANCE: rank_distance}.items()]
    parts = ["# Measures\n\n", paragraph(INTRODUCTION), paragraph(SETTINGS)]
    parts += [table(["measure", "per query", "value", "source"], rows), paragraph(TIES)]
    return "".join(parts)


def _row(name: str, function: Callable[..., Any]) -> tuple[str, str, str, str]:
    inner = function.func if isinstance(function, partial) else function
    doc = inspect.getdoc(inner) or ""
    first = plain(doc.split("\n\n")[0])
    source = SOURCE.search(first)
    returns = re.search(r"Returns:\n(.+?)(\n\n|$)", doc, flags=re.DOTALL)
    value = plain(returns[1]).removeprefix("(n_rankings,) float64").lstrip(" ;") if returns else ""
    return code(name), SOURCE.sub("", first), value, source[1] if source else ""
