"""Run `python -m hbir` from a process that has the libraries loaded already.

A small stage takes a second, and importing torch, sentence-transformers and MLflow for it eight. So one process
imports them once, and forks for every command; hbir itself is imported after the fork, from the folder that the
command runs in. Where PYTHONPATH is set, and where the system has no pidfd, a plain Python runs.

A command reaches this machine alone: what it asks of another is refused, and noted in the file that the
variable CONNECTIONS names.
"""

import atexit
import functools
import gc
import importlib
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LIBRARIES = ("matplotlib.pyplot", "mlflow.sentence_transformers", "pyarrow.parquet", "sentence_transformers")
SHIM = """#!{python} -SE
import os, socket, sys
arguments = sys.argv[1:]
if arguments[:2] != ["-m", "hbir"] or "PYTHONPATH" in os.environ:
    os.execv({python!r}, [{python!r}, *arguments])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    variables = [f"{{name}}={{value}}" for name, value in os.environ.items()]
    given = "\\0".join([os.getcwd(), str(len(arguments)), *arguments, *variables])
    content = given.encode(errors="surrogateescape")
    socket.send_fds(server, [len(content).to_bytes(4, "little")], [0, 1, 2])
    server.sendall(content)
    sys.exit(int.from_bytes(server.recv(4) or b"\\1", "little", signed=True))
"""
"""The program `python`: hands folder, arguments, environment and streams over, and ends as the command does."""


@functools.cache
def programs() -> Path:
    """Start the process, once, and return a folder whose `python` runs in it; it ends with this process."""
    if not hasattr(os, "pidfd_open"):
        return Path(sys.executable).parent
    folder = Path(tempfile.mkdtemp(prefix="hbir-"))
    address = str(folder / "socket")
    pipe = subprocess.PIPE  # no file: streams that were opened as files would seek, also in whoever is forked
    process = subprocess.Popen(
        [sys.executable, __file__, address], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
    )
    atexit.register(_end, process, folder)
    assert process.stdout is not None
    told = iter(process.stdout.readline, b"")
    assert b"ready\n" in told
    (folder / "python").write_text(SHIM.format(python=sys.executable, address=address), encoding="utf-8")
    (folder / "python").chmod(0o755)
    return folder


def _end(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    process.communicate()  # closes its standard input
    shutil.rmtree(folder, ignore_errors=True)


def serve(address: str) -> None:
    """Fork for every command that comes, until the standard input ends."""
    for name in LIBRARIES:
        __import__(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for these children
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sources: list[Any] = [sys.stdin, listening]
        while sys.stdin not in select.select(sources, [], [])[0]:
            command, _ = listening.accept()
            if not os.fork():
                listening.close()
                supervise(command)
                return
            command.close()


def supervise(command: socket.socket) -> None:
    """Run a command in a child, report how it ended, and kill it when whoever asked for it is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(command, 4, 3)
    content = command.recv(int.from_bytes(head, "little"), socket.MSG_WAITALL)
    child = os.fork()
    if not child:
        command.close()
        run(streams, content.decode(errors="surrogateescape"))
        return
    over = os.pidfd_open(child)
    both: list[Any] = [command, over]
    if over not in select.select(both, [], [])[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not select.select([command], [], [], 0)[0]:
        command.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "little", signed=True))
    os._exit(0)


def stay_here(event: str, given: tuple[Any, ...]) -> None:
    """Refuse to look up or reach another machine; Python tells of every socket that it opens itself."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = given[0]
    elif event in ("socket.connect", "socket.sendto"):
        host = given[1][0] if isinstance(given[1], tuple) else None  # a path is a socket of this machine
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in ("", "localhost", "::1") or name.startswith("127."):
        return
    if log := os.environ.get("CONNECTIONS"):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{event} {name}\n")
    raise ConnectionRefusedError(f"{name} is not this machine")


def run(streams: list[int], content: str) -> None:
    """Take over the caller's folder, arguments, environment and streams, and run hbir."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    folder, count, *rest = content.split("\0")
    os.chdir(folder)
    os.environ.clear()
    entries = (entry.partition("=") for entry in rest[int(count) :])
    os.environ.update({name: value for name, _, value in entries})
    sys.addaudithook(stay_here)
    sys.argv = ["", *rest[2 : int(count)]]
    sys.path[0] = folder
    if "HOOK" in os.environ:
        importlib.import_module(os.environ["HOOK"])
    runpy.run_module("hbir", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(sys.argv[1])
