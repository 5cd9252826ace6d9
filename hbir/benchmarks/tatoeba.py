"""Load Tatoeba's test pairs: find the English translation of a sentence among those of its own language.

The files are LASER's (Source: Artetxe & Schwenk, 2019, arXiv 1812.10464), XTREME's subset of which the Hub has.
Each language has a pool of its own, so each is a task; accuracy is recall@1.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hbir.benchmarks.about import About
from hbir.benchmarks.local import absent, file_in, how_to_fetch, version_of
from hbir.benchmarks.params import BenchmarkParams, chosen_languages, codes, data_folder
from hbir.benchmarks.task import CROSS_LINGUAL, RetrievalTask
from hbir.core.errors import DataError
from hbir.core.hub.datasets import HubDataset
from hbir.core.languages import ENGLISH
from hbir.core.lines import broken, read_lines

NAME = "tatoeba"
HUB = "google/xtreme"
_SOURCE = "the folder data/tatoeba/v1 of https://github.com/facebookresearch/LASER"
_CODES = """
af:afr am:amh ar:ara az:aze be:bel bg:bul bn:ben br:bre bs:bos ca:cat ch:cha cs:ces cy:cym da:dan de:deu el:ell
eo:epo es:spa et:est eu:eus fa:pes fi:fin fo:fao fr:fra fy:fry ga:gle gd:gla gl:glg he:heb hi:hin hr:hrv hu:hun
hy:hye ia:ina id:ind ie:ile io:ido is:isl it:ita ja:jpn jv:jav ka:kat kk:kaz km:khm ko:kor ku:kur kw:cor la:lat
lt:lit lv:lvs mk:mkd ml:mal mn:mon mr:mar ms:zsm nb:nob nl:nld nn:nno oc:oci pl:pol pt:por ro:ron ru:rus sk:slk
sl:slv sq:sqi sr:srp sv:swe sw:swh ta:tam te:tel th:tha tk:tuk tl:tgl tr:tur tt:tat ug:uig uk:ukr ur:urd uz:uzb
vi:vie xh:xho yi:yid zh:cmn
"""
_XTREME = """
af ar bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr nl pt ru sw ta te th tl tr ur vi zh
"""
ISO3 = {pair[:2]: pair[3:] for pair in _CODES.split()}
"""ISO 639-1 → the code in LASER's file names, for those of its 112 languages that have both."""
ON_HUB = tuple(_XTREME.split())
"""The languages that XTREME took over."""


ABOUT = About(
    name=NAME,
    asks="the English translation of a sentence",
    settings="cross-lingual, into English",
    measures="recall@1, which is accuracy",
    files="tatoeba.<iso3>-eng.<iso3> and tatoeba.<iso3>-eng.eng",
    source=_SOURCE,
    hub=f"{HUB}, configs tatoeba.<iso3>: XTREME's {len(ON_HUB)} languages",
    revision="on the Hub that of the first load",
    licence="CC BY 2.0, says mteb",
    citation="Artetxe & Schwenk, 2019, arXiv 1812.10464",
)


class _Loaded(NamedTuple):
    version: str
    pairs: dict[str, list[tuple[str, str]]]
    """Language → sentences and their English translations."""


def load(params: BenchmarkParams, wanted: Sequence[str] | None) -> list[RetrievalTask]:
    """Load the pairs of some languages, each into a task of its own.

    Args:
        params: the benchmark; its folder holds `tatoeba.<iso3>-eng.<iso3>` and `.eng`, line by line the same.
        wanted: the project's languages, English apart; None for all in the folder or on the Hub.

    Returns:
        One task per language, all of one name and version. English sentences of the same text are candidates
        of their own.

    Raises:
        DataError: when a file is missing or broken, or the Hub cannot be reached.
    """
    folder = data_folder(params)
    codes_wanted = None if wanted is None else codes(wanted, params.where)
    asked = [language for language in codes_wanted or () if language != ENGLISH] or codes_wanted
    if folder:
        there = _present(folder)
        loaded = _from_folder(folder, chosen_languages(params, list(ISO3), there if asked is None else asked))
    else:
        loaded = _from_hub(params, chosen_languages(params, ON_HUB, asked))
    return [_task(loaded.version, language, pairs) for language, pairs in loaded.pairs.items()]


def _present(folder: Path) -> list[str]:
    found = [language for language, iso3 in ISO3.items() if any(folder.glob(f"tatoeba.{iso3}-eng.*"))]
    if not found:
        raise absent(folder, "files tatoeba.<iso3>-eng.<iso3> and tatoeba.<iso3>-eng.eng")
    return found


def _from_folder(folder: Path, languages: Sequence[str]) -> _Loaded:
    paths = {
        language: [file_in(folder, f"tatoeba.{ISO3[language]}-eng.{side}") for side in (ISO3[language], "eng")]
        for language in languages
    }
    pairs = {language: _aligned(*sides) for language, sides in paths.items()}
    return _Loaded(version_of(path for sides in paths.values() for path in sides), pairs)


def _aligned(source: Path, english: Path) -> list[tuple[str, str]]:
    sentences, translations = _sentences(source), _sentences(english)
    if len(sentences) != len(translations):
        raise DataError(
            where=str(source),
            expected=f"as many lines as {english.name}, {len(translations)}",
            found=str(len(sentences)),
            hint="Fetch both files again.",
        )
    return list(zip(sentences, translations, strict=True))


def _sentences(path: Path) -> list[str]:
    sentences = []
    for number, line in read_lines(path):
        if not line.strip():
            raise broken(path, number, "a sentence", "an empty line")
        sentences.append(line.strip())
    return sentences


def _from_hub(params: BenchmarkParams, languages: Sequence[str]) -> _Loaded:
    hint = how_to_fetch(params, "`tatoeba.<iso3>-eng.<iso3>` and `tatoeba.<iso3>-eng.eng`", _SOURCE)
    dataset = HubDataset(HUB, None, params.where, hint)
    pairs = {}
    for language in languages:
        config = f"tatoeba.{ISO3[language]}"
        rows = dataset.rows(config, "validation")
        # The rows keep their line breaks.
        pairs[language] = [(row["source_sentence"].strip(), row["target_sentence"].strip()) for row in rows]
    return _Loaded(f"hub:{dataset.commit()[:12]}", pairs)


def _task(version: str, language: str, pairs: Sequence[tuple[str, str]]) -> RetrievalTask:
    numbers = range(1, len(pairs) + 1)
    return RetrievalTask(
        name=NAME,
        version=version,
        query_ids=[f"{language}:{number}" for number in numbers],
        queries=[sentence for sentence, _ in pairs],
        query_langs=[language] * len(pairs),
        passage_ids=[f"en:{language}-{number}" for number in numbers],
        passages=[translation for _, translation in pairs],
        passage_langs=["en"] * len(pairs),
        relevant=np.repeat(np.arange(len(pairs), dtype=np.int64)[:, None], 2, axis=1),  # (n, 2)
        measures=("recall@1",),
        settings=(CROSS_LINGUAL,),
    )
