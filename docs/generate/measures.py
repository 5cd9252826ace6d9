"""Write the page of the measures from their functions."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from docs.generate.markdown import code, paragraph, plain, table
from hbir.evaluation import language_bias, top_languages
from hbir.evaluation.measures import MEASURES, RANK_DISTANCE, rank_distance

SOURCE = re.compile(r"\s*\(Source: (.+?)\)(?=[.,]|$)")
INTRODUCTION = """Every measure is computed per query from the exact ranks of its relevant passages, averaged
over the queries of a language or of an ordered pair of languages, and then over these. For the same ranking
the values equal those of trec_eval; tests hold that, against `pytrec_eval` and by hand."""
SETTINGS = """The three settings are **monolingual** (query and pool in one language), **cross-lingual** (the
pool is in one other language) and **multilingual** (one pool of all languages, in which every translation
of the answer is relevant)."""
SYMBOLS = """R is the number of relevant passages of a query, r₁ < r₂ < … are their ranks from 1, and k is the
number after the `@`."""
CUT = """A streamed corpus is searched to the best `top_k` passages. Its mAP is called `map@<top_k>` and never
`map`, and it has no rank distance if a relevant passage was missed. A query with relevant passages in fewer
than two languages has no rank distance either; both are counted. A run file's mAP is called `map`, as
trec_eval calls it; where the run ends before a relevant passage, a warning says how deep it is."""
BIAS = """In the multilingual setting these are measured too, unless `evaluate.language_bias` is false. N is the
number of passages in the pool. A query with relevant passages in one language alone says nothing of language
bias and has none of them; what else a measure needs is in its line. Where no query has a measure, it is absent,
never 0, and `without_bias` in `summary.json` counts the queries without it.

The multilingual row of a query in `queries.parquet` holds its values. `preferences.csv` has a row per language
of the queries and of the passages: the mean share of a query's first ten passages that are in the language
beside its share of the pool, and how often the best relevant passage is in the language beside how often it
would be without any preference, which is the share of the relevant passages in that language."""
CUT_BIAS = """A run that missed a relevant passage has neither Max@R nor PEER nor a language preference. A
streamed corpus has no shares of the pool and no `map_other`. Where the source
gives no normalisation or no rule for passages that were not retrieved, the formula is ours."""
TIES = """Passages with equal scores are ranked by a hash of their id. An order by id would put one language
first each time, and the bias between languages is what is measured here."""


def page() -> str:
    """Write the page.

    Returns:
        Its Markdown.
    """
    parts = ["# Measures\n\n", paragraph(INTRODUCTION), paragraph(SETTINGS), paragraph(SYMBOLS)]
    parts += [_table({**MEASURES, RANK_DISTANCE: rank_distance}), paragraph(CUT), paragraph(TIES)]
    bias = language_bias.MEASURES | top_languages.MEASURES
    parts += ["## Language bias\n\n", *map(paragraph, BIAS.split("\n\n"))]
    parts += [_table(bias | {top_languages.CORRELATION: top_languages.rank_correlation}), paragraph(CUT_BIAS)]
    return "".join(parts)


def _table(functions: Mapping[str, Callable[..., Any]]) -> str:
    by_function: dict[Callable[..., Any], list[str]] = {}
    for name, function in functions.items():
        inner = function.func if isinstance(function, partial) else function
        by_function.setdefault(inner, []).append(name)
    rows = [_row(names, function) for function, names in by_function.items()]
    return table(["measure", "per query", "formula", "source"], rows)


def _row(names: Sequence[str], function: Callable[..., Any]) -> tuple[str, str, str, str]:
    first, *others = (inspect.getdoc(function) or "").split("\n\n")
    source = SOURCE.search(plain(first))
    formula = next((plain(text) for text in others if text.startswith("Formula: ")), "")
    what = SOURCE.sub("", plain(first))
    formula = formula.removeprefix("Formula: ").rstrip(".")
    return ", ".join(map(code, names)), what, formula, source[1] if source else ""
