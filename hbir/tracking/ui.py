"""Open MLflow's UI on the comparison of the runs."""

import os
import socket
import sys
from urllib.parse import urlencode

from hbir.core.errors import TrackingError
from hbir.tracking.server import is_server
from hbir.tracking.store import Store

HOST = "127.0.0.1"


def comparison_link(store: Store, port: int, view: str = "") -> str:
    """Name the page that compares the runs of this project's folder, and no others.

    Args:
        store: the open store.
        port: of the UI on this machine; a tracking server has its own.
        view: key of a saved view of them; without it the page is as MLflow lays it out.

    Returns:
        An address for a browser.
    """
    base = store.uri.rstrip("/") if is_server(store.uri) else f"http://{HOST}:{port}"
    plain = {"searchFilter": store.compared, "orderByKey": "attributes.start_time", "orderByAsc": "true"}
    shown = {"viewStateShareKey": view} if view else plain  # a filter in the link would switch the view off
    query = urlencode({"compareRunsMode": "CHART", "workflowType": "machine_learning", **shown})
    return f"{base}/#/experiments/{store.experiment_id}/runs?{query}"


def serve(store: Store, port: int) -> None:
    """Become MLflow's UI on this machine; ends with Ctrl-C.

    Args:
        store: the open store, no tracking server.
        port: where to listen.

    Raises:
        TrackingError: when the port is taken.
    """
    check_port(port)
    # The address may hold a password: in the environment other users do not see it.
    environment = {
        **os.environ,
        "MLFLOW_BACKEND_STORE_URI": store.uri,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    command = [sys.executable, "-m", "mlflow", "ui", "--host", HOST, "--port", str(port), "--workers", "1"]
    os.execve(sys.executable, command, environment)


def check_port(port: int) -> None:
    """Make sure that a port is free.

    Args:
        port: on this machine.

    Raises:
        TrackingError: when it is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise TrackingError(
                where=f"{HOST}:{port}",
                expected="a free port",
                found=error.strerror or str(error),
                hint="Stop what listens there, or choose another: `make ui PORT=5001`.",
            ) from error
