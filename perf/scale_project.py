"""Make a project of made-up sources, and name the commands that its pipeline is."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hbir.core.languages import ENGLISH
from perf.machine import ROOT
from perf.paper_corpus import ALL
from perf.scale_corpus import parts

SOURCES, LEXICONS = "sources", "sources/en-{lang}.txt"
SAMPLER = "hybrid"
STEPS, SIZE = 20, 32
"""Of the training: it is to be seen that it runs, and what it holds."""
MEMORY = "4GB"
"""`resources.memory`."""


@dataclass(frozen=True)
class Stage:
    """Name a stage, and its commands one after the other."""

    name: str
    commands: tuple[tuple[str, ...], ...]


def stages(pairs: int) -> list[Stage]:
    """List what is run.

    Args:
        pairs: of all sources.

    Returns:
        The stages in their order, the making of the sources first.
    """
    languages = [("hbir", "translate", lang) for lang in ALL]
    return [
        Stage("sources", (("perf.scale_corpus", SOURCES, str(pairs)),)),
        Stage("collect", (("hbir", "collect"),)),
        Stage("translate", tuple(languages)),
        Stage("build-batches", (("hbir", "build-batches"),)),
        Stage("encoder", (("hbir", "encoder"),)),
        Stage("train", (("hbir", "train", SAMPLER),)),
        Stage("score", (("hbir", "score", SAMPLER),)),
    ]


def write_project(folder: Path, pairs: int) -> None:
    """Write params.yaml, the project's own but for its corpus and its sizes, and link the stages.

    Args:
        folder: of the project, an existing one.
        pairs: of all sources.
    """
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["languages"] = list(ALL)
    params["collect"]["sources"] = [_source(part.source.name, part.file) for part in parts(pairs)]
    params["translate"]["engine"] = {"name": "glossary", "path": LEXICONS}
    params["batches"].update(size=SIZE, steps=STEPS)
    params["encoder"]["tiny"].update(layers=1, width=32, heads=2, feed_forward=64, vocabulary=8_000)
    params["train"]["validation"]["every"] = STEPS
    params["evaluate"]["benchmarks"] = ["cldr"]
    params["resources"]["memory"] = MEMORY
    yaml.dump(params, folder / "params.yaml")
    if not (folder / "stages").exists():
        (folder / "stages").symlink_to(ROOT / "stages", target_is_directory=True)


def _source(name: str, file: str) -> dict[str, Any]:
    if file.endswith(".gz"):
        return {"kind": "parallel", "name": name, "path": f"{SOURCES}/{file}"}
    alone = {"translate": False} if name in _alone() else {}
    return {"kind": "jsonl", "name": name, "path": f"{SOURCES}/{file}", **alone}


def _alone() -> set[str]:
    return {part.source.name for part in parts(10**6) if part.source.languages == (ENGLISH,)}


def python(command: tuple[str, ...]) -> list[str]:
    """Complete a command.

    Args:
        command: a module and its arguments.

    Returns:
        What starts it.
    """
    return [sys.executable, "-m", *command]


def environ(folder: Path) -> dict[str, str]:
    """Let commands run this checkout's code, and keep what they keep in the project.

    Args:
        folder: of the project.

    Returns:
        The environment.
    """
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "DVC_ROOT": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
    }
