"""Run one Python process in place of `python`, and note what it took; `perf.pipeline` puts it on the path.

It imports as little as it can, because its own start counts as the stage's.
"""

import json
import os
import sys
import time
from collections.abc import Iterator

LOG = "PERF_LOG"
"""Names the file that gets a line per process, in the environment."""


def main() -> None:
    """Run Python with the arguments that this process got, and add a line of JSON to the log."""
    log = os.environ[LOG]
    errors = f"{log}.{os.getpid()}"
    start = time.time()
    with open(errors, "wb") as file:  # noqa: PTH123  # pathlib takes a while to import
        actions = [(os.POSIX_SPAWN_DUP2, file.fileno(), 2)]
        arguments = [sys.executable, "-X", "importtime", *sys.argv[1:]]
        child = os.posix_spawn(sys.executable, arguments, os.environ, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
    end = time.time()
    row = {
        "arguments": sys.argv[1:],
        "start": start,
        "end": end,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss / 1024,
        "written": usage.ru_oublock * 512 / 1e6,
        "imports": sum(_imports(errors)) / 1e6,
    }
    with open(log, "a") as file:  # noqa: PTH123
        file.write(json.dumps(row) + "\n")
    sys.exit(os.waitstatus_to_exitcode(status))


def _imports(path: str) -> Iterator[int]:
    """Yield the microseconds of each import, and pass on every other line."""
    with open(path, "rb") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(b"import time:"):
                taken = line[len(b"import time:") :].split(b"|")[0].strip()
                if taken.isdigit():
                    yield int(taken)
            else:
                sys.stderr.buffer.write(line)
    os.remove(path)  # noqa: PTH107


if __name__ == "__main__":
    main()
