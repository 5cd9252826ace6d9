"""Watch the machine while a training runs: CPU, memory, disk, network and GPU, by MLflow's own monitor."""

import logging
from typing import TYPE_CHECKING

from hbir.core.deferred import OPTIONAL, deferred

if TYPE_CHECKING:
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    from hbir.tracking.tracked_run import TrackedRun

SYSTEM = "system"
"""The section of MLflow's charts for them."""


def watch_machine(run: "TrackedRun") -> "SystemMetricsMonitor":
    """Log how busy the machine is every ten seconds, or as MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL says.

    A thread of MLflow's does it, and ends without a word when the store fails, for the curve tells of that. A
    training that resumes goes on where its curve ended.

    Args:
        run: of the training, which runs.

    Returns:
        The monitor; `finish` ends it.
    """
    with deferred("pandas", *OPTIONAL):
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor
    logging.getLogger(SystemMetricsMonitor.__module__).setLevel(logging.CRITICAL)
    monitor = SystemMetricsMonitor(run.run_id, resume_logging=True, tracking_uri=run.store.uri)
    monitor.start()
    return monitor
