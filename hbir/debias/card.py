"""Write the card of a debiased encoder: before and after, and how it came about."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hbir.core.lines import expanded
from hbir.core.samplers import SAMPLERS
from hbir.core.training_record import TrainingRecord
from hbir.debias.corpus import Corpus
from hbir.debias.options import Options
from hbir.debias.scores import AFTER, BEFORE, MAIN, Comparison, difference
from hbir.encoding.prompts import SIDES
from hbir.evaluation.intervals import LEVEL
from hbir.evaluation.significance import ALPHA
from hbir.reporting.columns import MISSING, Column
from hbir.reporting.markdown import escaped, line
from hbir.reporting.numbers import bounds, change, short
from hbir.reporting.verdicts import NOTHING_SHOWN, word

COLUMNS = tuple(Column(setting=setting, measure=measure) for setting, measure in MAIN)
_CARD = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags: [sentence-transformers, information-retrieval, multilingual, hbir]
language: [{languages}]
{base}---
# {name}

`{model}`, trained on parallel texts for {steps:,} steps so that it ranks an answer alike in every language.
Made by `hbir debias`.

```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/to/this/folder")
queries = model.encode_query(["…"])
passages = model.encode_document(["…"])
print(model.similarity(queries, passages))
```

{prompts}

## Before and after, on texts that it never saw

{held}

{table}

{legend}

### By language of the query

{by_language}

## How it was trained

{training}
"""


def debias_card(
    options: Options,
    corpus: Corpus,
    training: TrainingRecord,
    comparison: Comparison,
    prompts: Mapping[str, str],
) -> str:
    """Write the card.

    Args:
        options: of the run.
        corpus: what was trained on and held out.
        training: the record of the training.
        comparison: scores before and after.
        prompts: of the encoder.

    Returns:
        Markdown with the header that the Hub reads.
    """
    return _CARD.format(
        languages=", ".join(corpus.languages),
        base=f"base_model: {options.model}\n" if _is_id(options) else "",
        name=escaped(options.out.name),
        model=options.model if _is_id(options) else Path(options.model).name,
        steps=training.params["steps"],
        prompts=_prompts(prompts),
        held=_held(corpus, comparison, options),
        table=main_table(comparison),
        legend=LEGEND,
        by_language=language_table(comparison, corpus.languages),
        training=" ".join(_training(options, corpus, training)),
    )


LEGEND = (
    f"[ ]: {100 * LEVEL:.0f} % bootstrap interval of the change over the held-out texts. better, worse: p ≤ "
    f"{ALPHA:g} in a paired randomisation test over them, corrected by Holm for all comparisons of its table; "
    f"{NOTHING_SHOWN}: no difference shown; {MISSING}: too few texts for a test. ↓: lower is better. Rank "
    "distance: how many ranks lie between the best and the worst language of an answer."
)


def main_table(comparison: Comparison) -> str:
    """Write the scores over all languages.

    Args:
        comparison: scores before and after.

    Returns:
        A table in Markdown.
    """
    rows = [line(["", *_headings()]), line(["---", *["---:"] * len(COLUMNS)])]
    for name, summary in ((BEFORE, comparison.before), (AFTER, comparison.after)):
        rows.append(line([name, *(c.text(summary.score(c.setting, c.measure)) for c in COLUMNS)]))
    found = [difference(comparison.overall, column.setting, column.measure) for column in COLUMNS]
    changes = [
        f"{change(column, one.value)}{bounds(column, one.interval)} {word(one)}" if one else MISSING
        for column, one in zip(COLUMNS, found, strict=True)
    ]
    return "\n".join([*rows, line(["change", *changes])])


def language_table(comparison: Comparison, languages: Sequence[str]) -> str:
    """Write the scores of the queries of each language.

    Args:
        comparison: scores before and after.
        languages: in their order.

    Returns:
        A table in Markdown, `before → after` and a word in each cell.
    """
    rows = [line(["language", *_headings()]), line(["---", *["---:"] * len(COLUMNS)])]
    cells = {language: [_cell(comparison, language, column) for column in COLUMNS] for language in languages}
    return "\n".join([*rows, *(line([language, *found]) for language, found in cells.items())])


def _headings() -> list[str]:
    return [c.name if c.measure != "map" else f"{c.setting_name} {c.name}" for c in COLUMNS]


def _cell(comparison: Comparison, language: str, column: Column) -> str:
    key = language, column.setting, column.measure
    values = [comparison.values.get((which, *key)) for which in (BEFORE, AFTER)]
    one = difference(comparison.by_language, column.setting, column.measure, language)
    shown = " → ".join(MISSING if value is None else short(column, value) for value in values)
    return f"{shown} {word(one)}" if one else shown


def _is_id(options: Options) -> bool:
    """Tell whether the model is one of the Hub, which the card may name as its base."""
    return "/" in options.model and not expanded(options.model, "MODEL").exists()


def _prompts(prompts: Mapping[str, str]) -> str:
    query, document = (f"`{text}`" if (text := prompts.get(side)) else "none" for side in SIDES)
    if query == document == "none":
        return "Queries and passages get no prompt."
    return f"Queries get the prompt {query} and passages {document}, saved with the model."


def _held(corpus: Corpus, comparison: Comparison, options: Options) -> str:
    task = comparison.before.task
    what = f"{corpus.held_texts:,} texts"
    if corpus.documents:
        what += f" of {corpus.held_documents:,} of {corpus.documents:,} documents"
    asks = (
        "The title asks for its text"
        if corpus.query == "title"
        else "A random part of a text asks for the whole"
    )
    return (
        f"{what} were held out. {asks}, in every language: {task.queries:,} queries, {task.passages:,} "
        "passages. Monolingual: query and passages in one language; cross-lingual: in two; multilingual: the "
        f"passages of all languages in one pool. Inputs were cut at {options.max_tokens} tokens."
    )


def _training(options: Options, corpus: Corpus, training: TrainingRecord) -> Iterator[str]:
    params = training.params
    trained = corpus.texts - corpus.held_texts
    yield (
        f"{params['steps']:,} steps of {params['batch_size']:,} pairs on {trained:,} texts in "
        f"{', '.join(corpus.languages)}; batches: `{training.sampler}`, "
        f"{SAMPLERS[training.sampler].description.format(**params)}."
    )
    yield (
        f"InfoNCE with in-batch negatives, temperature {options.temperature:g}, AdamW at a peak learning rate "
        f"of {options.learning_rate:g}, inputs cut at {options.max_tokens} tokens; seed {options.seed}."
    )
    if params["freeze_embeddings"]:
        yield "The embeddings of tokens and positions stayed as they were."
    yield (
        f"Saved is the checkpoint of the lowest loss on texts set aside from training, after step "
        f"{training.best.step:,}."
    )
    left = ", ".join(f"{reason} {count:,}" for reason, count in corpus.dropped.items() if count)
    if left:
        yield f"Left out of the files: {left}."
