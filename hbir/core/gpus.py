"""List the GPUs of this host without torch, and pin a process to one."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

VISIBLE = "CUDA_VISIBLE_DEVICES"
_LISTED = "GPU "
"""How `nvidia-smi --list-gpus` begins the line of each."""


def gpus(environment: Mapping[str, str] = os.environ) -> list[str]:
    """List the GPUs that a process may use.

    Args:
        environment: the variables of this process.

    Returns:
        Their names for CUDA_VISIBLE_DEVICES, which may choose some already; none without NVIDIA's driver.
    """
    if (named := environment.get(VISIBLE)) is not None:
        return [name.strip() for name in named.split(",") if name.strip()]
    program = shutil.which("nvidia-smi", path=environment.get("PATH"))
    if program is None:
        return []
    listed = subprocess.run([program, "--list-gpus"], capture_output=True, text=True, check=False)
    lines = listed.stdout.splitlines() if listed.returncode == 0 else []
    return [str(number) for number, line in enumerate(line for line in lines if line.startswith(_LISTED))]


def least_busy(devices: Sequence[str], taken: Sequence[str | None]) -> str | None:
    """Choose the GPU for one more process.

    Args:
        devices: of `gpus`.
        taken: of the processes that run.

    Returns:
        The one that fewest use, the first of equals; None where there is none.
    """
    return min(devices, key=list(taken).count, default=None)
