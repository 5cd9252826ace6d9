"""An exported plan is trained on by sentence-transformers' own trainer, in the batches that were planned."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sentence_transformers as st
from datasets import Dataset
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from hbir.batching.plan import read_plan
from hbir.core.errors import DataError, PlanError
from hbir.core.files import read_table, write_table
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.encoding.model import load_encoder
from hbir.training.export import EXPORT_SCHEMA, export_plan, planned_examples
from hbir.training.replay import Replay
from hbir.training.texts import PairTexts
from perf.peer_trainer import quiet
from tests.pages import ROOT, blocks
from tests.training.conftest import STEPS, Files

Planned = list[list[tuple[str, str]]]
SIZE = 4
PAGE = ROOT / "docs/how-to/plan.md"


@dataclass
class Watched:
    """Keep what the trainer's collator gets."""

    collate: Callable[..., Any]
    batches: Planned = field(default_factory=list)

    def __call__(self, features: list[dict[str, str]]) -> Any:
        self.batches.append([(row["anchor"], row["positive"]) for row in features])
        return self.collate(features)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.collate, name)


def planned(files: Files, sampler: str) -> Planned:
    """Look every text up by itself."""
    pairs = read_table(files.folder / "pairs.parquet", PAIRS_SCHEMA).to_pylist()
    texts = {(row["pair_id"], row["lang"]): row for row in pairs}
    return [
        [
            (texts[pair, query]["query"], texts[pair, passage]["passage"])
            for pair, query, passage in zip(
                batch.pair_ids.tolist(), batch.query_langs, batch.passage_langs, strict=True
            )
        ]
        for batch in read_plan(files.folder / f"{sampler}.parquet").batches()
    ]


def pair_texts(files: Files) -> PairTexts:
    return PairTexts(read_table(files.folder / "pairs.parquet", PAIRS_SCHEMA))


@pytest.fixture
def exported(files: Files, tmp_path: Path) -> Path:
    export_plan(tmp_path / "plan.parquet", read_plan(files.folder / "hybrid.parquet"), pair_texts(files))
    return tmp_path / "plan.parquet"


@pytest.fixture
def rows(exported: Path, tmp_path: Path) -> Dataset:
    columns = ["anchor", "positive"]
    return Dataset.from_parquet(str(exported), columns=columns, cache_dir=str(tmp_path / "cache"))


def make_trainer(files: Files, path: Path, rows: Dataset, **changes: Any) -> tuple[Any, Watched]:
    model = load_encoder(files.folder / "initial", device="cpu")
    settings = {
        "output_dir": str(path.parent / "trained"),
        "num_train_epochs": 1,
        "per_device_train_batch_size": SIZE,
        "batch_sampler": Replay.of(path),
        "use_cpu": True,
        "save_steps": 5,
        "report_to": "none",
        "logging_strategy": "no",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
    trainer = st.SentenceTransformerTrainer(
        model=model,
        args=st.SentenceTransformerTrainingArguments(**settings | changes),
        train_dataset=rows,
        loss=MultipleNegativesRankingLoss(model),
    )
    quiet(trainer)
    trainer.data_collator = watched = Watched(trainer.data_collator)
    return trainer, watched


def test_the_trainer_gets_the_planned_batches(files: Files, exported: Path, rows: Dataset):
    trainer, watched = make_trainer(files, exported, rows, seed=3)
    trainer.train()
    assert trainer.state.global_step == STEPS
    assert watched.batches == planned(files, "hybrid")


def test_a_resumed_trainer_gets_the_rest_of_them(files: Files, exported: Path, rows: Dataset):
    make_trainer(files, exported, rows)[0].train()
    trainer, watched = make_trainer(files, exported, rows, seed=4)
    trainer.train(resume_from_checkpoint=str(exported.parent / "trained/checkpoint-5"))
    assert watched.batches == planned(files, "hybrid")[5:]


@pytest.mark.filterwarnings("ignore:'pin_memory' argument is set:UserWarning")  # by the trainer, without a GPU
def test_the_snippet_of_the_page_replays(files: Files, exported: Path, tmp_path: Path, monkeypatch):
    [block] = blocks(PAGE, "python")
    assert len(block.text.splitlines()) <= 15
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    exported.rename("hybrid.parquet")
    shutil.copytree(files.folder / "initial", "models/initial")
    kept: list[Watched] = []
    begin = st.SentenceTransformerTrainer.get_train_dataloader

    def watch(trainer: Any) -> Any:
        trainer.data_collator = Watched(trainer.data_collator)
        kept.append(trainer.data_collator)
        return begin(trainer)

    monkeypatch.setattr(st.SentenceTransformerTrainer, "get_train_dataloader", watch)
    exec(block.text, {})
    assert [watched.batches for watched in kept] == [planned(files, "hybrid")]


@pytest.mark.parametrize("sampler", ["xx", "hybrid"])
def test_the_export_is_the_plan_with_its_texts(files: Files, tmp_path: Path, sampler: str, monkeypatch):
    monkeypatch.setattr("hbir.training.export._PART", 9)
    plan = read_plan(files.folder / f"{sampler}.parquet")
    export_plan(tmp_path / "plan.parquet", plan, pair_texts(files))
    table = pq.read_table(tmp_path / "plan.parquet")
    assert table.schema.equals(EXPORT_SCHEMA)
    original = pq.read_table(files.folder / f"{sampler}.parquet")
    assert table.select(original.column_names).equals(original.replace_schema_metadata(table.schema.metadata))
    texts = list(zip(table["anchor"].to_pylist(), table["positive"].to_pylist(), strict=True))
    assert [texts[step * SIZE : (step + 1) * SIZE] for step in range(STEPS)] == planned(files, sampler)
    replay = Replay.of(tmp_path / "plan.parquet")
    assert (replay.batch_size, replay.steps) == (SIZE, STEPS)


def test_some_steps_alone(files: Files):
    plan = read_plan(files.folder / "hybrid.parquet")
    [part] = planned_examples(plan, pair_texts(files), 7, 9)
    assert part["step"].to_pylist() == [7] * SIZE + [8] * SIZE
    assert part["pair_id"].to_pylist() == [*plan.batch(7).pair_ids, *plan.batch(8).pair_ids]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: (rows.select(range(40)), {}), "expected 48 rows, found 40"),
        (lambda rows: (rows, {"per_device_train_batch_size": 8}), "expected 4 rows in a batch, found 8"),
    ],
)
def test_another_training_is_refused(files: Files, exported: Path, rows: Dataset, change, message: str):
    changed, settings = change(rows)
    trainer, _ = make_trainer(files, exported, changed, **settings)
    with pytest.raises(PlanError, match=message):
        trainer.train()


def test_what_is_no_export_is_refused(files: Files, exported: Path, tmp_path: Path):
    with pytest.raises(DataError, match="expected the columns anchor string"):
        Replay.of(files.folder / "hybrid.parquet")
    write_table(exported, pq.read_table(exported).replace_schema_metadata(None))
    with pytest.raises(DataError, match="expected a plan with its batch size, found a table without"):
        Replay.of(exported)


def test_pairs_that_lack_a_planned_one_write_nothing(files: Files, tmp_path: Path):
    few = PairTexts(read_table(files.folder / "pairs.parquet", PAIRS_SCHEMA)[:40])
    with pytest.raises(DataError, match="which the plan names"):
        export_plan(tmp_path / "plan.parquet", read_plan(files.folder / "hybrid.parquet"), few)
    assert not (tmp_path / "plan.parquet").exists()
