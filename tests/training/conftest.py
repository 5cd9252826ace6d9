"""A training in miniature: three invented languages, a plan, an encoder of one layer."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Router

from hbir.batching.build import make_plan
from hbir.batching.inventory import Inventory
from hbir.batching.params import BatchParams, HybridParams
from hbir.batching.plan import write_plan
from hbir.core.files import atomic_folder, write_table
from hbir.core.hashing import file_digest
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.core.training_record import Curve, TrainingRecord, ValidationPoint
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import load_encoder, prepare_torch, save_encoder
from hbir.encoding.params import TinyParams
from hbir.training.params import LoraParams, TrainParams, ValidationParams
from hbir.training.run import Job
from tests.encoding.builder import make_params as make_encoder_params

LANGS = ("aa", "bb", "cc")
STEPS = 12
TEXTS = ["aa which number", "bb the number 3 comes of 1", "cc"]


def make_pairs(count: int = 24, validation: int = 6) -> pa.Table:
    rows = [
        {
            "lang": lang,
            "pair_id": number,
            "passage_id": number,
            "query_id": number,
            "source": "toy",
            "split": "validation" if number < validation else "train",
            "query": f"{lang} which number is {number} times {number % 7}",
            "passage": f"{lang} the number {number * (number % 7)} comes of {number}",
        }
        for lang in LANGS
        for number in range(count + validation)
    ]
    return pa.Table.from_pylist(rows, schema=PAIRS_SCHEMA)


ENCODER = make_encoder_params(
    longest=32, tiny=TinyParams(layers=1, width=16, heads=2, feed_forward=32, dropout=0.1, vocabulary=300)
)
LORA = LoraParams(rank=2, alpha=4, dropout=0.1, targets="all-linear")


def make_params(**changes: Any) -> TrainParams:
    params = TrainParams(
        temperature=0.05,
        learning_rate=0.01,
        precision="auto",
        attention=None,
        gradient_checkpointing=False,
        gradient_caching=None,
        freeze_embeddings=False,
        lora=None,
        weight_decay=0.01,
        warmup=0.1,
        decay="linear",
        max_grad_norm=1.0,
        launcher=None,
        validation=ValidationParams(
            every=5, batches=1, monolingual="all", cross_lingual=True, temperature=0.05
        ),
    )
    return replace(params, **changes)


def make_record(sampler: str, params: dict[str, Any] | None = None) -> TrainingRecord:
    best, final = (
        ValidationPoint(step=step, loss=float(step), monolingual=1.0, cross_lingual=None) for step in (1, 2)
    )
    return TrainingRecord(
        sampler=sampler,
        fingerprint="f",
        params=params or {},
        best=best,
        final=final,
        curve=Curve(train=(), validation=(best, final)),
        composition=(),
    )


@dataclass(frozen=True)
class Files:
    """The inputs of a training, made once."""

    folder: Path

    def job(self, output: Path, sampler: str = "hybrid", **changes: Any) -> Job:
        return Job(
            sampler=sampler,
            params=make_params(**changes),
            threads=1,
            log_every=3,
            checkpoint_every=4,
            seed=1,
            plan=self.folder / f"{sampler}.parquet",
            pairs=self.folder / "pairs.parquet",
            initial=self.folder / "initial",
            output=output,
        )


def write_plans(folder: Path, steps: int = STEPS) -> pa.Table:
    """Write the pairs and some plans of them, and return the pairs."""
    pairs = make_pairs()
    write_table(folder / "pairs.parquet", pairs)
    batches = BatchParams(
        languages="all", size=4, steps=steps, size_exponent=0.5, hybrid=HybridParams(alpha=0.5)
    )
    inventory = Inventory.of(pairs)
    for sampler in ("xx", "hybrid", "hybrid_rows", "all_languages"):
        plan = make_plan(sampler, inventory, batches, 1, file_digest(folder / "pairs.parquet"))
        write_plan(folder / f"{sampler}.parquet", plan)
    return pairs


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("training")
    prepare_torch(1)
    pairs = write_plans(folder)
    with atomic_folder(folder / "initial") as initial:
        save_encoder(initial_encoder(ENCODER, pairs["passage"].to_pylist(), 1), initial)
    return Files(folder)


@pytest.fixture
def model(files: Files) -> SentenceTransformer:
    return load_encoder(files.folder / "initial", device="cpu")


def routed(files: Files, document: SentenceTransformer | None = None) -> SentenceTransformer:
    """Return an encoder with one transformer for questions and another, or another encoder, for passages."""
    query, other = (load_encoder(files.folder / "initial", device="cpu") for _ in range(2))
    router = Router({"query": [*query], "document": [*(document or other)]}, default_route="query")
    return SentenceTransformer(modules=[router], device="cpu").eval()


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Load what an encoder saved, by name."""
    loaded: dict[str, torch.Tensor] = load_file(folder / "model.safetensors")
    return loaded


@pytest.fixture(autouse=True)
def on_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say nothing of the time that validations take: it is long when the machine has no time for the test."""
    monkeypatch.setattr("hbir.training.pace.SHORT", math.inf)


@pytest.fixture(autouse=True)
def main_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep checkpoints and records of a test in its own folder."""
    root = tmp_path / "main"
    root.mkdir()
    monkeypatch.setenv("DVC_ROOT", str(root))
    return root
