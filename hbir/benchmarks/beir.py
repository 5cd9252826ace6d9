"""Load benchmarks in BEIR's format, where queries and passages may say their language (Thakur et al., 2021)."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from hbir.benchmarks.about import About
from hbir.benchmarks.beir_files import (
    LanguageCorpus,
    Query,
    Survey,
    Table,
    read_passages,
    read_queries,
    table_in,
    table_on_hub,
    take_survey,
    twice,
)
from hbir.benchmarks.local import file_in, how_to_fetch
from hbir.benchmarks.params import LargeParams, chosen_languages, data_folder
from hbir.benchmarks.qrels import Qrel, known_queries, read_beir, relevance, tolerate_unknown
from hbir.benchmarks.streamed import StreamedTask
from hbir.benchmarks.task import MONOLINGUAL, SETTINGS, RetrievalTask
from hbir.core.hashing import digest, file_digest
from hbir.core.hub.datasets import HubDataset
from hbir.core.params import params_class

logger = logging.getLogger(__name__)
FAMILY = "beir"
_SOURCE = "https://github.com/beir-cellar/beir"


ABOUT = About(
    name=f"{FAMILY}/<name>",
    asks="any folder in BEIR's format, also your own",
    settings="monolingual; all three where it has several languages",
    measures="nDCG@10",
    files="corpus.jsonl and queries.jsonl, or .gz of them, qrels/<split>.tsv",
    source=_SOURCE,
    hub="BeIR/<name> and BeIR/<name>-qrels",
    revision="the commits that `revision` and `qrels_revision` name, else those of the first load",
    licence="each its own",
    citation="Thakur et al., 2021, BEIR, and each its own",
)


@params_class
class BeirParams(LargeParams):
    """Hold what a benchmark in BEIR's format takes."""

    split: str = "test"
    """Which file of `qrels/`."""
    language: Annotated[str, Field(pattern="^[^:]+$")] = "en"
    """Language of the queries and passages without a field `lang`."""
    exact_limit: Annotated[int, Field(ge=0)] = 200_000
    """Most passages that are ranked exactly; of a larger corpus the best `top_k` are retrieved."""
    qrels_revision: str | None = None
    """Commit of its dataset of qrels; null for the one of the first load."""


class _Files(NamedTuple):
    corpus: Table
    queries: Table
    qrels: Path


class _Judged(NamedTuple):
    """Hold the queries of the chosen languages that have qrels."""

    queries: list[Query]
    unjudged: int
    """The other queries of these languages."""
    qrels: list[Qrel]
    """Of passages in these languages, whose ids begin with theirs."""
    langs: list[frozenset[str]]
    """Per query those of its judged passages."""


class _Passages(NamedTuple):
    ids: list[str]
    texts: list[str]
    bodies: list[str]


def load(params: BeirParams, wanted: Sequence[str] | None) -> list[RetrievalTask | StreamedTask]:
    """Load a benchmark, whole or with its corpus to be streamed if it is large.

    Args:
        params: the benchmark; its folder holds corpus.jsonl, queries.jsonl (either may end in `.gz`) and
            qrels/<split>.tsv. A query may have a `key`, the same for the translations of one query.
        wanted: the project's languages; None for all of the benchmark.

    Returns:
        One task of the queries with qrels, with all settings where it has several languages. A passage whose id
        equals its query's is ranked like any other. Relevant passages that are absent, as far as
        `unknown_share` allows, count as never retrieved. The version is of the split and all three files, and
        of `top_k` where the corpus is streamed.

    Raises:
        DataError: when a file is missing or broken, an id comes twice, or too many judged ids are unknown.
    """
    folder = data_folder(params)
    files = _in_folder(params, folder) if folder else _on_hub(params)
    queries = read_queries(files.queries, params.language)
    qrels = list(known_queries(read_beir(files.qrels), queries, params.where, params.unknown_share))
    survey = take_survey(files.corpus, dict.fromkeys(row.passage for row in qrels), params.language)
    relevant = dict.fromkeys(row.passage for row in qrels if row.grade > 0)
    absent = [passage for passage in relevant if passage not in survey.language]
    tolerate_unknown(absent, len(relevant), "relevant passages", params.where, params.unknown_share)
    languages = _languages(params, wanted, queries, survey)
    judged = _judge(qrels, queries, survey, languages)
    logger.info("%s: %d of %d queries have qrels", params.where, len(judged.queries), len(queries))
    searched = [language for language in languages if survey.passages[language]]
    if not absent and sum(survey.passages[language] for language in searched) <= params.exact_limit:
        passages = _read(files.corpus, params.language, languages)
        return [_task(params, files, languages, judged, passages)]
    corpora = {language: LanguageCorpus(files.corpus, language, params.language) for language in searched}
    task = _task(params, files, languages, judged, None)
    share = params.unknown_share
    return [StreamedTask(judged=task, corpora=corpora, top_k=params.top_k, unknown_share=share)]


def _judge(
    qrels: Sequence[Qrel], queries: Mapping[str, Query], survey: Survey, languages: Sequence[str]
) -> _Judged:
    chosen = {key: query for key, query in queries.items() if query.language in languages}
    known = dict.fromkeys(row.query for row in qrels if row.query in chosen)
    langs: dict[str, set[str]] = {key: set() for key in known}
    named = []
    for row in qrels:
        # An absent passage has no language; that of its query makes it count where it would be looked for.
        language = survey.language.get(row.passage, queries[row.query].language)
        if row.query in chosen and language in languages:
            langs[row.query].add(language)
            named.append(Qrel(chosen[row.query].id, f"{language}:{row.passage}", row.grade))
    return _Judged(
        [chosen[key] for key in known],
        len(chosen) - len(known),
        named,
        list(map(frozenset, langs.values())),
    )


def _languages(
    params: BeirParams, wanted: Sequence[str] | None, queries: Mapping[str, Query], survey: Survey
) -> list[str]:
    return chosen_languages(
        params, sorted({*survey.passages, *(query.language for query in queries.values())}), wanted
    )


def _read(table: Table, default: str, languages: Sequence[str]) -> _Passages:
    passages, known = _Passages([], [], []), set()
    for number, language, passage in read_passages(table, default):
        if passage.id in known:
            raise twice(table, number, passage.id)
        known.add(passage.id)
        if language in languages:
            passages.ids.append(f"{language}:{passage.id}")
            passages.texts.append(passage.text)
            passages.bodies.append(passage.body or passage.text)
    return passages


def _task(
    params: BeirParams,
    files: _Files,
    languages: Sequence[str],
    judged: _Judged,
    passages: _Passages | None,
) -> RetrievalTask:
    """Make a task of all passages, or of the relevant ones without their texts."""
    queries = judged.queries
    index = {query.id: number for number, query in enumerate(queries)}
    relevant = relevance(judged.qrels, index, passages.ids if passages else ())
    names = relevant.passage_ids
    keys = [query.key for query in queries]
    content = digest("\n".join([files.corpus.content, files.queries.content, file_digest(files.qrels)]))
    return RetrievalTask(
        name=params.name,
        version=f"{params.split}-{content[:12]}" + ("" if passages else f"+top{params.top_k}"),
        query_ids=list(index),
        queries=[query.text for query in queries],
        query_langs=[query.language for query in queries],
        passage_ids=names,
        passages=passages.texts if passages else [""] * len(names),
        passage_langs=[name.split(":", 1)[0] for name in names],
        bodies=passages.bodies if passages else None,
        relevant=relevant.pairs,
        grades=relevant.grades,
        judged_langs=judged.langs,
        unjudged=judged.unjudged,
        clusters=keys if len(set(keys)) < len(keys) else None,
        query_keys=keys if len(set(keys)) < len(keys) else None,
        measures=("ndcg@10",),
        settings=SETTINGS if len(languages) > 1 else (MONOLINGUAL,),
    )


def _in_folder(params: BeirParams, folder: Path) -> _Files:
    hint = _how_to_fetch(params)
    corpus, queries = (table_in(folder, name, hint) for name in ("corpus", "queries"))
    return _Files(corpus, queries, file_in(folder, f"qrels/{params.split}.tsv"))


def _on_hub(params: BeirParams) -> _Files:
    repo = f"BeIR/{params.name.split('/', 1)[1]}"
    hint = _how_to_fetch(params)
    texts = HubDataset(repo, params.revision, params.where, hint)
    judged = HubDataset(f"{repo}-qrels", params.qrels_revision, params.where, hint)
    corpus, queries = (table_on_hub(texts, name) for name in ("corpus", "queries"))
    return _Files(corpus, queries, judged.fetch(f"{params.split}.tsv"))


def _how_to_fetch(params: BeirParams) -> str:
    return how_to_fetch(params, f"corpus.jsonl, queries.jsonl and qrels/{params.split}.tsv", _SOURCE)
