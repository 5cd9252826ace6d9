"""Read params.yaml into frozen dataclasses, and say exactly what is wrong with it where it is."""

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as pydantic_dataclass
from ruamel.yaml import YAMLError

from hbir.core.errors import ParamsError
from hbir.core.paths import PARAMS
from hbir.core.unpacked import refuse_device
from hbir.core.yaml_text import parsed, refuse_explosion, refuse_large

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True)
def params_class(cls: type[T]) -> type[T]:
    """Make a class a section of params.yaml: frozen, keyword-only, strict in keys, types and ranges.

    Args:
        cls: a class with annotated fields; `Annotated[float, Field(ge=0)]` states a range.

    Returns:
        The class as a dataclass that checks its fields.
    """
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    return pydantic_dataclass(frozen=True, kw_only=True, config=config)(cls)  # type: ignore[return-value]


def read_params(path: Path = PARAMS) -> dict[str, Any]:
    """Read the whole file.

    Args:
        path: a YAML 1.2 file.

    Returns:
        Its top-level mapping.

    Raises:
        ParamsError: when the file is missing, holds no mapping, or anchors that stand for too much.
    """
    try:
        refuse_device(path)
        text = path.read_text(encoding="utf-8")
        refuse_large(text, str(path))
        value = parsed(text)
    except FileNotFoundError as error:
        raise ParamsError(
            where=str(path),
            expected="a file",
            found="none",
            hint="Run the command from the project's folder.",
        ) from error
    except OSError as error:
        found = error.strerror or str(error)
        raise ParamsError(
            where=str(path), expected="a file that can be read", found=found, hint="Check its permissions."
        ) from error
    except (YAMLError, UnicodeDecodeError) as error:
        found = " ".join(str(error).split())[:500]
        raise ParamsError(where=str(path), expected="YAML", found=found, hint="Mend that line.") from error
    if not isinstance(value, dict):
        raise ParamsError(
            where=str(path),
            expected="keys and values",
            found=type(value).__name__,
            hint="See the file in Git.",
        )
    refuse_explosion(value, str(path))
    return value


def section(params: dict[str, Any], key: str, kind: type[T], file: str | Path = PARAMS) -> T:
    """Check one section of the file.

    Args:
        params: what `read_params` returned.
        key: the section's name, dots between levels; "" is the whole file.
        kind: the dataclass made with `params_class` that describes it.
        file: what to call the file in a message.

    Returns:
        The section as that class.

    Raises:
        ParamsError: when a key is unknown or missing, or a value has the wrong type or range.
    """
    value: Any = params
    for name in key.split(".") if key else []:
        if not isinstance(value, dict) or name not in value:
            raise unknown(f"{file}: {key}", name, value if isinstance(value, dict) else ())
        value = value[name]
    result: T = validated(kind, value, where=f"{file}: {key}" if key else str(file))
    return result


def validated(kind: Any, value: Any, where: str) -> Any:
    """Check a value against a type.

    Args:
        kind: anything that pydantic can check.
        value: plain data.
        where: the file and key, for a message.

    Returns:
        The value as that type.

    Raises:
        ParamsError: when the value does not fit.
    """
    try:
        return TypeAdapter(kind).validate_json(json.dumps(value, default=str))
    except ValidationError as error:
        faults = error.errors(include_url=False)
        first = next((fault for fault in faults if fault["type"] in _UNKNOWN), faults[0])
        raise _explained(kind, first, where) from error


def unknown(where: str, name: str, known: Iterable[str]) -> ParamsError:
    """Build the error for a name that is not in a list, with the nearest that is.

    Args:
        where: the file and key.
        name: what was found.
        known: what there is.

    Returns:
        The error, to be raised by the caller.
    """
    names = sorted(map(str, known))
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    return ParamsError(
        where=where,
        expected=f"one of {', '.join(names) or 'nothing'}",
        found=repr(name),
        hint=f"Did you mean {near[0]!r}?" if near else "Correct the name.",
    )


_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")
_MISSING = ("missing", "missing_argument", "missing_keyword_only_argument")


def _explained(kind: Any, fault: Any, where: str) -> ParamsError:
    # A union adds its branch, such as literal['a','b'], to the place: no key of the file.
    path = [str(part) for part in fault["loc"] if not str(part).startswith(_BRANCHES)]
    if fault["type"] in _UNKNOWN:
        return unknown(_place(where, path[:-1]), path[-1], _fields(kind, path[:-1]))
    if fault["type"] in _MISSING:
        return ParamsError(where=_place(where, path), expected="a value", found="nothing", hint="Add the key.")
    message = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    found = repr(fault["input"])
    return ParamsError(where=_place(where, path), expected=message, found=found, hint="Correct the value.")


_BRANCHES = ("literal[", "list[", "constrained-", "float", "int", "str", "function-")


def _place(where: str, path: list[str]) -> str:
    if not path:
        return where
    return f"{where}{'.' if ': ' in where else ': '}{'.'.join(path)}"


def _fields(kind: Any, parents: list[str]) -> list[str]:
    for name in parents:
        field = getattr(kind, "__pydantic_fields__", {}).get(name)
        kind = field.annotation if field else None
    return list(getattr(kind, "__pydantic_fields__", {}))
