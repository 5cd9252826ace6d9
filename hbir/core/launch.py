"""Start a command again by a launcher, as one process for every device."""

import argparse
import errno
import os
import shlex
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from hbir.core.errors import ParamsError, RanksError
from hbir.core.place import is_launched

_DEFAULT_PORT = 29500
"""Of torchrun and accelerate, where nothing else is said."""
_PYTORCHS = ("torchrun", "accelerate", "accelerate-launch")
"""Launchers that are programs in Python."""
_STARTED = "HBIR_LAUNCHED"
"""Set for what a launcher starts, since some launchers tell a process that is alone nothing."""


def start_all(launcher: str | None, arguments: Sequence[str], where: str) -> None:
    """Let a launcher take the place of this process, unless one has started it.

    Signals and the exit code are then the launcher's own, but for torchrun and accelerate, which a signal ends
    as it ends hbir.

    Args:
        launcher: a command, to which `-m hbir` and the arguments are added; None for nothing.
        arguments: of `hbir`.
        where: the param, for a message.

    Raises:
        ParamsError: when the launcher is no command of this machine.
        RanksError: when its port is in use.
    """
    if launcher is None or is_launched() or _STARTED in os.environ:
        return
    command = launcher_command(launcher, where)
    require_free_port(command, where)
    sys.stdout.flush()
    variables = {**os.environ, _STARTED: "1", "PATH": _path()}
    command = [*_quiet(command), "-m", "hbir", *arguments]
    os.execve(command[0], command, variables)


def _quiet(command: list[str]) -> list[str]:
    """Let one line say that the work was stopped; torchrun would add a traceback, and exit with 1."""
    program = Path(command[0])
    if program.name not in _PYTORCHS or program.parent != Path(sys.executable).parent:
        return command
    return [sys.executable, "-m", "hbir.encoding.launcher", *command]


def launcher_command(launcher: str, where: str) -> list[str]:
    """Find the program of a launcher, beside this Python or on the path.

    Args:
        launcher: a command.
        where: the param, for a message.

    Returns:
        The program's path and its arguments.

    Raises:
        ParamsError: when it is no command of this machine.
    """
    try:
        words = shlex.split(launcher)
    except ValueError as error:
        raise _no_command(where, f"{launcher!r} ({error})") from error
    program = shutil.which(words[0], path=_path()) if words else None
    if program is None:
        raise _no_command(where, repr(launcher))
    return [program, *words[1:]]


def require_free_port(command: Sequence[str], where: str) -> None:
    """Make sure that a launcher can listen on its port; its own message is a page long.

    Args:
        command: of `launcher_command`.
        where: the param, for a message.

    Raises:
        RanksError: when another program listens there.
    """
    port = _port(command)
    if port is None:
        return
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left is free
        try:
            found.bind(("", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return
            raise port_in_use(f"{where}: {' '.join(command[1:]) or command[0]}", port) from error


def port_in_use(where: str, port: int | str) -> RanksError:
    """Build the error for a port that another program holds.

    Args:
        where: the process or the param.
        port: the number.

    Returns:
        The error, to be raised by the caller.
    """
    return RanksError(
        where=where,
        expected=f"the port {port} to be free",
        found="another program that listens there",
        hint="Give torchrun `--standalone`, which finds a free port on one host, or another `--master-port`.",
    )


def _port(command: Sequence[str]) -> int | None:
    """Say on which port a launcher will listen; None where it finds one itself, or another host's does."""
    if Path(command[0]).name not in _PYTORCHS:
        return None
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    ports = ("--master-port", "--master_port", "--main-process-port", "--main_process_port")
    parser.add_argument(*ports, dest="port", type=int, default=_DEFAULT_PORT)
    parser.add_argument(
        "--node-rank", "--node_rank", "--machine-rank", "--machine_rank", dest="host", default="0"
    )
    parser.add_argument("--standalone", action="store_true")
    parser.add_argument("--rdzv-backend", "--rdzv_backend", dest="backend", default="static")
    try:
        found, _ = parser.parse_known_args(list(command[1:]))
    except argparse.ArgumentError:
        return None  # the launcher says what is wrong
    finds = found.standalone or found.backend != "static" or found.host != "0" or found.port == 0
    return None if finds else int(found.port)


def _path() -> str:
    """Return where programs are looked for: first beside this Python, in case nothing is activated."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def _no_command(where: str, found: str) -> ParamsError:
    hint = "Install it, or set the key to null."
    return ParamsError(
        where=where, expected="a command of this machine, such as torchrun", found=found, hint=hint
    )
