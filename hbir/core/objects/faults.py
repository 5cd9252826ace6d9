"""Say what to do when an object store refuses, in one line without a secret."""

import errno
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hbir.core.errors import DataError, HbirError, ParamsError
from hbir.core.objects.urls import scheme_of

_INSTALL = {
    "s3": ("s3fs", "`python -m pip install -e '.[s3]'`"),
    "s3a": ("s3fs", "`python -m pip install -e '.[s3]'`"),
    "gs": ("gcsfs", "`python -m pip install gcsfs`"),
    "gcs": ("gcsfs", "`python -m pip install gcsfs`"),
    "abfs": ("adlfs", "`python -m pip install adlfs`"),
    "abfss": ("adlfs", "`python -m pip install adlfs`"),
    "az": ("adlfs", "`python -m pip install adlfs`"),
}
"""Scheme → the package that reads it, and how it is installed."""
_CLIENTS = {
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "aiohttp.client_exceptions": ("ClientError",),
    "google.auth.exceptions": ("GoogleAuthError",),
    "azure.core.exceptions": ("AzureError",),
}
"""Errors of the packages below fsspec that are no OSError."""
_NO_ANSWER = re.compile("Connect|Timeout")
"""What the names of such errors contain."""
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE)
_CREDENTIALS = (
    "Credentials come from the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or "
    "FSSPEC_S3_ANON=true for what is public): check them, and the rights that they give."
)
_NETWORK = "Check the network and the store's address (AWS_ENDPOINT_URL), and run the command again."
_NAME = "Check the URL, letter by letter; `aws s3 ls` or the store's own page lists what is there."
AGAIN = "Run the command again when nobody writes to it any more."


def connected(url: str) -> tuple[Any, str]:
    """Find the file system of a URL; no connection is opened.

    Args:
        url: a checked URL.

    Returns:
        fsspec's file system, and the path in it.

    Raises:
        ParamsError: when the package that reads such URLs is not installed.
    """
    from fsspec.core import url_to_fs

    try:
        found: tuple[Any, str] = url_to_fs(url)
    except ImportError as error:
        package, how = _INSTALL.get(scheme_of(url), ("aiohttp", "`python -m pip install aiohttp`"))
        raise ParamsError(
            where=url, expected=f"the package {package}", found="none", hint=f"Install it: {how}."
        ) from error
    return found


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Guard what is asked of an object store.

    Args:
        url: what is read or written within.

    Yields:
        Nothing.

    Raises:
        DataError: for every fault of the store, of the network, of credentials or of a name.
    """
    try:
        yield
    except _faults() as error:
        if getattr(error, "errno", None) in _OF_THE_DISK:
            raise  # of this machine, not of the store
        raise _fault(url, error) from None  # what is below may print the request with its signature


def _fault(url: str, error: Exception) -> HbirError:
    cause = error.__cause__
    if isinstance(cause, Exception) and _NO_ANSWER.search(type(cause).__name__):
        error = cause  # a web server that does not answer is reported as an object that is not there
    kind = type(error).__name__
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return DataError(where=url, expected="an object, or a folder of some", found="none", hint=_NAME)
    if kind == "FileExpired":
        return changed(url, "another one")
    if isinstance(error, PermissionError) or "Credential" in kind:
        found = "permission denied" if isinstance(error, PermissionError) else without_secrets(str(error))
        return DataError(where=url, expected="the right to read or write it", found=found, hint=_CREDENTIALS)
    found = f"{kind}: {without_secrets(str(error))}"
    return DataError(where=url, expected="a store that answers", found=found, hint=_NETWORK)


def changed(url: str, found: str) -> DataError:
    """Build the error for an object that is another one than before.

    Args:
        url: of it.
        found: what is there now.

    Returns:
        The error, to be raised by the caller.
    """
    return DataError(
        where=url, expected="an object that nobody writes to while it is read", found=found, hint=AGAIN
    )


def without_secrets(text: str) -> str:
    """Cut out what may be a secret of what a package says.

    Args:
        text: of an error.

    Returns:
        At most 200 characters, without the parameters of URLs.
    """
    return re.sub(r"//[^/\s@]*@", "//…@", re.sub(r"\?\S+", "?…", text))[:200]


def _faults() -> tuple[type[Exception], ...]:
    """List the errors of the packages that are in use; no other can raise any."""
    used = [(module, names) for module, names in _CLIENTS.items() if module in sys.modules]
    return (OSError, *(getattr(sys.modules[module], name) for module, names in used for name in names))
