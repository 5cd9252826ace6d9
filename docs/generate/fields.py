"""Read the fields of a params class: name, what it takes, default and docstring."""

import ast
import inspect
import json
import textwrap
import types
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, is_dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

NAMES = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    dict: "mapping",
    type(None): "null",
}
SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


class FieldDoc(NamedTuple):
    """Hold what a reader wants to know of one key."""

    key: str
    """With dots between levels."""
    takes: str
    """Its type and range in words."""
    default: str | None
    """As in YAML; None where there is none."""
    text: str
    """Its docstring."""
    is_group: bool = False
    """Whether it is nothing but a mapping of further keys, which follow."""


def fields(cls: type[Any], prefix: str = "") -> Iterator[FieldDoc]:
    """List the fields of a params class, those of mappings in it too.

    Args:
        cls: made with `params_class`.
        prefix: the keys above, ending in a dot.

    Yields:
        The fields in their order, those of a parent class first.
    """
    texts = docstrings(cls)
    for name, info in cls.__pydantic_fields__.items():
        takes = words(info.annotation, info.metadata)
        is_group = is_dataclass(info.annotation)
        yield FieldDoc(f"{prefix}{name}", takes, _default(info), texts.get(name, ""), is_group)
        for nested in _classes(info.annotation):
            yield from fields(nested, f"{prefix}{name}.")


def docstrings(cls: type[Any]) -> dict[str, str]:
    """Read the text below each field in the source.

    Args:
        cls: a class; its parents are read too.

    Returns:
        Field → text.
    """
    found: dict[str, str] = {}
    for parent in reversed([kind for kind in cls.__mro__ if kind.__module__ != "builtins"]):
        body = ast.parse(textwrap.dedent(inspect.getsource(parent))).body[0]
        found |= dict(_texts(body.body if isinstance(body, ast.ClassDef) else []))
    return found


def summary(cls: type[Any]) -> str:
    """Return the first paragraph of a class's docstring.

    Args:
        cls: the class.

    Returns:
        One line.
    """
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())


def words(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Say in words what a type takes.

    Args:
        annotation: a type as pydantic keeps it.
        metadata: its limits.

    Returns:
        Such as `number ≥ 0, or null`.
    """
    limits = ", ".join(limit for limit in map(_limit, metadata) if limit)
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return words(inside[0], _flat(inside[1:]))
    if origin in (Union, types.UnionType):
        text = ", or ".join(dict.fromkeys(map(words, inside)))
    elif origin is Literal:
        text = ", ".join(f"`{value}`" for value in inside)
    elif origin is list:
        text = f"list of {words(inside[0]).replace(', or ', ' or ')}"
    else:
        text = NAMES.get(origin or annotation, "mapping" if is_dataclass(annotation) else "any value")
    return f"{text} {limits}".strip()


def _flat(metadata: Sequence[Any]) -> list[Any]:
    return [limit for item in metadata for limit in getattr(item, "metadata", [item])]


def _limit(item: Any) -> str:
    for name, sign in SIGNS.items():
        if hasattr(item, name):
            return f"{sign} {getattr(item, name)}"
    return ""


def _default(info: Any) -> str | None:
    if info.default_factory:
        return as_yaml(info.default_factory())
    return None if info.is_required() or info.default is MISSING else as_yaml(info.default)


def as_yaml(value: Any) -> str:
    """Write a value as YAML has it in one line.

    Args:
        value: plain data.

    Returns:
        The text.
    """
    if isinstance(value, list):
        return f"[{', '.join(map(as_yaml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {as_yaml(inside)}' for key, inside in value.items())}}}"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _classes(annotation: Any) -> Iterator[type[Any]]:
    if is_dataclass(annotation) and isinstance(annotation, type):
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType, Annotated):
        for inside in get_args(annotation):
            yield from _classes(inside)


def _texts(body: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            value = below.value if isinstance(below, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield field.target.id, " ".join(value.value.split())
