"""Stand in for `dvc exp run`: make the experiment as a commit, fail, be taken by another process, or hang.

What an experiment does stands in .git/behaviour.json; what happened is appended to .git/calls.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ruamel.yaml import YAML

from tests.studies.repository import git, params_with, save_experiment

ROOT = Path.cwd()


def main() -> int:
    arguments = sys.argv[1:]
    assert arguments[:5] == ["--wait-for-lock", "exp", "run", "--temp", "--name"]
    assert arguments[-1] == "evaluate"
    name = arguments[5]
    behaviour_file = ROOT / ".git/behaviour.json"
    behaviour = json.loads(behaviour_file.read_text()).get(name, []) if behaviour_file.exists() else []
    tries = sum(line.startswith(f"begin {name} ") for line in log_lines())
    note(f"begin {name}")
    does = behaviour[tries] if tries < len(behaviour) else "make"
    last = "Running stage 'evaluate':\n" if does == "linger" else ""
    sys.stdout.write(f"Reproducing experiment '{name}'\n{last}")
    sys.stdout.flush()
    if does == "fail":
        sys.stdout.write(
            "Error: params.yaml: too few pairs. Add some.\nERROR: failed to reproduce 'train_xx'\n"
        )
        return 255
    if does == "locked":
        sys.stdout.write("ERROR: 'workspace' is busy, it is being blocked by:\n  (PID 7): dvc exp run\n")
        return 255
    if does == "hang":
        signal.signal(signal.SIGINT, lambda *_: interrupted(name))
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        note(f"process {os.getpid()}")
        note(f"process {child.pid}")
        time.sleep(60)
    if does == "linger":
        note(f"ending {name}")
        time.sleep(1.5)
    if does in ("make", "linger", "nameless"):
        time.sleep(0.3)
        parts = [part for option, part in itertools.pairwise(arguments) if option == "--set-param"]
        changes = {key: YAML(typ="safe").load(value) for key, value in (part.split("=", 1) for part in parts)}
        params = YAML(typ="safe").load((ROOT / "params.yaml").read_text())
        head = "HEAD" if does != "nameless" else entry_of_the_list(name)
        saved = name if does != "nameless" else "exp-1a2b3"
        save_experiment(ROOT, saved, params_with(changes, params), head=head)
        sys.stdout.write(f"\nRan experiment(s): {saved}\nTo apply the results …\n")
    note(f"end {name}")
    return 0


def entry_of_the_list(name: str) -> str:
    """Make a commit as DVC puts one onto its list."""
    head = git(ROOT, "rev-parse", "HEAD")
    return git(ROOT, "commit-tree", "HEAD^{tree}", "-p", head, "-m", f"dvc-exp:{head}:{head}:{name}")


def interrupted(name: str) -> None:
    note(f"interrupted {name}")
    sys.exit(1)


def log_lines() -> list[str]:
    calls = ROOT / ".git/calls"
    return calls.read_text().splitlines() if calls.exists() else []


def note(text: str) -> None:
    with (ROOT / ".git/calls").open("a") as stream:
        stream.write(f"{text} \n")


if __name__ == "__main__":
    sys.exit(main())
