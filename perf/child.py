"""Measure the memory of a function in a process of its own."""

import importlib
import multiprocessing
import resource
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_memory(function: Callable[..., object], *args: object, imports: Sequence[str] = ()) -> float:
    """Call a function in a fresh process and return its peak memory.

    What its module imports at the top, and what `imports` names, does not count.

    Args:
        function: at the top of a module, so that another process finds it.
        *args: its arguments, picklable.
        imports: modules that are imported before.

    Returns:
        MB of resident memory at the peak, above what there was before the call.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_peak_above_imports, function, args, imports).result()


def _peak_above_imports(
    function: Callable[..., object], args: tuple[object, ...], imports: Sequence[str]
) -> float:
    for name in imports:
        importlib.import_module(name)
    before = _peak()
    function(*args)
    return _peak() - before


def _peak() -> float:
    """Return the largest resident memory of this process so far, in MB.

    On Linux `ru_maxrss` of a new process begins with what its parent held, so the kernel's `VmHWM`, which does
    not, is read instead.
    """
    if _STATUS.is_file():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
