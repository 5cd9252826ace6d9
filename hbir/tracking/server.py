"""Ask a tracking server for a sign of life before anything is entrusted to it."""

import queue
import threading

from hbir.core.errors import TrackingError

PROBE_SECONDS = 2.0
"""Three trainings and one evaluation ask once each: a dead server costs a whole pipeline 12 s."""


def is_server(uri: str) -> bool:
    """Tell a server from a database.

    Args:
        uri: a tracking URI.

    Returns:
        Whether it is spoken to by HTTP.
    """
    return uri.startswith(("http://", "https://"))


def check_answers(uri: str) -> None:
    """Make sure that a server answers; what it answers does not matter.

    Args:
        uri: its address.

    Raises:
        TrackingError: when it does not, at the latest after `PROBE_SECONDS`.
    """
    # A thread of its own bounds what a socket's timeout does not: name resolution, and an answer that drips.
    faults: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_ask, args=(uri, faults), daemon=True).start()
    try:
        fault = faults.get(timeout=PROBE_SECONDS)
    except queue.Empty:
        fault = f"no answer within {PROBE_SECONDS:g} s"
    if fault:
        raise TrackingError(
            where=uri,
            expected="a tracking server that answers",
            found=fault,
            hint="Start the server or correct MLFLOW_TRACKING_URI.",
        )


def _ask(uri: str, faults: "queue.Queue[str]") -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        http_request(
            get_default_host_creds(uri),
            "/health",
            "GET",
            max_retries=0,
            timeout=PROBE_SECONDS,
            raise_on_status=False,
        )
    except (MlflowException, OSError) as error:
        faults.put(" ".join(str(error).split())[:200])
    else:
        faults.put("")


def server_version(uri: str) -> str:
    """Ask a server which MLflow it runs.

    Args:
        uri: its address.

    Returns:
        Such as `3.17.2`; empty where it does not say.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        answer = http_request(
            get_default_host_creds(uri), "/version", "GET", max_retries=0, timeout=PROBE_SECONDS
        )
    except (MlflowException, OSError):
        return ""
    return str(answer.text) if answer.status_code == 200 else ""
