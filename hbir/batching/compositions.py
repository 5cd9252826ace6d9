"""Set up the compositions of the samplers.

Sources: arXiv 2408.10536, Method; LAReQA, arXiv 2004.05484; ColBERT-X, arXiv 2209.01335.
"""

from collections.abc import Callable, Sequence

from hbir.batching.drawing import Composition, Hybrid, HybridRows, Monolingual, Sources
from hbir.batching.pool import Pool, same_language, two_languages
from hbir.batching.setting import Setting, require_one
from hbir.batching.walk import Walk
from hbir.batching.wide_pools import EitherPool
from hbir.core.errors import PlanError
from hbir.core.languages import ENGLISH
from hbir.core.params import unknown
from hbir.core.samplers import SAMPLERS


def one_language(setting: Setting) -> Composition:
    """Set up X-X-mono: every batch in one language.

    Args:
        setting: pairs, params and seed.

    Returns:
        The composition.
    """
    by_language = [setting.walks("xx", same_language, language) for language in setting.inventory.languages]
    for of_one_source in zip(*by_language, strict=True):
        require_one(of_one_source)
    stream = setting.stream("source", "xx")
    return Monolingual(
        [setting.sources(walks, stream) for walks in by_language], setting.stream("language", "xx")
    )


def two_languages_per_row(setting: Setting) -> Composition:
    """Set up X-Y: two languages in every row, mixed row by row.

    Args:
        setting: pairs, params and seed.

    Returns:
        The composition.
    """
    return _in_two_languages(setting, Pool)


def coin(setting: Setting) -> Composition:
    """Set up hybrid: xx with probability alpha, else xy, each as it is on its own.

    Args:
        setting: pairs, params and seed.

    Returns:
        The composition.
    """
    xy = two_languages_per_row(setting)
    return Hybrid(one_language(setting), xy, setting.params.hybrid, setting.stream("coin"))


def one_language_per_row(setting: Setting) -> Composition:
    """Set up X-X: one language in every row, mixed row by row.

    Args:
        setting: pairs, params and seed.

    Returns:
        The composition.
    """
    return _over_all_sources(setting, "mixed", setting.walks("mixed", same_language))


def coin_per_row(setting: Setting) -> Composition:
    """Set up hybrid_rows: the rows of X-Y, each in one language with probability alpha.

    Args:
        setting: pairs, params and seed.

    Returns:
        The composition.
    """
    xy = _in_two_languages(setting, EitherPool)
    return HybridRows(xy, setting.params.hybrid, setting.stream("coin", "rows"))


def passages_in_all_languages(setting: Setting) -> Composition:
    """Set up all_languages: queries, each with a row for every language of its passage.

    Args:
        setting: pairs, params and seed.

    Returns:
        The composition.

    Raises:
        OneQueryError: when the rows of one query can fill a batch.
    """
    walks = setting.query_walks("all_languages")
    widest = max(walk.pool.widest for walk in walks)
    if setting.params.size <= widest:
        raise OneQueryError(
            where="plan all_languages",
            expected=f"batches.size above {widest}, the languages of one query: others are its negatives",
            found=str(setting.params.size),
            hint="Raise batches.size, or leave all_languages out of baselines.",
        )
    return _over_all_sources(setting, "all_languages", walks)


def english_alone(setting: Setting) -> Composition:
    """Set up En-En: all in English.

    Args:
        setting: pairs, params and seed.

    Returns:
        The composition.

    Raises:
        PlanError: when English is no training language.
    """
    if ENGLISH not in setting.inventory.languages:
        raise PlanError(
            where="plan english",
            expected="en among the training languages",
            found=", ".join(setting.inventory.languages),
            hint="Add en to batches.languages, or leave english out of baselines.",
        )
    return _over_all_sources(setting, "english", setting.walks("english", same_language, ENGLISH))


COMPOSITIONS: dict[str, Callable[[Setting], Composition]] = {
    "one_language": one_language,
    "two_languages": two_languages_per_row,
    "coin": coin,
    "same_language": one_language_per_row,
    "english": english_alone,
    "coin_per_row": coin_per_row,
    "all_languages": passages_in_all_languages,
}
"""How each composition is set up; `hbir.core.samplers` says which sampler has which."""


def compose(sampler: str, setting: Setting) -> Composition:
    """Set up the composition of a sampler.

    Args:
        sampler: a name in SAMPLERS.
        setting: pairs, params and seed.

    Returns:
        The composition, before its first batch.

    Raises:
        ParamsError: when there is no such sampler.
    """
    if sampler not in SAMPLERS:
        raise unknown("params.yaml: sampler", sampler, SAMPLERS)
    return COMPOSITIONS[SAMPLERS[sampler].composition](setting)


class OneQueryError(PlanError):
    """Report batches of one query, which has nothing to be told apart from."""


def _in_two_languages(setting: Setting, pool: type[Pool]) -> Sources:
    languages = setting.inventory.languages
    if len(languages) < 2:
        raise PlanError(
            where="plan xy",
            expected="at least two training languages",
            found=", ".join(languages),
            hint="Add a language to batches.languages; xx, xy and hybrid are always planned.",
        )
    return _over_all_sources(setting, "xy", setting.walks("xy", two_languages, pool=pool))


def _over_all_sources(setting: Setting, composition: str, walks: Sequence[Walk]) -> Sources:
    for walk in walks:
        if len(walk.pool):
            require_one([walk])
    return setting.sources(walks, setting.stream("source", composition))
