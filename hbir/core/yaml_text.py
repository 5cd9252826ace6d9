"""Read YAML, and keep it small: a few lines of anchors can stand for more values than any memory holds."""

import warnings
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.error import YAMLWarning

from hbir.core.errors import ParamsError

BYTES = 1 << 20
"""Of a file; the longest one of this project has 10 KB."""
VALUES = 100_000
"""Of a file, an anchor counted as often as it is named."""
DEPTH = 50
"""Mappings and lists within each other."""


def parsed(text: str) -> Any:
    """Parse YAML 1.2, in which `1e-3` is a number and `no` a language.

    Args:
        text: of one document.

    Returns:
        Plain values.

    Raises:
        YAMLError: where it is no YAML, has a value that is none, such as the 40th of May, goes too deep, or
            gives a name to two anchors.
    """
    with warnings.catch_warnings(action="error", category=YAMLWarning):
        try:
            return YAML(typ="safe", pure=True).load(text)
        except (YAMLWarning, ValueError, RecursionError) as error:
            raise YAMLError(str(error)) from error


def refuse_large(text: str, where: str) -> None:
    """Refuse a file before it is parsed.

    Args:
        text: its content.
        where: what to call it in a message.

    Raises:
        ParamsError: when it is longer than any params are.
    """
    if len(text) > BYTES:
        raise _refused(where, f"YAML of at most {BYTES >> 20} MiB", f"{len(text):,} characters")


def refuse_explosion(value: Any, where: str) -> None:
    """Refuse a value that unfolds to too much, goes too deep, or has keys that are no plain values.

    Args:
        value: what the parser made, in which an anchor is one object in many places.
        where: what to call the file in a message.

    Raises:
        ParamsError: when it is one.
    """
    count, waiting = 0, [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        count += 1
        if depth > DEPTH:
            raise _refused(where, f"at most {DEPTH} levels", "more, or an anchor that holds itself")
        if count > VALUES:
            raise _refused(where, f"at most {VALUES:,} values", "anchors that stand for more")
        if isinstance(one, dict):
            for key in one:
                if not isinstance(key, str | int | float | bool | None):
                    raise _refused(where, "keys that are plain values", f"a {type(key).__name__}")
            waiting += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list | tuple | set):
            waiting += [(inner, depth + 1) for inner in one]


def _refused(where: str, expected: str, found: str) -> ParamsError:
    return ParamsError(where=where, expected=expected, found=found, hint="Write the values out, or see Git.")
