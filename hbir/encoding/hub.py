"""Find an encoder by its name before anything slow is tried: a wrong name or no network is said at once."""

from pathlib import Path

from huggingface_hub import HfApi, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from hbir.core.errors import HbirError, ModelError
from hbir.core.hub_faults import told

_TIMEOUT = 10.0
"""Seconds for the Hub to answer."""


def is_cached(name: str) -> bool:
    """Tell whether an encoder of the Hub is on this machine already.

    Args:
        name: its id.

    Returns:
        Whether its config or its list of modules is in the Hub's cache; not every encoder has both.
    """
    files = (try_to_load_from_cache(name, file) for file in ("config.json", "modules.json"))
    return any(isinstance(file, str) for file in files)


def require(name: str, where: str) -> None:
    """Make sure that a name is a folder or an encoder that can be fetched.

    Args:
        name: a folder, or an id on the Hub.
        where: what to call it in a message.

    Raises:
        ModelError: when it is neither.
    """
    is_id = _is_id(name)
    if Path(name).is_dir() or (is_id and is_cached(name)):
        return
    # `models/hybrid` could be an id, but in a project it is a folder that is not there yet.
    if not is_id or ("/" in name and Path(name).parent.is_dir()):
        hint = "Check the path, or run `dvc repro`, which makes the models of a project"
        other = f"; if an id of the Hub is meant, fetch it first with `hf download {name}`" if is_id else ""
        raise ModelError(
            where=where, expected="the folder of an encoder", found=f"no {name} here", hint=f"{hint}{other}."
        )
    try:
        with told(name, where, "Check the id; it needs the network once."):
            HfApi().model_info(name, timeout=_TIMEOUT)
    except HbirError as error:
        raise ModelError(
            where=where, expected=f"the encoder {name} of the Hub", found=error.found, hint=error.hint
        ) from error


def _is_id(name: str) -> bool:
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True
