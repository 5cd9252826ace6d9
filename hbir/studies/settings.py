"""Write the difference between two params.yaml as arguments of `dvc exp run --set-param`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def settings(base: Mapping[str, Any], params: Mapping[str, Any]) -> list[str]:
    """List what must be set.

    Args:
        base: the content of the params.yaml that is changed.
        params: what it shall hold; no key of `base` is missing.

    Returns:
        Arguments in Hydra's grammar, such as `batches.hybrid.alpha=[[0.5,1.0],[1.0,0.0]]`.
    """
    return list(_settings(base, params, ""))


def _settings(base: Mapping[str, Any], params: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, value in params.items():
        before = base.get(key)
        if key in base and same(before, value):
            continue
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            yield from _settings(before, value, f"{prefix}{key}.")
        else:
            yield f"{'' if key in base else '++'}{prefix}{key}={literal(value)}"


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same; 1 and 1.0 are, 1 and true are not.

    Args:
        one: plain data.
        other: plain data.

    Returns:
        Whether they are.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def literal(value: Any) -> str:
    """Write a value in Hydra's grammar.

    Args:
        value: plain data.

    Returns:
        Texts in quotes, so that nothing in them is read as grammar.
    """
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return f"[{','.join(map(literal, value))}]"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{_key(str(key))}:{literal(item)}' for key, item in value.items())}}}"
    return json.dumps(value)


def _key(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\()[]{}:=, \t" else char for char in text)


def _quoted(text: str) -> str:
    from hydra.core.override_parser.types import Quote, QuotedString  # comes with DVC; 0.2 s to import

    return str(QuotedString(text, Quote.single).with_quotes())
