"""Prepare the view that MLflow's UI opens on: what differs and what matters first, everything else folded.

MLflow keeps the views that people save in its UI as tags of the experiment, since 3.15. The format is not
documented: where a store takes no such tag, or its UI is older, the link says what it can by itself.
"""

import base64
import json
import logging
import re
import zlib
from typing import Any

from hbir.tracking.server import is_server, server_version
from hbir.tracking.store import Store
from hbir.tracking.tracked_run import now_milliseconds
from hbir.tracking.view_layout import view_state

log = logging.getLogger(__name__)

TAG = "mlflow.sharedViewState."
"""How the tags of saved views begin; the view's key follows."""
SINCE = (3, 15)
"""The first version of MLflow whose UI reads them."""
PACKED = "deflate;"
KIND = "mlflow.experimentKind"
"""The tag that says whether an experiment trains models; without it the UI shows the empty page of GenAI."""


def prepare_view(store: Store) -> str:
    """Save the view of the runs that the project's folder compares.

    A view that somebody saved anew in the UI, under the same name, is theirs and stays as it is.

    Args:
        store: the open store.

    Returns:
        Its key for a link; empty where the UI would not read it, or the store refuses it.
    """
    from mlflow.exceptions import MlflowException

    if _ui_version(store) < SINCE:
        return ""
    key = store.comparison.replace(".", "-")
    state = view_state(store.search(store.compared), store.compared)
    try:
        tags = store.client.get_experiment(store.experiment_id).tags
        text = _envelope(f"hbir: {store.root.name}", state, tags.get(TAG + key, ""))
        for name, value in ((KIND, tags.get(KIND, "custom_model_development")), (TAG + key, text)):
            if tags.get(name) != value:
                store.client.set_experiment_tag(store.experiment_id, name, value)
    except MlflowException as error:
        log.warning("MLflow keeps no view (%s); the link opens the plain comparison", str(error).rstrip("."))
        return ""
    return key


def _envelope(name: str, state: dict[str, Any], before: str) -> str:
    """Write a saved view as MLflow does; where nothing changed, or somebody saved it anew, what was there."""
    plain = json.dumps(state, separators=(",", ":")).encode()
    packed = PACKED + base64.b64encode(zlib.compress(plain)).decode()
    old = _read(before)
    if old and (old.get("state") == packed or old.get("updatedAt") != old.get("createdAt")):
        return before
    now = now_milliseconds()
    saved = {"name": name, "createdAt": now, "updatedAt": now, "state": packed}
    return json.dumps(saved, separators=(",", ":"))


def _read(text: str) -> dict[str, Any]:
    """Read a saved view; nothing where it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _ui_version(store: Store) -> tuple[int, ...]:
    """Return the version of the UI: of the server where there is one, else of what is installed here."""
    from mlflow import __version__

    text = server_version(store.uri) if is_server(store.uri) else __version__
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])
