"""Name a training run by everything that decides its outcome."""

import importlib.metadata
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from hbir.core.hashing import code_digests, digest, file_digest, folder_digest
from hbir.core.machine import PACKAGES
from hbir.training.checks import FLASH
from hbir.training.params import TrainParams

_CODE = ("core", "batching", "encoding", "training")
"""The packages that a training imports."""


def run_params(params: TrainParams, threads: int) -> dict[str, Any]:
    """Flatten the params of a training, but for the launcher: a state goes on with any number of processes.

    Args:
        params: of `train_params`.
        threads: CPU threads.

    Returns:
        Dotted names and plain values.
    """
    return _flat({"threads": threads, **{k: v for k, v in asdict(params).items() if k != "launcher"}})


def decisive_parts(
    *, params: dict[str, Any], seed: int, plan: Path, pairs: Path, initial: Path, device: str, bf16: bool
) -> dict[str, Any]:
    """Name all that decides a run: arguments, code and packages, but not how many processes share it.

    Args:
        params: of `run_params`.
        seed: the base seed.
        plan: the batch plan.
        pairs: the pairs that it names.
        initial: the encoder that every sampler starts from.
        device: where it runs, as torch names it; the machine's part counts too.
        bf16: whether the forward pass runs in bfloat16.

    Returns:
        By name, plain values, and digests of files.
    """
    return {
        "params": params,
        "seed": seed,
        "plan": file_digest(plan),
        "pairs": file_digest(pairs),
        "initial": folder_digest(initial),
        "device": _hardware(torch.device(device)),
        "precision": "bf16" if bf16 else "fp32",
        "packages": {name: importlib.metadata.version(name) for name in _packages(params)},
        "code": code_digests(_CODE),
    }


def fingerprint(parts: dict[str, Any]) -> str:
    """Hash what decides a run.

    Args:
        parts: of `decisive_parts`.

    Returns:
        A SHA-256 in hexadecimal.
    """
    return digest(json.dumps(parts, sort_keys=True))


def tokens_name(pairs: Path, initial: Path) -> str:
    """Name the token ids of all texts by what decides them.

    Args:
        pairs: with the texts.
        initial: the encoder, with its tokenizer, prompts and lengths.

    Returns:
        16 hexadecimal digits.
    """
    parts = {
        "pairs": file_digest(pairs),
        "initial": folder_digest(initial),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "code": code_digests(("encoding", "training")),
    }
    return digest(json.dumps(parts, sort_keys=True))[:16]


def _hardware(device: torch.device) -> str:
    """Name what computes: two of one name give the same last digits as a rule, two of another never."""
    if device.type == "cuda":
        return f"cuda {torch.version.cuda} {torch.cuda.get_device_name(device)}"
    if device.type == "cpu":
        return f"cpu {torch.backends.cpu.get_cpu_capability()}"
    return device.type


def _packages(params: dict[str, Any]) -> Iterator[str]:
    yield from PACKAGES
    if "lora.rank" in params:
        yield "peft"
    if params.get("attention") == FLASH:
        yield "flash-attn"


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        flat.update(_flat(item, f"{name}.") if isinstance(item, dict) else {name: item})
    return flat
