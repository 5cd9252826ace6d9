"""Find an encoder by its name before anything slow is tried: a wrong name or no network is said at once."""

import re
from pathlib import Path

from huggingface_hub import HfApi, try_to_load_from_cache

from hbir.core.errors import HbirError, ModelError
from hbir.core.hub_faults import told

_TIMEOUT = 10.0
"""Seconds for the Hub to answer."""
_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


def is_cached(name: str) -> bool:
    """Tell whether an encoder of the Hub is on this machine already.

    Args:
        name: its id.

    Returns:
        Whether its config is in the Hub's cache.
    """
    return isinstance(try_to_load_from_cache(name, "config.json"), str)


def require(name: str, where: str) -> None:
    """Make sure that a name is a folder or an encoder that can be fetched.

    Args:
        name: a folder, or an id on the Hub.
        where: what to call it in a message.

    Raises:
        ModelError: when it is neither.
    """
    if Path(name).is_dir():
        return
    # `models/hybrid` could be an id, but in a project it is a folder that is not there yet.
    if not _ID.fullmatch(name) or ("/" in name and Path(name).parent.is_dir()):
        hint = "Check the path, or run `dvc repro`, which makes the models of a project."
        raise ModelError(where=where, expected="the folder of an encoder", found=f"no {name}", hint=hint)
    if is_cached(name):
        return
    try:
        with told(name, where, "Check the id; it needs the network once."):
            HfApi().model_info(name, timeout=_TIMEOUT)
    except HbirError as error:
        raise ModelError(
            where=where, expected=f"the encoder {name} of the Hub", found=error.found, hint=error.hint
        ) from error
