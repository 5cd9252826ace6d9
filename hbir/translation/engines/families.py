"""Know how each family of translation models is told the languages, whatever library runs it."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from hbir.core.errors import LanguageError
from hbir.core.languages import LANGUAGES, Language, language


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
    """What its tokenizer calls English; None where it is not told the source."""
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


def code_of(family: Family, target: str, where: str) -> str:
    """Find what a family calls a language.

    Args:
        family: of models.
        target: the language's ISO 639-1 code.
        where: what to call the engine in a message.

    Returns:
        The code, token or, for OPUS-MT, the id of the model.

    Raises:
        LanguageError: when the table or the family lacks the language.
    """
    known = language(target, where)
    code = family.code(known)
    if code is None:
        raise _lacking(family, known, where)
    return code


def model_of(family: Family, model: str | None, target: str, where: str) -> str:
    """Find the model of a language.

    Args:
        family: of models.
        model: a folder or an id of the Hub, `{lang}` standing for the language; None for the family's own.
        target: the language's ISO 639-1 code.
        where: what to call the engine in a message.

    Returns:
        The folder or id.

    Raises:
        LanguageError: when the table or the family lacks the language.
    """
    if model is not None:
        language(target, where)
        return model.replace("{lang}", target)
    return family.model or code_of(family, target, where)


def token_of(family: Family, target: str, token: str | None, where: str) -> str | None:
    """Find what tells a model the target language.

    Args:
        family: of models.
        target: the language's ISO 639-1 code.
        token: the user's own; None for the table's.
        where: what to call the engine in a message.

    Returns:
        The token; None where the table says that OPUS-MT's model has one target.

    Raises:
        LanguageError: when the table or the family lacks the language.
    """
    if token is not None:
        return token
    return language(target, where).opus_token if family.name == "opus" else code_of(family, target, where)


def is_fixed_opus(family: Family, model: str | None, token: str | None) -> bool:
    """Tell whether a model of OPUS-MT was named that is the same for every language.

    Args:
        family: of the model.
        model: as in params.yaml.
        token: the user's own, which decides the language whatever the model says.

    Returns:
        Whether its target must be looked at.
    """
    return family.name == "opus" and model is not None and "{lang}" not in model and token is None


def _lacking(family: Family, known: Language, where: str) -> LanguageError:
    mine = [code for code, other in LANGUAGES.items() if family.code(other) and code != "en"]
    near = difflib.get_close_matches(known.code, mine, n=3, cutoff=0.0)
    others = [other.name for other in FAMILIES.values() if other is not family and other.code(known)]
    return LanguageError(
        where=where,
        expected=f"one of the {len(mine)} languages that {family.name} knows, such as {', '.join(near)}",
        found=f"{known.code!r} ({known.name})",
        hint=f"Use {' or '.join(others)} for it." if others else "Choose another language.",
    )
