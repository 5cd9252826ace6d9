"""Read the wordings of a language from `templates/<language>.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAMLError

from hbir.cldr.facts import RELATIONS
from hbir.cldr.keys import QUESTIONS, STATEMENTS
from hbir.cldr.names import KINDS, Entity, locale
from hbir.core.errors import DataError, LanguageError
from hbir.core.hashing import folder_digest
from hbir.core.yaml_text import parsed

FOLDER = Path(__file__).parent / "templates"
SUBJECT, OBJECT = "{subject}", "{object}"
_LISTS = {"questions": (QUESTIONS, (SUBJECT,)), "statements": (STATEMENTS, (SUBJECT, OBJECT))}


@dataclass(frozen=True)
class Templates:
    """Hold the wordings of one language."""

    joiner: str
    """What stands between two sentences: a space, or nothing in Chinese."""
    names: dict[Entity, str]
    """Names used in place of CLDR's, where running text needs another form."""
    questions: dict[str, tuple[str, ...]]
    statements: dict[str, tuple[str, ...]]


def version() -> str:
    """Name the state of the embedded corpus.

    Returns:
        Babel's version, a plus sign and twelve digits of the hash of all template files.
    """
    return f"{installed('babel')}+{folder_digest(FOLDER, '*.yaml')[:12]}"


def languages() -> list[str]:
    """List the languages that have templates.

    Returns:
        Their tags, sorted.
    """
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def templates(language: str) -> Templates:
    """Read the templates of a language.

    Args:
        language: a tag such as `de`.

    Returns:
        Its wordings, checked.

    Raises:
        LanguageError: when Babel does not know the language or it has no file.
    """
    locale(language)
    path = FOLDER / f"{language}.yaml"
    if not path.is_file():
        raise LanguageError(
            where=f"language {language!r}",
            expected=f"templates in hbir/cldr/templates/{language}.yaml",
            found=f"none, only {', '.join(languages())}",
            hint=f"Write that file after the pattern of en.yaml: `joiner`, and for each of "
            f"{', '.join(RELATIONS)} {QUESTIONS} `questions` with {SUBJECT} and {STATEMENTS} `statements` with "
            f"{SUBJECT} and {OBJECT}; or leave the language out.",
        )
    return read_templates(path)


def read_templates(path: Path) -> Templates:
    """Read and check a template file.

    Args:
        path: the YAML file.

    Returns:
        Its wordings.

    Raises:
        DataError: when something is missing, unknown or without its slots.
    """
    try:
        content = parsed(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        found = " ".join(str(error).split())
        raise DataError(where=str(path), expected="YAML", found=found, hint="Mend that line.") from error
    _require_keys(path, "", content, {"joiner", *RELATIONS}, optional={"names"})
    for relation in RELATIONS:
        _check_relation(path, relation, content[relation])
    if content["joiner"] not in ("", " "):
        _fail(path, "joiner", "a space or nothing, in quotes", repr(content["joiner"]))
    return Templates(
        joiner=content["joiner"],
        names=_names(path, content.get("names", {})),
        questions={relation: tuple(content[relation]["questions"]) for relation in RELATIONS},
        statements={relation: tuple(content[relation]["statements"]) for relation in RELATIONS},
    )


def _check_relation(path: Path, relation: str, content: Any) -> None:
    _require_keys(path, relation, content, set(_LISTS))
    for key, (count, slots) in _LISTS.items():
        where, wordings = f"{relation}.{key}", content[key]
        if not isinstance(wordings, list) or len(wordings) != count:
            found = f"{len(wordings)}" if isinstance(wordings, list) else type(wordings).__name__
            _fail(path, where, f"a list of {count} wordings", found)
        for number, wording in enumerate(wordings):
            _check_wording(path, f"{where}[{number}]", wording, slots)


def _check_wording(path: Path, where: str, wording: Any, slots: tuple[str, ...]) -> None:
    rest = str(wording)
    for slot in slots:
        if rest.count(slot) != 1:
            _fail(path, where, f"{slot} once", repr(wording))
        rest = rest.replace(slot, "")
    if "{" in rest or "}" in rest:
        _fail(path, where, f"no slot but {' and '.join(slots)}", repr(wording))


def _names(path: Path, content: Any) -> dict[Entity, str]:
    if not isinstance(content, dict):
        _fail(path, "names", "names by `kind:code`", type(content).__name__)
    found = {}
    for key, name in content.items():
        kind, _, code = str(key).partition(":")
        if kind not in KINDS or not code or not isinstance(name, str) or not name.strip():
            _fail(path, f"names.{key}", f"a name under a key such as `{KINDS[0]}:US`", repr(name))
        found[Entity(kind, code)] = name
    return found


def _require_keys(
    path: Path, where: str, content: Any, keys: set[str], optional: frozenset[str] | set[str] = frozenset()
) -> None:
    found = set(content) if isinstance(content, Mapping) else set()
    if missing := sorted(keys - found):
        _fail(path, where or missing[0], f"the key `{missing[0]}`", "none")
    if extra := sorted(map(str, found - keys - optional)):
        _fail(path, where or extra[0], f"the keys {', '.join(sorted(keys | optional))}", f"`{extra[0]}`")


def _fail(path: Path, where: str, expected: str, found: str) -> NoReturn:
    raise DataError(
        where=f"{path}: {where}",
        expected=expected,
        found=found,
        hint="Mend the template file after the pattern of en.yaml.",
    )
