"""Learn an adjustment of embeddings from training passages, never from a benchmark."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from hbir.core.errors import DataError
from hbir.core.files import read_table
from hbir.core.hashing import content_id
from hbir.core.schemas import PAIRS_SCHEMA, TRAIN
from hbir.encoding.embed import embed
from hbir.encoding.precision import embedding_in
from hbir.evaluation.adjustments import Adjustment, centred, lir
from hbir.evaluation.params import EvaluateParams


def learn(model: SentenceTransformer, name: str, pairs: Path, params: EvaluateParams) -> Adjustment:
    """Learn an adjustment of a model's embeddings.

    Args:
        model: the encoder.
        name: of the adjustment, `centred` or `lir`.
        pairs: data/pairs.parquet.
        params: the section `evaluate`.

    Returns:
        The adjustment.

    Raises:
        DataError: when there are no training passages, or too few.
    """
    passages = training_passages(pairs, params.adjustment_passages)
    with embedding_in(model, params.precision):
        samples: Mapping[str, np.ndarray] = {
            language: embed(model, texts, "document", params.batch_size, progress=True)
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
    table = read_table(pairs, PAIRS_SCHEMA).select(["lang", "passage_id", "split", "passage"])
    texts: dict[str, dict[int, str]] = defaultdict(dict)
    for lang, number, split, passage in zip(*table.to_pydict().values(), strict=True):
        if split == TRAIN:
            texts[lang].setdefault(number, passage)
    if not texts:
        raise DataError(
            where=str(pairs), expected="pairs that are trained on", found="none", hint="Run `dvc repro`."
        )
    chosen = {}
    for lang in sorted(texts):
        ordered = [texts[lang][number] for number in sorted(texts[lang], key=lambda one: content_id(str(one)))]
        chosen[lang] = list(dict.fromkeys(ordered))[:most]
    return chosen
