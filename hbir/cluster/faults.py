"""Bring an error from a worker as text, since an exception would come as a pickle."""

import json
import traceback

from hbir.core import errors
from hbir.core.errors import HbirError

_PARTS = ("where", "expected", "found", "hint")


def fault_text(error: Exception) -> str:
    """Write an error for another process.

    Args:
        error: for the user, or any other.

    Returns:
        JSON: kind and parts of an error for the user; of any other the lines of its traceback.
    """
    if isinstance(error, HbirError):
        return json.dumps({"kind": type(error).__name__, **{part: getattr(error, part) for part in _PARTS}})
    return json.dumps({"traceback": "".join(traceback.format_exception(error))})


def fault_of(text: str) -> Exception:
    """Read what `fault_text` wrote.

    Args:
        text: JSON.

    Returns:
        The error, an HbirError where its kind is unknown here; a RuntimeError with the traceback of any other.
    """
    parts = json.loads(text)
    if "traceback" in parts:
        return RuntimeError(f"A worker of Ray failed:\n{parts['traceback']}")
    found = getattr(errors, str(parts["kind"]), None)
    kind = found if isinstance(found, type) and issubclass(found, HbirError) else HbirError
    return kind(**{part: str(parts[part]) for part in _PARTS})
