"""Turn what the packages of the Hugging Face Hub raise into errors that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from hbir.core.errors import DataError

_SCRIPT = (
    "Scripts no longer run: name the revision `refs/convert/parquet`, the Hub's own conversion, "
    "or the data files themselves in `data_files`, or download them and name the folder."
)
_ADVICE = {
    "GatedRepoError": "Accept the terms on its page and run `hf auth login`.",
    "RepositoryNotFoundError": "Check the id; a private repository needs `hf auth login`.",
    "RevisionNotFoundError": "Correct `revision`.",
}
"""What to do next, by the name of an exception of the Hub's packages; else the caller's hint."""


@contextmanager
def explained_faults(where: str, expected: str, hint: str) -> Iterator[None]:
    """Guard a call of `huggingface_hub` or `datasets`.

    Args:
        where: what to call the dataset or model in a message.
        expected: what is loaded, such as `the dataset google/xquad`.
        hint: what to do where nothing better is known.

    Yields:
        Nothing.

    Raises:
        DataError: for every fault of the network, of the Hub, of a name or of a file.
        RuntimeError: for what is none of them.
    """
    from datasets.exceptions import DatasetsError
    from huggingface_hub.utils import httpx  # which one depends on its version

    try:
        yield
    except (httpx.TransportError, ConnectionError) as error:
        found = f"no answer from the Hub ({_short(error)})"
        raise DataError(where=where, expected=expected, found=found, hint=hint) from error
    except (httpx.HTTPError, DatasetsError, OSError, ValueError) as error:
        broken = isinstance(error, DatasetsError) and error.__cause__  # which names the file's fault
        advice = _ADVICE.get(type(error).__name__, hint)
        raise DataError(where=where, expected=expected, found=_short(broken or error), hint=advice) from error
    except RuntimeError as error:
        if "scripts are no longer supported" not in str(error):
            raise
        raise DataError(where=where, expected=expected, found="only a script", hint=_SCRIPT) from error


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
