"""Load XQuAD-R and MLQA-R, and XTREME-R's variant of the former, from LAReQA's own files.

A question's relevant passages are the sentences that hold its answer, one in each language that has the
question (Source: Roy et al., 2020, arXiv 2004.05484). The Hub's copy `google-research-datasets/xquad_r` lacks
the sentence breaks, so that nothing but the repository's files will do.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from hbir.benchmarks.about import LAREQA, UNKNOWN, XTREME_R_PAPER, About
from hbir.benchmarks.lareqa_file import Paragraph, read_paragraphs
from hbir.benchmarks.local import file_in, no_folder, version_of
from hbir.benchmarks.params import BenchmarkParams, chosen_languages, data_folder
from hbir.benchmarks.task import RetrievalTask
from hbir.core.params import params_class

logger = logging.getLogger(__name__)
XQUAD_R, MLQA_R, XTREME_R = "xquad-r", "mlqa-r", "xtreme-r-lareqa"


@params_class
class LareqaParams(BenchmarkParams):
    """Choose what a candidate is."""

    candidate: Literal["sentence", "sentence_and_context"] = "sentence"
    """A candidate's text: the sentence alone, or the sentence, a space and its whole paragraph."""


@params_class
class XtremeLareqaParams(LareqaParams):
    """Choose what a candidate is, by default as in XTREME-R."""

    candidate: Literal["sentence", "sentence_and_context"] = "sentence_and_context"
    """A candidate's text: the sentence alone, or the sentence, a space and its whole paragraph."""

    @property
    def folders(self) -> tuple[str, ...]:
        """Return its own folder, and that of XQuAD-R, whose files it has."""
        return (self.name, XQUAD_R)


class _Benchmark(NamedTuple):
    source: str
    official: dict[str, tuple[int, int]]
    """Language → queries and candidates (Source: the table in LAReQA's README)."""
    measure: str


_REPOSITORY = "https://github.com/google-research-datasets/lareqa"
XQUAD_CANDIDATES = {
    "ar": 1222,
    "de": 1276,
    "el": 1234,
    "en": 1180,
    "es": 1215,
    "hi": 1244,
    "ru": 1219,
    "th": 852,
    "tr": 1167,
    "vi": 1209,
    "zh": 1196,
}
"""XQuAD-R's candidates per language."""
_XQUAD = {language: (1190, candidates) for language, candidates in XQUAD_CANDIDATES.items()}
_MLQA = {
    "ar": (517, 2545),
    "de": (512, 2362),
    "en": (1148, 6264),
    "es": (500, 1787),
    "hi": (507, 2426),
    "vi": (511, 2828),
    "zh": (504, 2322),
}
_BENCHMARKS = {
    XQUAD_R: _Benchmark(f"the folder xquad-r of {_REPOSITORY}", _XQUAD, "map"),
    MLQA_R: _Benchmark(f"the folder mlqa-dev-r in the Git history of {_REPOSITORY}", _MLQA, "map"),
    XTREME_R: _Benchmark(f"the folder xquad-r of {_REPOSITORY}", _XQUAD, "map@20"),
}


def _counts(official: dict[str, tuple[int, int]]) -> str:
    queries, candidates = map(sum, zip(*official.values(), strict=True))
    return f"{queries:,} queries and {candidates:,} candidates in {len(official)} languages"


_XQUAD_ABOUT = About(
    name=XQUAD_R,
    asks="the sentence that answers a question; 11 languages, fully parallel",
    settings="monolingual, cross-lingual, multilingual",
    measures="mAP",
    files="<lang>.json",
    source=_BENCHMARKS[XQUAD_R].source,
    hub="none: google-research-datasets/xquad_r lacks the sentence breaks",
    licence="CC BY-SA 4.0",
    citation=LAREQA,
    counts=_counts(_XQUAD),
)
ABOUT = {
    XQUAD_R: _XQUAD_ABOUT,
    MLQA_R: replace(
        _XQUAD_ABOUT,
        name=MLQA_R,
        asks="the sentence that answers a question; 7 languages, a question in 2 to 4 of them",
        source=_BENCHMARKS[MLQA_R].source,
        hub="none",
        licence=UNKNOWN,
        counts=_counts(_MLQA),
    ),
    XTREME_R: replace(
        _XQUAD_ABOUT,
        name=XTREME_R,
        asks="as xquad-r, with the paragraph behind each sentence",
        measures="mAP@20",
        citation=f"{XTREME_R_PAPER}; {LAREQA}",
    ),
}


class _Query(NamedTuple):
    id: str
    text: str
    language: str
    answer: int
    """Index, among the candidates of all languages, of the one in its own language that answers it."""


class _Candidate(NamedTuple):
    id: str
    text: str
    language: str
    sentence: str


def load(params: LareqaParams, wanted: Sequence[str] | None) -> list[RetrievalTask]:
    """Load the queries and sentences of some languages into one task.

    Args:
        params: the benchmark; its folder holds `<language>.json`.
        wanted: the project's languages; None for all of the benchmark.

    Returns:
        One task. Sentences of the same text are candidates of their own; translations of a query are one
        cluster.

    Raises:
        DataError: when there is no folder, or a file is missing or broken.
    """
    benchmark = _BENCHMARKS[params.name]
    languages = chosen_languages(params, list(benchmark.official), wanted)
    folder = _folder(params, benchmark)
    paths = [file_in(folder, f"{language}.json") for language in languages]
    with_context = params.candidate == "sentence_and_context"
    queries: list[_Query] = []
    candidates: list[_Candidate] = []
    for language, path in zip(languages, paths, strict=True):
        paragraphs = read_paragraphs(path)
        _compare(paragraphs, benchmark.official[language], path)
        for number, paragraph in enumerate(paragraphs, start=1):
            queries += _queries(paragraph, language, len(candidates))
            candidates += _candidates(paragraph, language, number, with_context)
    task = RetrievalTask(
        name=params.name,
        version=version_of(paths) + ("+context" if with_context else ""),
        query_ids=[f"{query.language}:{query.id}" for query in queries],
        queries=[query.text for query in queries],
        query_langs=[query.language for query in queries],
        passage_ids=[candidate.id for candidate in candidates],
        passages=[candidate.text for candidate in candidates],
        passage_langs=[candidate.language for candidate in candidates],
        bodies=[candidate.sentence for candidate in candidates] if with_context else None,
        relevant=_relevant(queries),
        clusters=[query.id for query in queries],
        query_keys=[query.id for query in queries],
        measures=(benchmark.measure,),
    )
    return [task]


def _folder(params: LareqaParams, benchmark: _Benchmark) -> Path:
    folder = data_folder(params)
    if folder is None:
        files = ", ".join(f"{language}.json" for language in benchmark.official)
        raise no_folder(params, files, benchmark.source)
    return folder


def _compare(paragraphs: Sequence[Paragraph], official: tuple[int, int], path: Path) -> None:
    queries = sum(len(paragraph.queries) for paragraph in paragraphs)
    candidates = sum(len(paragraph.sentences) for paragraph in paragraphs)
    if (queries, candidates) != official:
        message = "%s has %d queries and %d candidates, the official file %d and %d"
        logger.warning(message, path, queries, candidates, *official)


def _queries(paragraph: Paragraph, language: str, offset: int) -> list[_Query]:
    return [_Query(query.id, query.text, language, offset + query.sentence) for query in paragraph.queries]


def _candidates(paragraph: Paragraph, language: str, number: int, with_context: bool) -> list[_Candidate]:
    context = f" {paragraph.context}" if with_context else ""
    return [
        _Candidate(f"{language}:{number}-{place}", sentence + context, language, sentence)
        for place, sentence in enumerate(paragraph.sentences, start=1)
    ]


def _relevant(queries: Sequence[_Query]) -> np.ndarray:
    answers: dict[str, list[int]] = defaultdict(list)
    for query in queries:
        answers[query.id].append(query.answer)
    pairs = [(number, answer) for number, query in enumerate(queries) for answer in answers[query.id]]
    return np.array(pairs, np.int64).reshape(-1, 2)  # (n_relevant, 2)
