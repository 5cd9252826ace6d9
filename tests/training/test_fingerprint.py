"""The name of a training: every part of what decides its outcome changes it."""

import importlib.metadata
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import hbir
from hbir.training.fingerprint import decisive_parts, run_params
from hbir.training.fingerprint import fingerprint as fingerprint_of
from tests.training.conftest import LORA, Files, make_params

Arguments = dict[str, Any]


@pytest.fixture
def arguments(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Arguments:
    """Copy everything that is hashed, the code too, so that a test may change it."""
    for name in ("xx.parquet", "pairs.parquet"):
        shutil.copyfile(files.folder / name, tmp_path / name)
    shutil.copytree(files.folder / "initial", tmp_path / "initial")
    shutil.copytree(Path(hbir.__file__).parent, tmp_path / "hbir", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(hbir, "__file__", str(tmp_path / "hbir/__init__.py"))
    return {
        "params": run_params(make_params(), 1),
        "seed": 1,
        "plan": tmp_path / "xx.parquet",
        "pairs": tmp_path / "pairs.parquet",
        "initial": tmp_path / "initial",
        "device": "cpu",
        "bf16": False,
    }


def fingerprint(**arguments: Any) -> str:
    return fingerprint_of(decisive_parts(**arguments))


def append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"#")


def version_of(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0" if name == package else real(name))


CHANGES: dict[str, Callable[[Arguments, pytest.MonkeyPatch], Any]] = {
    "params": lambda given, _: given["params"].update(weight_decay=0.5),
    "threads": lambda given, _: given.update(params=run_params(make_params(), 2)),
    "seed": lambda given, _: given.update(seed=2),
    "plan": lambda given, _: append(given["plan"]),
    "pairs": lambda given, _: append(given["pairs"]),
    "initial": lambda given, _: append(given["initial"] / "model.safetensors"),
    "device": lambda given, _: given.update(device="mps"),
    "kind of CPU": lambda _, patch: patch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "ANOTHER"),
    "precision": lambda given, _: given.update(bf16=True),
    "packages": lambda _, patch: version_of("torch", patch),
    "code of core": lambda *_: append(Path(hbir.__file__).parent / "core/__init__.py"),
    "code of batching": lambda *_: append(Path(hbir.__file__).parent / "batching/__init__.py"),
    "code of encoding": lambda *_: append(Path(hbir.__file__).parent / "encoding/__init__.py"),
    "code of training": lambda *_: append(Path(hbir.__file__).parent / "training/__init__.py"),
}


@pytest.mark.parametrize("part", CHANGES)
def test_whatever_decides_the_outcome_is_in_the_name(arguments: Arguments, monkeypatch, part: str):
    before = fingerprint(**arguments)
    assert fingerprint(**arguments) == before
    CHANGES[part](arguments, monkeypatch)
    assert fingerprint(**arguments) != before


def test_two_gpus_are_told_apart(arguments: Arguments, monkeypatch):
    def name(gpu: str) -> str:
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: gpu)
        return fingerprint(**{**arguments, "device": "cuda:0"})

    assert name("A100") == name("A100") != name("H100")


def test_what_decides_nothing_is_not_in_the_name(arguments: Arguments, monkeypatch):
    before = fingerprint(**arguments)
    append(Path(hbir.__file__).parent / "reporting/__init__.py")
    version_of("mlflow", monkeypatch)
    assert fingerprint(**arguments) == before


def test_a_package_counts_where_it_is_used(arguments: Arguments, monkeypatch):
    params = {"none": make_params(), "peft": make_params(lora=LORA)}
    given = {key: {**arguments, "params": run_params(value, 1)} for key, value in params.items()}
    before = {key: fingerprint(**value) for key, value in given.items()}
    version_of("peft", monkeypatch)
    after = {key: fingerprint(**value) for key, value in given.items()}
    assert [key for key in given if before[key] != after[key]] == ["peft"]
    assert before["none"] != before["peft"]


def test_every_param_of_a_training_is_in_the_name():
    flat = run_params(replace(make_params(), lora=LORA), 3)
    assert flat["threads"] == 3
    assert flat["lora.rank"] == 2
    assert flat["validation.temperature"] == 0.05
    assert {"temperature", "learning_rate", "warmup", "decay", "max_grad_norm"} <= set(flat)
