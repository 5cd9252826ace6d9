"""Load MTOP as retrieval: find training utterances of a test utterance's intent.

The data are those of Li et al., 2021 (arXiv 2008.09335); they define no retrieval task. Ours: a query is a test
utterance, the pool is the training utterances, and those of the same intent are relevant.

The Hub's copy has numbers for intents. That a number means the same intent in every language was not verified,
so its cross-lingual and multilingual figures may be of wrong qrels; those of the official files are not.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hbir.benchmarks.about import About
from hbir.benchmarks.local import file_in, how_to_fetch, version_of
from hbir.benchmarks.params import BenchmarkParams, chosen_languages, data_folder
from hbir.benchmarks.task import Labels, RetrievalTask
from hbir.core.hub.datasets import HubDataset
from hbir.core.lines import broken, read_lines

logger = logging.getLogger(__name__)
NAME = "mtop"
LANGUAGES = ("de", "en", "es", "fr", "hi", "th")
QUERIES, POOL = "test", "train"
HUB, REVISION = "mteb/MTOPIntentClassification", "2992d820f31312593c49a4890430aadadb0f0039"
"""The copy that mteb 2 evaluates on, at its revision; `label` is a number per intent."""
_SOURCE = "https://fb.me/mtop_dataset"
_COLUMNS = ("id", "intent", "slots", "utterance", "domain", "locale", "decoupled form", "tokens")
_ID, _INTENT, _UTTERANCE = (_COLUMNS.index(name) for name in ("id", "intent", "utterance"))


ABOUT = About(
    name=NAME,
    asks="training utterances of a test utterance's intent; 6 languages. No public protocol: this one is ours",
    settings="monolingual, cross-lingual, multilingual",
    measures="MRR@10",
    files="<lang>/train.txt, <lang>/test.txt",
    source=_SOURCE,
    hub=f"{HUB}, without the official ids; whether its labels mean the same in every language was not verified",
    revision=f"on the Hub {REVISION}",
    citation="Li et al., 2021, MTOP, arXiv 2008.09335",
)


class _Utterance(NamedTuple):
    id: str
    text: str
    language: str
    intent: str
    shared_id: str | None
    """The same for the translations of one utterance; the Hub's copy has none."""


class _Loaded(NamedTuple):
    version: str
    queries: list[_Utterance]
    pool: list[_Utterance]


def load(params: BenchmarkParams, wanted: Sequence[str] | None) -> list[RetrievalTask]:
    """Load the utterances of some languages into one task.

    Args:
        params: the benchmark; its folder holds `<language>/train.txt` and `<language>/test.txt`.
        wanted: the project's languages; None for all of the benchmark.

    Returns:
        One task. A test utterance whose intent no training utterance has stays a query without a relevant
        passage. The utterances of one official id are one cluster; the Hub's copy has no ids.

    Raises:
        DataError: when a file is missing or broken, or the Hub cannot be reached.
    """
    languages = chosen_languages(params, LANGUAGES, wanted)
    folder = data_folder(params)
    loaded = _from_folder(folder, languages) if folder else _from_hub(params, languages)
    shared = [query.shared_id for query in loaded.queries if query.shared_id is not None]
    task = RetrievalTask(
        name=NAME,
        version=loaded.version,
        query_ids=[query.id for query in loaded.queries],
        queries=[query.text for query in loaded.queries],
        query_langs=[query.language for query in loaded.queries],
        passage_ids=[passage.id for passage in loaded.pool],
        passages=[passage.text for passage in loaded.pool],
        passage_langs=[passage.language for passage in loaded.pool],
        relevant=_labels(loaded.queries, loaded.pool),
        clusters=shared or None,
        query_keys=shared or None,
        measures=("mrr@10",),
    )
    return [task]


def _labels(queries: Sequence[_Utterance], pool: Sequence[_Utterance]) -> Labels:
    intents = [utterance.intent for utterance in (*queries, *pool)]
    _, codes = np.unique(intents, return_inverse=True)
    return Labels(*np.split(codes.astype(np.int64), [len(queries)]))


def _from_folder(folder: Path, languages: Sequence[str]) -> _Loaded:
    paths = {
        split: {language: file_in(folder, f"{language}/{split}.txt") for language in languages}
        for split in (QUERIES, POOL)
    }
    queries, pool = (
        [row for language, path in files.items() for row in _read(path, language)] for files in paths.values()
    )
    return _Loaded(version_of(path for files in paths.values() for path in files.values()), queries, pool)


def _read(path: Path, language: str) -> Iterator[_Utterance]:
    for number, line in read_lines(path):
        fields = line.split("\t")
        if len(fields) != len(_COLUMNS):
            raise broken(path, number, f"{len(_COLUMNS)} columns: {', '.join(_COLUMNS)}", str(len(fields)))
        if not fields[_INTENT].startswith("IN:"):
            raise broken(path, number, "an intent that begins with IN:", repr(fields[_INTENT]))
        if not fields[_ID] or not fields[_UTTERANCE].strip():
            raise broken(path, number, "an id and an utterance", "an empty column")
        # Named by the line, since an official id need not be the only one of its kind in a file.
        name = f"{language}:{path.stem}-{number}"
        yield _Utterance(name, fields[_UTTERANCE], language, fields[_INTENT], fields[_ID])


def _from_hub(params: BenchmarkParams, languages: Sequence[str]) -> _Loaded:
    hint = how_to_fetch(params, "`<language>/train.txt` and `<language>/test.txt`", _SOURCE)
    logger.warning(
        "%s: that a label of %s means one intent in every language was not verified; "
        "for cross-lingual figures use the official files",
        params.where,
        HUB,
    )
    dataset = HubDataset(HUB, REVISION, params.where, hint)
    queries, pool = (
        [
            _Utterance(f"{language}:{split}-{number}", row["text"], language, str(row["label"]), None)
            for language in languages
            for number, row in enumerate(dataset.rows(language, split), start=1)
        ]
        for split in (QUERIES, POOL)
    )
    return _Loaded(f"hub:{REVISION[:12]}", queries, pool)
