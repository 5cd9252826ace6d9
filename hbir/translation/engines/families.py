"""Know how each family of translation models is given the languages, whatever library runs it."""

from collections.abc import Callable
from dataclasses import dataclass

from hbir.core.languages import Language


@dataclass(frozen=True, kw_only=True)
class Family:
    """Hold what the models of one family have in common."""

    name: str
    """As in params.yaml."""
    model: str | None
    """The default model, an id of the Hub; None where the table of languages has one per language."""
    code: Callable[[Language], str | None]
    """What the family calls a language; None where it does not know it."""
    source: str | None
    """What its tokenizer calls English; None where it is not given the source."""
    forced: bool
    """Whether the target is the first token of the translation; else it stands before the source text."""
    tokenizer: str
    """The tokenizer's class in transformers."""
    files: tuple[str, ...]
    """What that class reads, and a converted model must have beside it."""
    types: tuple[str, ...]
    """What its models call their architecture, `model_type` in config.json."""
    limit: int
    """Longest input in tokens, special ones included, that the family was made for."""
    positions: int | None
    """Most tokens of a translation, where no config says it; None where positions are relative."""


def _m2m100(known: Language) -> str | None:
    return known.m2m100 and f"__{known.m2m100}__"


FAMILIES = {
    family.name: family
    for family in (
        Family(
            name="nllb",
            model="facebook/nllb-200-distilled-600M",
            code=lambda known: known.nllb,
            source="eng_Latn",
            forced=True,
            tokenizer="NllbTokenizer",
            files=("tokenizer.json", "tokenizer_config.json"),
            types=("m2m_100", "nllb-moe"),
            limit=1024,
            positions=1024,
        ),
        Family(
            name="m2m100",
            model="facebook/m2m100_418M",
            code=_m2m100,
            source="en",
            forced=True,
            tokenizer="M2M100Tokenizer",
            files=("vocab.json", "sentencepiece.bpe.model", "tokenizer_config.json"),
            types=("m2m_100",),
            limit=1024,
            positions=1024,
        ),
        Family(
            name="opus",
            model=None,
            code=lambda known: known.opus,
            source=None,
            forced=False,
            tokenizer="MarianTokenizer",
            files=("source.spm", "target.spm", "vocab.json", "tokenizer_config.json"),
            types=("marian",),
            limit=512,
            positions=512,
        ),
        Family(
            name="madlad",
            model="google/madlad400-3b-mt",
            code=lambda known: known.madlad,
            source=None,
            forced=False,
            # T5Tokenizer builds itself anew with another unknown token; this one takes tokenizer.json as it is.
            tokenizer="PreTrainedTokenizerFast",
            files=("tokenizer.json", "tokenizer_config.json"),
            types=("t5",),
            limit=512,
            positions=None,
        ),
    )
}
"""Sources: NLLB Team, 2022, arXiv 2207.04672; Fan et al., 2020, arXiv 2010.11125; Tiedemann & Thottingal, 2020
(OPUS-MT, EAMT); Kudugunta et al., 2023, arXiv 2309.04662."""
