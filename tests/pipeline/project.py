"""A temporary clone of the project with a tiny configuration, in which real DVC runs."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.pipeline.preloaded import programs
from verify.clones import TINY as VERIFIED

SOURCE = Path(__file__).parents[2]
RESULTS = ("dvc.lock", "metrics/", "data/translated/")

TINY: dict[str, Any] = YAML(typ="safe").load(VERIFIED)
"""So small that the encoder stays as good as untrained: what is tested here is who runs when."""


@dataclass
class Clone:
    """Run commands in the clone."""

    root: Path
    extra: dict[str, str] = field(default_factory=dict)
    """Environment variables beside the usual ones."""

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            command,
            cwd=self.root,
            env={**environment(), **self.extra},
            capture_output=True,
            text=True,
            timeout=800,
        )
        if check and result.returncode:
            raise AssertionError(f"{' '.join(command)} failed:\n{result.stdout}\n{result.stderr}")
        return result

    def dvc(self, *arguments: str) -> str:
        return self.run("dvc", *arguments).stdout

    def stages_run(self, *arguments: str) -> list[str]:
        """Run DVC and return the stages that it really ran, in order."""
        return STAGE.findall(self.dvc(*arguments))

    def stages_started(self, *command: str, meanwhile: Callable[["Clone"], None]) -> list[str]:
        """Run a command, do something else once its first stage has started, and return its stages."""
        lines: list[str] = []
        with subprocess.Popen(
            command,
            cwd=self.root,
            env={**environment(), **self.extra},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in process.stdout or ():
                lines.append(line)
                if STAGE.match(line) and sum(map(bool, map(STAGE.match, lines))) == 1:
                    meanwhile(self)
        assert process.returncode == 0, "".join(lines)
        return [match[1] for line in lines if (match := STAGE.match(line))]

    def digest(self, path: str) -> bytes:
        """Return the bytes of a file, or of a folder's files in order."""
        target = self.root / path
        files = [target] if target.is_file() else sorted(p for p in target.rglob("*") if p.is_file())
        return b"".join(file.read_bytes() for file in files)

    def configure(self, **changes: Any) -> None:
        """Change params.yaml."""
        yaml = YAML()
        path = self.root / "params.yaml"
        params = yaml.load(path)
        _merge(params, changes)
        yaml.dump(params, path)

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)

    def forget_changes(self) -> None:
        """Go back to the last commit.

        After a failed `dvc exp run -S` Git may take a changed params.yaml of the old length for unchanged; a
        new time stamp makes it read the file.
        """
        (self.root / "params.yaml").touch()
        self.run("git", "checkout", "--quiet", "--force", "HEAD")

    def experiments(self) -> dict[str, dict[str, Any]]:
        """Return the metrics of every experiment by name."""
        shown = json.loads(self.dvc("exp", "show", "--json"))
        rows = [row for baseline in shown for row in (baseline.get("experiments") or [])]
        return {row["name"]: row["revs"][0]["data"] for row in rows}

    def wait_for_queue(self) -> None:
        """Wait until the queue's experiments have run, none in vain."""
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            status = self.dvc("queue", "status")
            if "Running" not in status and "Queued" not in status:
                assert "Failed" not in status, status
                return
            time.sleep(3)
        raise AssertionError("the queue did not finish")


STAGE = re.compile(r"^Running stage '([^']+)'", flags=re.MULTILINE)


def environment() -> dict[str, str]:
    """Keep this environment's programs and drop what would lead DVC, MLflow or Git elsewhere."""
    path = os.pathsep.join([str(programs()), str(Path(sys.executable).parent), os.environ["PATH"]])
    blocked = ("DVC_", "MLFLOW_", "GIT_", "PYTEST_", "PYTHONPATH", "COV_")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(blocked)}
    return {**clean, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", "DVC_NO_ANALYTICS": "1"}


def make_clone(root: Path) -> Clone:
    """Copy the working tree's own files, without results, into a fresh repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=SOURCE,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith(RESULTS) and (SOURCE / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(SOURCE / name, root / name)
    clone = Clone(root)
    clone.run("git", "init", "--quiet", "--initial-branch", "main")
    clone.run("git", "config", "user.name", "test")
    clone.run("git", "config", "user.email", "test@example.org")
    clone.configure(**TINY)
    clone.commit("tiny configuration")
    return clone


def _merge(target: Any, changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict) and key in target:
            _merge(target[key], value)
        else:
            target[key] = value
