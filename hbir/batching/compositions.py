"""Set up the compositions of the samplers (Sources: arXiv 2408.10536, Method; LAReQA, arXiv 2004.05484)."""

from collections.abc import Callable, Sequence

from hbir.batching.drawing import Composition, Hybrid, Monolingual, Sources
from hbir.batching.pool import same_language, two_languages
from hbir.batching.setting import Setting, require_one
from hbir.batching.walk import Walk
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

    Raises:
        PlanError: when there is only one language.
    """
    languages = setting.inventory.languages
    if len(languages) < 2:
        raise PlanError(
            where="plan xy",
            expected="at least two training languages",
            found=", ".join(languages),
            hint="Add a language to batches.languages; xx, xy and hybrid are always planned.",
        )
    return _over_all_sources(setting, "xy", setting.walks("xy", two_languages))


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


def _over_all_sources(setting: Setting, composition: str, walks: Sequence[Walk]) -> Sources:
    for walk in walks:
        if len(walk.pool):
            require_one([walk])
    return setting.sources(walks, setting.stream("source", composition))
