"""A Git repository with a study, and experiments that Git alone made."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

STUDY = """
study:
  question: Which α?
  sweep:
    batches.hybrid.alpha: [0.0, 0.5, 1.0]
  seeds: [1, 2]
  compare: cells
  beside: [xx]
  forms:
    small:
      seeds: [1, 2, 3]
      params: {threads: 2}
threads: 1
"""
PARAMS: dict[str, Any] = {
    "sampler": "hybrid",
    "samplers": ["xx", "hybrid"],
    "baselines": [],
    "seed": 1,
    "threads": 2,
    "batches": {"size": 8, "steps": 4, "hybrid": {"alpha": 0.5}},
    "tracking": {"log_every": 20},
}


def git(root: Path, *arguments: str, index: Path | None = None, stdin: str | None = None) -> str:
    environment = {
        **os.environ,
        **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    result = subprocess.run(
        ["git", *arguments], cwd=root, check=True, capture_output=True, text=True, env=environment, input=stdin
    )
    return result.stdout.strip()


def make_repository(root: Path, study: str = STUDY, params: Mapping[str, Any] = PARAMS) -> Path:
    for folder in (".dvc", "studies", "stages"):
        (root / folder).mkdir(parents=True)
    (root / "stages/__init__.py").write_text("")
    (root / "studies/curve.yaml").write_text(study, encoding="utf-8")
    write_yaml(root / "params.yaml", params)
    (root / ".gitignore").write_text(".hbir/\nstudies/reports/\n")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "one")
    return root


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        YAML().dump(dict(content), stream)


def save_experiment(
    root: Path, name: str, params: Mapping[str, Any], lock: Mapping[str, Any] | None = None, head: str = "HEAD"
) -> str:
    """Commit params where DVC keeps experiments, without touching the folder."""
    baseline = git(root, "rev-parse", head)
    index = root / ".git" / f"index-{name}"
    scratch = root / ".git" / f"params-{name}"
    git(root, "read-tree", baseline, index=index)
    files = {"params.yaml": dict(params), "metrics/hybrid.json": {}, "dvc.lock": dict(lock or {"stages": {}})}
    for file, content in files.items():
        if file.endswith(".json"):
            scratch.write_text(json.dumps(content))
        else:
            write_yaml(scratch, content)
        blob = git(root, "hash-object", "-w", str(scratch))
        git(root, "update-index", "--add", "--cacheinfo", f"100644,{blob},{file}", index=index)
    tree = git(root, "write-tree", index=index)
    commit = git(root, "commit-tree", tree, "-p", baseline, "-m", name)
    git(root, "update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/{name}", commit)
    return commit


def params_with(changes: Mapping[str, Any], params: Mapping[str, Any] = PARAMS) -> dict[str, Any]:
    """Change dotted keys."""
    found: dict[str, Any] = json.loads(json.dumps(params))
    for key, value in changes.items():
        *parents, last = key.split(".")
        place = found
        for name in parents:
            place = place[name]
        place[last] = value
    return found


def save_all(root: Path, alphas: Sequence[float] = (0.0, 0.5, 1.0), seeds: Sequence[int] = (1, 2)) -> None:
    for alpha in alphas:
        for seed in seeds:
            changed = params_with({"batches.hybrid.alpha": alpha, "seed": seed, "threads": 1})
            save_experiment(root, f"curve-{alpha}-seed-{seed}", changed)
