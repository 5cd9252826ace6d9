"""Check which engine translates into which language, before anything is read or translated."""

from collections.abc import Sequence

from hbir.core.params import unknown
from hbir.translation.engines import parsed
from hbir.translation.params import TranslateParams

SOURCE_LANGUAGE = "en"
OVERRIDES = "params.yaml: translate.languages"


def chosen(params: TranslateParams, languages: Sequence[str]) -> dict[str, str]:
    """Check every engine of the section.

    Args:
        params: the section `translate`.
        languages: those of the project.

    Returns:
        Language → name of its engine; English is not translated.

    Raises:
        ParamsError: when an engine or a key of it is unknown, or an override is of no language of the project.
    """
    targets = [lang for lang in languages if lang != SOURCE_LANGUAGE]
    overridden = {lang: _name(params, lang) for lang in params.languages if _known(lang, targets)}
    return dict.fromkeys(targets, parsed(params.engine)[1].name) | overridden


def _known(lang: str, targets: Sequence[str]) -> bool:
    if lang not in targets:
        raise unknown(OVERRIDES, lang, targets)
    return True


def _name(params: TranslateParams, lang: str) -> str:
    return str(parsed(params.languages[lang], f"{OVERRIDES}.{lang}")[1].name)
