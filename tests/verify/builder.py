"""Make what looks like a clone in which the pipeline ran."""

from pathlib import Path

from hbir.core.files import write_json
from hbir.core.machine import record_path

FINGERPRINT = "f" * 64
RECORD = {
    "seconds": 1.0,
    "pairs_per_second": 100.0,
    "device": "cpu",
    "threads": 1,
    "cpu": "a CPU",
    "platform": "a system",
    "python": "3.11.0",
    "packages": {"torch": "2.13.0"},
}
POINT = {"step": 4, "loss": 1.0, "monolingual": 1.0, "cross_lingual": None}
TRAINING = {
    "sampler": "xx",
    "fingerprint": FINGERPRINT,
    "params": {},
    "best": POINT,
    "final": POINT,
    "curve": {"train": [], "validation": [POINT]},
    "composition": [],
}
PIPELINE = "stages:\n  collect: {}\n  train_xx: {}\n  score: {}\n"
LOCK = """
stages:
  score@xx:
    outs: [{path: scores/xx}, {path: metrics/xx.json}]
  collect:
    outs: [{path: data/english.parquet}]
  train_xx:
    outs: [{path: models/xx}]
"""


def make_results(root: Path) -> Path:
    """Write them."""
    write_json(root / "models/xx/training.json", TRAINING)
    write_json(record_path(root, FINGERPRINT), RECORD)
    write_json(root / "metrics/xx.json", {"cldr": {"map": {"multilingual": 0.3}, "rank_distance": 600.0}})
    for name, text in {
        "dvc.yaml": PIPELINE,
        "dvc.lock": LOCK,
        "data/english.parquet": "pairs",
        "models/xx/model.safetensors": "weights",
        "scores/xx/cldr/cells.csv": "cells",
        "scores/xx/cldr/queries.csv": "queries",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root
