"""A launcher is found, has a free port, and starts each process, which knows which one it is."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.errors import ParamsError, RanksError
from hbir.core.gpus import gpus, least_busy
from hbir.core.launch import launcher_command, require_free_port, start_all
from hbir.core.place import Place, find_place

ADDRESS = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_process_is_the_only_one_unless_all_is_said():
    assert find_place({}) == Place(0, 1, 0, 1)
    assert find_place({"RANK": "3", "WORLD_SIZE": "8"}) == Place(0, 1, 0, 1)  # as some clusters do
    every = {**ADDRESS, "RANK": "5", "WORLD_SIZE": "8"}
    assert find_place(every) == Place(5, 8, 5, 8)
    assert find_place({**every, "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}) == Place(5, 8, 1, 4)
    assert find_place({**every, "LOCAL_WORLD_SIZE": "4"}).local_rank == 1


@given(st.integers(1, 64), st.integers(1, 16))
def test_the_threads_of_a_host_are_divided(threads: int, processes: int):
    share = Place(0, processes, 0, processes).share_of(threads)
    assert share >= 1
    assert share * processes <= max(threads, processes)
    assert Place().share_of(threads) == threads


@pytest.mark.parametrize("launcher", ["torchrunn --standalone", "torchrun 'open", "  "])
def test_what_is_no_command_is_refused(launcher: str):
    with pytest.raises(ParamsError, match=r"^train.launcher: expected a command of this machine"):
        launcher_command(launcher, "train.launcher")


def test_a_launcher_is_found_beside_this_python(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    command = launcher_command("torchrun --rdzv-id 'a b'", "train.launcher")
    assert command == [str(Path(sys.executable).parent / "torchrun"), "--rdzv-id", "a b"]


PORTS = ["--master-port {}", "--master_port={}", "--nnodes 2 --node-rank 0 --master-port {}"]


@pytest.mark.parametrize("options", PORTS)
def test_a_port_in_use_is_refused_and_a_free_one_is_not(options: str):
    with socket.socket() as other:
        other.bind(("", 0))
        port = other.getsockname()[1]
        command = launcher_command(f"torchrun {options.format(port)}", "train.launcher")
        other.listen()
        with pytest.raises(RanksError, match=rf"^train.launcher: .*expected the port {port} to be free"):
            require_free_port(command, "train.launcher")
    require_free_port(command, "train.launcher")


@pytest.mark.parametrize(
    "options",
    [
        "--standalone",
        "--rdzv-backend=c10d --rdzv-endpoint a:1",
        "--node-rank 1 --master-port {}",
        "--master-port x",
    ],
)
def test_only_a_port_that_this_host_will_listen_on_is_looked_at(options: str, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr("hbir.core.launch._DEFAULT_PORT", port)
        require_free_port(launcher_command(f"torchrun {options.format(port)}", "here"), "here")
        require_free_port(["/bin/srun", "torchrun"], "here")
        with pytest.raises(RanksError):
            require_free_port(launcher_command("torchrun", "here"), "here")


def test_a_launcher_takes_the_place_of_the_process_once(tmp_path: Path):
    """It starts what it gets, which finds itself launched and goes on."""
    launcher = program(
        tmp_path / "twice",
        "import os, subprocess, sys\n"
        "for n in range(2):\n"
        "    subprocess.run([sys.executable, *sys.argv[2:]], check=True, env={**os.environ, 'N': str(n)})\n"
        "sys.exit(7)",
    )
    package = tmp_path / "hbir"
    package.mkdir()
    root = Path(__file__).parents[2]
    (package / "__main__.py").write_text(
        f"import os, sys\nsys.path[:0] = [{str(root)!r}]\nsys.modules.pop('hbir')\n"
        "from hbir.core.launch import start_all\n"
        f"start_all({f'{launcher} --option'!r}, sys.argv[1:], 'here')\n"
        "print(sys.argv[1:], os.environ['N'])\n"
    )
    (package / "__init__.py").touch()
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        [sys.executable, "-m", "hbir", "train", "xx"],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
    )
    assert result.stdout == "['train', 'xx'] 0\n['train', 'xx'] 1\n", result.stderr
    assert result.returncode == 7


def test_torchrun_is_run_by_what_answers_a_signal_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execve", lambda _, command, __: started.append(command))
    other = program(tmp_path / "torchrun", "")
    for launcher in ("torchrun --standalone", f"{other} --standalone"):
        start_all(launcher, ["train", "xx"], "here")
    rest = ["--standalone", "-m", "hbir", "train", "xx"]
    ours = str(Path(sys.executable).parent / "torchrun")
    assert started == [[sys.executable, "-m", "hbir.encoding.launcher", ours, *rest], [str(other), *rest]]


def test_without_a_launcher_or_under_one_nothing_is_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("something is started"))
    start_all(None, ["train"], "here")
    for name, value in {**ADDRESS, "RANK": "0", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    start_all("torchrunn", ["train"], "here")


def test_gpus_are_those_that_are_named_or_listed(tmp_path: Path):
    assert gpus({"CUDA_VISIBLE_DEVICES": "2, MIG-1"}) == ["2", "MIG-1"]
    assert gpus({"CUDA_VISIBLE_DEVICES": ""}) == []
    assert gpus({"PATH": str(tmp_path)}) == []
    listing = program(tmp_path / "nvidia-smi", "print('GPU 0: A\\n  MIG 1g: B\\nGPU 1: A')")
    assert gpus({"PATH": str(tmp_path)}) == ["0", "1"]
    program(listing, "import sys\nprint('GPU 0: broken')\nsys.exit(9)")
    assert gpus({"PATH": str(tmp_path)}) == []


def test_one_more_process_gets_the_gpu_that_fewest_use():
    assert least_busy([], []) is None
    assert least_busy(["0", "1"], []) == "0"
    assert least_busy(["0", "1"], ["0"]) == "1"
    assert least_busy(["0", "1"], ["1", "0", "1"]) == "0"
