"""Measure on a sample of the texts what an encoder's tokenizer does not know, and what it cuts off."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from hbir.encoding.params import EncoderParams

logger = logging.getLogger(__name__)
SAMPLE = 500
"""Distinct texts per language and side, as many as the stage looks at."""
_SIDES = (("query", "queries"), ("document", "passages"))


class Coverage(NamedTuple):
    """Hold what was found in the sample."""

    unknown: dict[str, float]
    """By language, the share of unknown tokens; prefixes and special tokens left out."""
    texts: dict[str, int]
    """By side, how many texts were read."""
    longer: dict[str, dict[str, int]]
    """By side and language, how many of them have more tokens than the encoder reads of them."""


def measure(
    model: SentenceTransformer, params: EncoderParams, samples: Mapping[str, Sequence[Sequence[str]]]
) -> Coverage:
    """Tokenize a sample in full.

    Args:
        model: the encoder.
        params: the section `encoder`.
        samples: by language, the queries and the passages of its pairs.

    Returns:
        What is unknown, and what is longer than the encoder reads.
    """
    limits = {"query": params.max_query_tokens, "document": params.max_passage_tokens}
    tokenizer, unknown_id = _whole(model.tokenizer)
    texts = dict.fromkeys(limits, 0)
    longer: dict[str, dict[str, int]] = {side: {} for side in limits}
    unknown: dict[str, float] = {}
    for lang, sides in samples.items():
        tokens = lost = 0
        for (side, limit), given in zip(limits.items(), sides, strict=True):
            prompt_ids, *rows = _ids(
                tokenizer, [model.prompts[side], *(model.prompts[side] + text for text in given)]
            )
            most = params.longest if isinstance(tokenizer, Tokenizer) else limit
            longer[side][lang] = len([row for row in rows if len(row) > most])
            texts[side] += len(rows)
            tokens += sum(max(len(row) - len(prompt_ids), 0) for row in rows)
            lost += sum(_count(row, unknown_id) for row in rows) - _count(prompt_ids, unknown_id) * len(rows)
        unknown[lang] = max(lost, 0) / max(tokens, 1)
    return Coverage(unknown, texts, longer)


def report(coverage: Coverage, params: EncoderParams) -> str:
    """Warn of languages that the tokenizer does not know, and describe what is cut off.

    Args:
        coverage: what `measure` found.
        params: the section `encoder`.

    Returns:
        One line on texts that are longer than the encoder reads.
    """
    for lang, share in coverage.unknown.items():
        if share > params.max_unknown:
            logger.warning(
                "%s: %.0f %% of the tokens are unknown to %s, which reads them all alike; choose another",
                lang,
                100 * share,
                params.name,
            )
    limits = (params.max_query_tokens, params.max_passage_tokens)
    return "truncated in a sample: " + ", ".join(
        _described(coverage, side, plural, limit) for (side, plural), limit in zip(_SIDES, limits, strict=True)
    )


def _described(coverage: Coverage, side: str, plural: str, limit: int) -> str:
    texts, found = coverage.texts[side], {lang: n for lang, n in coverage.longer[side].items() if n}
    count = sum(found.values())
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    langs = f": {', '.join(f'{lang} {n:,}' for lang, n in ranked)}" if found else ""
    share = f" ({count / texts:.1%}{langs})" if count else ""
    return f"{count:,} of {texts:,} {plural} at {limit} tokens{share}"


def _whole(tokenizer: Any) -> tuple[Any, int | None]:
    """Return a tokenizer that does not truncate, and the id of what it does not know."""
    if not isinstance(tokenizer, Tokenizer):
        return tokenizer, tokenizer.unk_token_id
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.no_truncation()
    unknown = getattr(copy.model, "unk_token", None)
    return copy, copy.token_to_id(unknown) if unknown else None


def _count(row: list[int], unknown: int | None) -> int:
    return 0 if unknown is None else row.count(unknown)


def _ids(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    if isinstance(tokenizer, Tokenizer):
        return [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    read = tokenizer(texts, truncation=False, padding=False, return_attention_mask=False, verbose=False)
    ids: list[list[int]] = read["input_ids"]
    return ids
