"""Load MIRACL: queries over the Wikipedias of 18 languages, each with its own (Zhang et al., 2023)."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hbir.benchmarks.about import About
from hbir.benchmarks.local import file_in, how_to_fetch, version_of
from hbir.benchmarks.params import LargeParams, chosen_languages, data_folder
from hbir.benchmarks.qrels import Qrel, known_queries, read_topics, read_trec, relevance
from hbir.benchmarks.streamed import FileCorpus, StreamedTask
from hbir.benchmarks.task import MONOLINGUAL, MULTILINGUAL, RetrievalTask
from hbir.core.errors import DataError
from hbir.core.hashing import digest
from hbir.core.hub.datasets import HubDataset
from hbir.core.lines import missing
from hbir.core.params import params_class

NAME = "miracl"
TOPICS, CORPUS = "miracl/miracl", "miracl/miracl-corpus"
"""Datasets of the Hub."""
PASSAGES = {
    "ar": 2_061_414,
    "bn": 297_265,
    "de": 15_866_222,
    "en": 32_893_221,
    "es": 10_373_953,
    "fa": 2_207_172,
    "fi": 1_883_509,
    "fr": 14_636_953,
    "hi": 506_264,
    "id": 1_446_315,
    "ja": 6_953_614,
    "ko": 1_486_752,
    "ru": 9_543_918,
    "sw": 131_924,
    "te": 518_079,
    "th": 542_166,
    "yo": 49_043,
    "zh": 4_934_368,
}
"""Language → passages of its official corpus."""
ABOUT = About(
    name=NAME,
    asks="passages of the Wikipedia in the query's language; 18 languages",
    settings="monolingual; with `pooled: true` multilingual",
    measures="nDCG@10, recall@100",
    files="topics.miracl-v1.0-<lang>-dev.tsv, qrels.miracl-v1.0-<lang>-dev.tsv, "
    "miracl-corpus-v1.0-<lang>/docs-*.jsonl.gz, in the Hub's folders or side by side",
    source="the Hub",
    hub=f"{TOPICS}, which may ask you to log in, and {CORPUS}",
    revision="1.0; the commits that `revision` and `corpus_revision` name, else those of the first load",
    licence="CC BY-SA 4.0, says mteb",
    citation="Zhang et al., 2023, MIRACL",
    counts=f"{sum(PASSAGES.values()):,} passages in {len(PASSAGES)} languages",
)
LOW, HIGH = "low-resource", "high-resource"
LOW_RESOURCE = frozenset(language for language, passages in PASSAGES.items() if passages < 1_000_000)
"""bn, hi, sw, te, th and yo. MIRACL draws no such line; none of the others has below 1.4 million passages."""


@params_class
class MiraclParams(LargeParams):
    """Hold what MIRACL takes."""

    pooled: bool = False
    """Whether every query is searched in every language's corpus too, for the multilingual setting."""
    corpus_revision: str | None = None
    """Commit of miracl/miracl-corpus on the Hub; null for the one of the first load."""


class _Language(NamedTuple):
    code: str
    topics: Path
    qrels: Path
    corpus: FileCorpus


def load(params: MiraclParams, wanted: Sequence[str] | None) -> list[StreamedTask]:
    """Load the development queries of some languages, and find their corpora.

    Args:
        params: the benchmark; its folder holds the official files, as the Hub lays them out or side by side.
        wanted: the project's languages; None for all of MIRACL.

    Returns:
        One task, its queries grouped by whether their language has fewer than a million passages. Passages are
        streamed when they are searched. The version is of the content of topics and qrels, of the names and
        sizes of the corpora's files, or their commit, for hashing 106 million passages takes long, and of
        `top_k`. `pooled` adds a setting and changes no other.

    Raises:
        DataError: when a file is missing or broken, a corpus has a gap in its numbers, or the Hub cannot be
            reached.
    """
    languages = chosen_languages(params, tuple(PASSAGES), wanted)
    folder = data_folder(params)
    find = partial(_in_folder, params, folder) if folder else partial(_on_hub, params)
    return [_task(params, [find(language) for language in languages])]


def _task(params: MiraclParams, languages: Sequence[_Language]) -> StreamedTask:
    topics = {
        f"{language.code}:{query}": text
        for language in languages
        for query, text in read_topics(language.topics).items()
    }
    qrels = [
        Qrel(f"{language.code}:{row.query}", f"{language.code}:{row.passage}", row.grade)
        for language in languages
        for row in read_trec(language.qrels)
    ]
    index = {query: number for number, query in enumerate(topics)}
    known = list(known_queries(qrels, index, params.where, params.unknown_share))
    judged_queries = {row.query for row in known}
    relevant = relevance(known, index)
    query_langs = [_language_of(query) for query in topics]
    judged_files = version_of(path for row in languages for path in (row.topics, row.qrels))
    content = digest("\n".join([judged_files, *(language.corpus.sizes() for language in languages)]))
    judged = RetrievalTask(
        name=NAME,
        version=f"1.0-{content[:12]}+top{params.top_k}",
        query_ids=list(topics),
        queries=list(topics.values()),
        query_langs=query_langs,
        passage_ids=relevant.passage_ids,
        passages=[""] * len(relevant.passage_ids),
        passage_langs=[_language_of(passage) for passage in relevant.passage_ids],
        relevant=relevant.pairs,
        judged_langs=[frozenset({_language_of(query)} if query in judged_queries else ()) for query in topics],
        query_groups=[LOW if language in LOW_RESOURCE else HIGH for language in query_langs],
        measures=("ndcg@10", "recall@100"),
        settings=(MONOLINGUAL, MULTILINGUAL) if params.pooled else (MONOLINGUAL,),
    )
    corpora = {language.code: language.corpus for language in languages}
    return StreamedTask(judged=judged, corpora=corpora, top_k=params.top_k, unknown_share=params.unknown_share)


def _language_of(identifier: str) -> str:
    return identifier.split(":", 1)[0]


def _in_folder(params: MiraclParams, folder: Path, language: str) -> _Language:
    topics, qrels = (file_in(folder, _nearest(folder, name)) for name in _judged_files(language))
    within = folder / f"miracl-corpus-v1.0-{language}"
    found = within.iterdir() if within.is_dir() else folder.glob(f"{within.name}.jsonl*")
    names = _parts(language, [path.relative_to(folder).as_posix() for path in found])
    if not names:
        raise missing(within / "docs-0.jsonl.gz", _how_to_fetch(params, language))
    return _Language(language, topics, qrels, FileCorpus(tuple(names), folder.joinpath))


def _nearest(folder: Path, name: str) -> str:
    """Return the name as on the Hub if that is there, else the file's own in the folder itself."""
    return name if (folder / name).is_file() else Path(name).name


def _on_hub(params: MiraclParams, language: str) -> _Language:
    hint = _how_to_fetch(params, language)
    judged = HubDataset(TOPICS, params.revision, params.where, hint)
    topics, qrels = map(judged.fetch, _judged_files(language))
    corpus = HubDataset(CORPUS, params.corpus_revision, params.where, hint)
    names = _parts(language, corpus.files())
    return _Language(language, topics, qrels, FileCorpus(tuple(names), corpus.fetch, corpus.commit()))


def _judged_files(language: str) -> tuple[str, str]:
    base = f"miracl-v1.0-{language}"
    return f"{base}/topics/topics.{base}-dev.tsv", f"{base}/qrels/qrels.{base}-dev.tsv"


def _parts(language: str, names: Sequence[str]) -> list[str]:
    """Return the files of a language's corpus in the order of their numbers, none of which may be absent."""
    form = re.compile(rf"miracl-corpus-v1\.0-{language}(?:/docs-(\d+))?\.jsonl(?:\.gz)?")
    found = sorted((int(match[1] or 0), name) for name in names if (match := form.fullmatch(name)))
    numbers = [number for number, _ in found]
    if numbers != list(range(len(found))):
        raise DataError(
            where=f"benchmark {NAME}, corpus {language}",
            expected=f"each of docs-0 to docs-{numbers[-1]} once",
            found=f"the numbers {', '.join(map(str, numbers))}",
            hint=f"Fetch the others from huggingface.co/datasets/{CORPUS}, or remove what is there twice.",
        )
    return [name for _, name in found]


def _how_to_fetch(params: MiraclParams, language: str) -> str:
    files = f"{' and '.join(_judged_files(language))}, and miracl-corpus-v1.0-{language}/docs-*.jsonl.gz"
    return how_to_fetch(params, files, f"huggingface.co/datasets/{TOPICS} and {CORPUS}")
