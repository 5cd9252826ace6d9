"""Run a launcher of PyTorch in this process, so that a signal that ends it is no page of its own.

`python -m hbir.encoding.launcher PROGRAM ARGUMENTS…`. torchrun and accelerate pass a signal on to what they
started, wait for it, and then end with exit code 1 and a traceback. What they started has said that it stopped.
"""

import logging
import os
import runpy
import signal
import sys
from collections.abc import Sequence

_LEVEL = "ERROR"
"""How loud a launcher is unless LOGLEVEL says: it warns of threads, which hbir sets, and of every signal."""


def main(command: Sequence[str]) -> None:
    """Run a launcher, which ends this process.

    Args:
        command: a program in Python and its arguments.

    Raises:
        SystemExit: with 128 and the signal where one ended it, as shells expect; else as the launcher says.
    """
    try:
        level = os.environ.setdefault("LOGLEVEL", _LEVEL)
        from torch.distributed.elastic.multiprocessing.api import SignalException

        logging.getLogger("torch.distributed.elastic").setLevel(level)
        try:
            sys.argv = list(command)
            runpy.run_path(command[0], run_name="__main__")
        except SignalException as error:
            sys.exit(128 + error.sigval)
    except KeyboardInterrupt:  # it has started nothing yet
        sys.stderr.write("Stopped before anything was started.\n")
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main(sys.argv[1:])
