"""Tell the URL of an object from a path, and refuse one that holds a secret."""

import re
from urllib.parse import parse_qsl, urlsplit

from hbir.core.errors import ParamsError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(:{2}[^/]*)?://")
_SECRET = re.compile(r"(?i)sig$|signature|token|credential|secret|password|access_?key")
"""What the names of a URL's parameters contain that are secrets, as those of a URL that was signed."""
WEB = ("http", "https")
"""Schemes of what has no folders, and cannot be written."""
KNOWN = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", *WEB, "memory")
"""Schemes that are read. Others of fsspec lead to files of this machine, which are named by their path."""


def is_url(written: str) -> bool:
    """Tell a URL from a path.

    Args:
        written: as in params.yaml or on a command line.

    Returns:
        Whether it begins as `s3://` does.
    """
    return _URL.match(written) is not None


def scheme_of(url: str) -> str:
    """Return what stands before `://`.

    Args:
        url: a URL.

    Returns:
        In lower case.
    """
    return url.partition("://")[0].lower()


def checked_url(url: str, where: str) -> str:
    """Refuse a URL of no store, and one with a secret in it: params.yaml is in Git.

    Args:
        url: a URL as a user wrote it; nothing in it is resolved.
        where: the file and key, for a message.

    Returns:
        The same.

    Raises:
        ParamsError: when it may not stand there; the message does not repeat it.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        found = str(error)
        raise ParamsError(where=where, expected="a URL", found=found, hint="Correct it.") from error
    named = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if _SECRET.search(name)]
    if parts.password is not None or named:
        raise ParamsError(
            where=where,
            expected="a URL without a secret",
            found=f"one with {', '.join(named) or 'a password'}",
            hint="Take it out; credentials come from the environment, such as AWS_ACCESS_KEY_ID.",
        )
    if scheme_of(url) not in KNOWN:
        raise ParamsError(
            where=where,
            expected=f"a URL of {', '.join(f'{scheme}://' for scheme in KNOWN)}",
            found=f"{scheme_of(url)}://",
            hint="Name the object itself, and what is on this machine by its path.",
        )
    return url
