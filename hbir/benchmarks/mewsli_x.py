"""Load Mewsli-X: find the entity that is mentioned in a news article among a million in 50 languages.

The files are those that `get-mewsli-x.sh` makes (Source: Ruder et al., 2021, XTREME-R, EMNLP; release
mewsli-x_20220518_6). Texts are made as by XTREME-R's baseline: a query is the mention, a colon and the one
sentence around it with the mention in braces; a passage is an entity's description without its title. The Hub
has a copy in other hands and of another layout only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from hbir.benchmarks.about import XTREME_R_PAPER, About
from hbir.benchmarks.local import file_in, no_folder, parse_json, version_of
from hbir.benchmarks.params import BenchmarkParams, chosen_languages, data_folder
from hbir.benchmarks.task import MULTILINGUAL, RetrievalTask
from hbir.core.errors import DataError
from hbir.core.languages import language_code
from hbir.core.lines import broken, read_lines

NAME = "mewsli-x"
LANGUAGES = ("ar", "de", "en", "es", "fa", "ja", "pl", "ro", "ta", "tr", "uk")
"""Of the mentions; the entities' descriptions are in 50."""
MENTIONS, ENTITIES = "wikinews_mentions-test.jsonl", "candidate_set_entities.jsonl"
_SOURCE = (
    "the script get-mewsli-x.sh of https://github.com/google-research/google-research, "
    "folder dense_representations_for_entity_retrieval/mel"
)


ABOUT = About(
    name=NAME,
    asks="the entity that a news article mentions, among a million in 50 languages; mentions in 11",
    settings="multilingual",
    measures="mAP@20",
    files=f"{MENTIONS}, {ENTITIES}",
    source=_SOURCE,
    revision="release mewsli-x_20220518_6",
    citation=XTREME_R_PAPER,
)


@dataclass(frozen=True)
class _Span:
    start: int
    end: int


@dataclass(frozen=True)
class _TextSpan(_Span):
    text: str


@dataclass(frozen=True)
class _Context:
    language: str
    text: str
    sentence_spans: list[_Span]


@dataclass(frozen=True)
class _Mention:
    example_id: str
    entity_id: str
    mention_span: _TextSpan


@dataclass(frozen=True)
class _Article:
    context: _Context
    mentions: list[_Mention]


@dataclass(frozen=True)
class _Entity:
    entity_id: str
    description: str
    description_language: str


_ARTICLE, _ENTITY = TypeAdapter(_Article), TypeAdapter(_Entity)


@dataclass(frozen=True)
class _Query:
    id: str
    text: str
    language: str
    entity_id: str
    line: int


def load(params: BenchmarkParams, wanted: Sequence[str] | None) -> list[RetrievalTask]:
    """Load the test mentions of some languages, and the entities of all.

    Args:
        params: the benchmark; its folder holds MENTIONS and ENTITIES.
        wanted: the project's languages, for the mentions alone; None for all of the benchmark.

    Returns:
        One task, in the multilingual setting alone, with one relevant entity per mention.

    Raises:
        DataError: when there is no folder, or a file is missing or broken.
    """
    languages = chosen_languages(params, LANGUAGES, wanted)
    folder = data_folder(params)
    if folder is None:
        raise no_folder(params, f"{MENTIONS} and {ENTITIES}", _SOURCE)
    mentions, candidates = (file_in(folder, name) for name in (MENTIONS, ENTITIES))
    queries = list(_queries(mentions, languages))
    entities = list(_entities(candidates))
    task = RetrievalTask(
        name=NAME,
        version=version_of([mentions, candidates]),
        query_ids=[f"{query.language}:{query.id}" for query in queries],
        queries=[query.text for query in queries],
        query_langs=[query.language for query in queries],
        passage_ids=[f"{entity.description_language}:{entity.entity_id}" for entity in entities],
        passages=[entity.description for entity in entities],
        passage_langs=[entity.description_language for entity in entities],
        relevant=_relevant(queries, entities, mentions),
        measures=("map@20",),
        settings=(MULTILINGUAL,),
    )
    return [task]


def _queries(path: Path, languages: Sequence[str]) -> Iterator[_Query]:
    for number, line in read_lines(path):
        article = parse_json(_ARTICLE, line, f"{path}, line {number}")
        language = language_code(article.context.language, f"{path}, line {number}: language")
        if language not in LANGUAGES:
            raise broken(path, number, f"a language of {', '.join(LANGUAGES)}", repr(language))
        for mention in article.mentions if language in languages else ():
            text = _marked(article.context, mention, path, number)
            yield _Query(mention.example_id, text, language, mention.entity_id, number)


def _marked(context: _Context, mention: _Mention, path: Path, line: int) -> str:
    span = mention.mention_span
    if not context.text:
        raise DataError(
            where=f"{path}, line {line}",
            expected="the article's text",
            found="none",
            hint="Let get-mewsli-x.sh run to its end; it fills the texts in.",
        )
    if context.text[span.start : span.end] != span.text:
        found = repr(context.text[span.start : span.end])
        raise broken(path, line, f"the mention {span.text!r} at {span.start}", found)
    around = next((s for s in context.sentence_spans if s.start <= span.start and span.end <= s.end), None)
    if around is None:
        raise broken(path, line, f"a sentence that holds the mention {span.text!r}", "none")
    left, right = context.text[around.start : span.start], context.text[span.end : around.end]
    return _plain(f"{span.text}: {left} {{ {span.text} }} {right}")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _entities(path: Path) -> Iterator[_Entity]:
    seen: set[str] = set()
    for number, line in read_lines(path):
        entity = parse_json(_ENTITY, line, f"{path}, line {number}")
        if entity.entity_id in seen:
            raise broken(path, number, "every entity once", f"{entity.entity_id} again")
        if not entity.description.strip():
            raise broken(path, number, f"a description of {entity.entity_id}", "an empty one")
        seen.add(entity.entity_id)
        language = language_code(entity.description_language, f"{path}, line {number}: description_language")
        yield replace(entity, description=_plain(entity.description), description_language=language)


def _relevant(queries: Sequence[_Query], entities: Sequence[_Entity], path: Path) -> np.ndarray:
    places = {entity.entity_id: place for place, entity in enumerate(entities)}
    for query in queries:
        if query.entity_id not in places:
            raise broken(path, query.line, f"an entity of {ENTITIES}", query.entity_id)
    pairs = [(number, places[query.entity_id]) for number, query in enumerate(queries)]
    return np.array(pairs, np.int64).reshape(-1, 2)  # (n_queries, 2)
