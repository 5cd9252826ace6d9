"""Compare what stages opened with what dvc.yaml declares for them."""

import json
from pathlib import Path

from dvc.repo import Repo
from dvc.stage import PipelineStage

ALWAYS = ("params.yaml", "hbir/__init__.py", "hbir/__main__.py", "hbir/cli.py", "stages/__init__.py")
RECORDS = ("hbir/tracking", "mlflow.db", "mlartifacts", ".git", ".dvc", "dvc.lock")
"""MLflow's, and what ran before: no output depends on it."""
INPUTS = [f"data/inputs/{stage}.json" for stage in ("collect", "translate", "encoder", "score")]
"""They hold the digests of the files that params.yaml names, so each of these is a dependency too."""
TRACKED = {
    "evaluate": ("models", "metrics", "data", "dvc.yaml", "hbir", "stages"),
    "train": ("hbir/evaluation", "hbir/reporting"),
}
"""What stages open beside that to record it in MLflow, by the start of their names; with `evaluate` also what
Git opens to find the commit that the report names."""


def undeclared(root: Path, log: Path) -> dict[str, list[str]]:
    """Return the files that each stage opened and dvc.yaml does not name as its dependency or output."""
    found = {}
    with Repo(str(root)) as repo:
        stages = {stage.name: stage for stage in repo.index.stages if isinstance(stage, PipelineStage)}
    for file in sorted(log.iterdir()):
        stage = stages[file.name.split(":")[-1]]
        declared = [str(Path(part.fs_path).relative_to(root)) for part in (*stage.deps, *stage.outs)]
        named = [path for part in declared if part in INPUTS for path in json.loads((root / part).read_text())]
        allowed = (*declared, *named, *ALWAYS, *RECORDS, *_tracked(stage.name))
        opened = sorted(set(file.read_text(encoding="utf-8").splitlines()))
        wrong = [path for path in opened if not any(_within(path, part) for part in allowed)]
        if wrong:
            found[stage.name] = wrong
    return found


def _within(path: str, part: str) -> bool:
    return path == part or path.startswith((f"{part}/", f"{part}-"))


def _tracked(name: str) -> list[str]:
    return [path for start, paths in TRACKED.items() if name.startswith(start) for path in paths]
