"""Learn an adjustment of embeddings from training passages, never from a benchmark."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from sentence_transformers import SentenceTransformer

from hbir.core.errors import DataError
from hbir.core.hashing import content_id
from hbir.core.schemas import PAIRS_SCHEMA, TRAIN
from hbir.core.tables import StoredTable, pieces
from hbir.encoding.embed import embed
from hbir.encoding.precision import embedding_in
from hbir.encoding.ranks import ALONE, Ranks
from hbir.evaluation.adjustments import Adjustment, centred, lir
from hbir.evaluation.params import EvaluateParams

_WAITING = 16
"""So many times the wanted passages are held before the rest is forgotten."""


def learn(
    model: SentenceTransformer, name: str, pairs: Path, params: EvaluateParams, ranks: Ranks = ALONE
) -> Adjustment:
    """Learn an adjustment of a model's embeddings.

    Args:
        model: the encoder.
        name: of the adjustment, `centred` or `lir`.
        pairs: data/pairs.parquet.
        params: the section `evaluate`.
        ranks: processes that embed together.

    Returns:
        The adjustment.

    Raises:
        DataError: when there are no training passages, or too few.
    """
    passages = training_passages(pairs, params.adjustment_passages)
    with embedding_in(model, params.precision):
        samples: Mapping[str, np.ndarray] = {
            language: embed(model, texts, "document", params.batch_size, progress=True, ranks=ranks)
            for language, texts in passages.items()
        }
    normalize = model.similarity_fn_name == "cosine"
    if name == "lir":
        return lir(samples, normalize, params.lir_directions)
    return centred(samples, normalize)


def training_passages(pairs: Path, most: int) -> dict[str, list[str]]:
    """Choose passages of each language: the same ones in all languages, as far as they have them.

    Args:
        pairs: data/pairs.parquet.
        most: passages of a language.

    Returns:
        Language → distinct texts, in the order of a hash of their ids, so that every source is among them.

    Raises:
        DataError: when there is none.
    """
    texts: dict[str, dict[int, str]] = defaultdict(dict)
    for piece in pieces(StoredTable(pairs, PAIRS_SCHEMA), ["split", "lang", "passage_id", "passage"]):
        _, *columns = piece.filter(pc.equal(piece["split"], TRAIN)).to_pydict().values()
        for lang, number, passage in zip(*columns, strict=True):
            texts[lang].setdefault(number, passage)
        for lang, found in texts.items():
            if len(found) > _WAITING * most:
                texts[lang] = _first(found, most)
    if not texts:
        raise DataError(
            where=str(pairs), expected="pairs that are trained on", found="none", hint="Run `dvc repro`."
        )
    return {lang: list(dict.fromkeys(_first(texts[lang], most).values())) for lang in sorted(texts)}


def _first(texts: Mapping[int, str], most: int) -> dict[int, str]:
    """Keep the first passages, in the order of a hash of their ids, that have so many different texts."""
    kept: dict[int, str] = {}
    different: set[str] = set()
    for number in sorted(texts, key=lambda one: content_id(str(one))):
        different.add(texts[number])
        if len(different) > most:
            break
        kept[number] = texts[number]
    return kept
