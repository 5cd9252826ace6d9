"""Look up how a language calls territories, currencies, languages and scripts."""

from functools import cache
from typing import NamedTuple

from babel.core import Locale, UnknownLocaleError

from hbir.core.errors import LanguageError

KINDS = ("territory", "language", "script", "currency")


class Entity(NamedTuple):
    """Hold what a fact is about: its kind and its CLDR code."""

    kind: str
    code: str

    def __str__(self) -> str:
        """Return kind and code as they stand in template files."""
        return f"{self.kind}:{self.code}"


def locale(language: str) -> Locale:
    """Find the locale of a language.

    Args:
        language: a tag such as `de` or `pt-BR`.

    Returns:
        Babel's locale, its data still unread.

    Raises:
        LanguageError: when Babel knows no such language.
    """
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise LanguageError(
            where=f"language {language!r}",
            expected="a language that Babel knows, such as `de` or `pt-BR`",
            found=str(error),
            hint="Correct the language, or leave it out.",
        ) from error


@cache
def cldr_names(language: str) -> dict[Entity, str]:
    """Read all names of a language.

    Args:
        language: a tag such as `de`.

    Returns:
        The name of every entity that CLDR names in it.
    """
    found = locale(language)
    tables = {
        "territory": found.territories,
        "language": found.languages,
        "script": found.scripts,
        "currency": found.currencies,
    }
    return {Entity(kind, code): name for kind in KINDS for code, name in tables[kind].items()}
