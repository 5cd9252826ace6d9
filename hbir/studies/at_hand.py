"""Measure the encoder that params.yaml names, if it is on this machine."""

from collections.abc import Mapping
from itertools import chain, islice
from typing import Any

from hbir.collection.source import KEYS
from hbir.collection.sources import check_sources
from hbir.core.paths import ENGLISH_PAIRS, TRANSLATED
from hbir.core.project import training_languages
from hbir.core.schemas import ENGLISH_SCHEMA, TRANSLATED_SCHEMA
from hbir.core.speed import Speed
from hbir.core.tables import StoredTable
from hbir.inputs.check import Params
from hbir.studies.lacking import lacking_weights
from hbir.studies.made import Made

PAIRS = 512
"""That an encoder is measured on."""
_WORDS = 12, 72
"""Of a query and a passage where no text is at hand: about 16 and 96 tokens."""


def measured(whole: Params, params: Mapping[str, Any], made: Made, seconds: float = 3.0) -> Speed | None:
    """Measure the encoder for some seconds.

    Args:
        whole: params.yaml, checked.
        params: params.yaml.
        made: what is there of these params.
        seconds: for each of embedding and training.

    Returns:
        Its speeds; None where its weights are not on this machine. Nothing is downloaded.
    """
    if lacking_weights(whole):
        return None
    from hbir.encoding.initial import initial_encoder  # torch: seconds to import
    from hbir.encoding.joined import device_of
    from hbir.encoding.model import prepare_torch
    from hbir.encoding.ranks import ALONE
    from hbir.training.trial import measure

    pairs = sample(whole, params, made)
    prepare_torch(whole.project.threads)
    model = initial_encoder(whole.encoder, list(chain.from_iterable(pairs)), whole.project.seed)
    model.to(device_of(ALONE))
    return measure(model, pairs, whole.train, whole.batches.size, whole.evaluate.precision, seconds)


def sample(whole: Params, params: Mapping[str, Any], made: Made) -> list[tuple[str, str]]:
    """Choose pairs like those that are trained on.

    Args:
        whole: params.yaml, checked.
        params: params.yaml.
        made: what is there of these params.

    Returns:
        PAIRS of them at most: in all training languages, or in English, or of other texts with as many words as
        is assumed.
    """
    if made.translated:
        languages = training_languages(dict(params))
        tables = [StoredTable(TRANSLATED / f"{lang}.parquet", TRANSLATED_SCHEMA) for lang in languages]
        each = -(-PAIRS // len(languages))
        return list(chain.from_iterable(_first(table, each) for table in tables))[:PAIRS]
    if made.pairs:
        return _first(StoredTable(ENGLISH_PAIRS, ENGLISH_SCHEMA), PAIRS)
    sources = check_sources(whole.collect.sources)
    if all(kind.gives == KEYS for kind, _ in sources):
        found = chain.from_iterable(kind.read(source).pairs for kind, source in sources)
        return [(pair.query, pair.passage) for pair in islice(found, PAIRS)]
    return _made_up()


def _first(table: StoredTable, count: int) -> list[tuple[str, str]]:
    """Read the first rows, which are in the order of hashes."""
    piece = next(table.pieces(["query", "passage"]), None)
    if piece is None:
        return []
    sides = (piece[side].slice(0, count).to_pylist() for side in ("query", "passage"))
    return list(zip(*sides, strict=True))


def _made_up() -> list[tuple[str, str]]:
    kind, source = check_sources([{"kind": "cldr"}])[0]
    words = list(islice(chain.from_iterable(pair.passage.split() for pair in kind.read(source).pairs), 20_000))
    query, passage = _WORDS
    starts = range(0, len(words) - query - passage, (len(words) - query - passage) // PAIRS)
    return [
        (" ".join(words[start : start + query]), " ".join(words[start + query : start + query + passage]))
        for start in islice(starts, PAIRS)
    ]
