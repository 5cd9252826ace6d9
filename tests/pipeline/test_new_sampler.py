"""A sampler added as docs/how-to/sampler.md says is planned, trained and scored by the real commands."""

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hbir.core.training_record import TRAINING, read_training
from tests.pages import ROOT, blocks
from tests.pipeline.project import Clone, make_clone

PAGE = ROOT / "docs/how-to/sampler.md"
NAME = "from_english"
COMMANDS = [
    "collect",
    "translate de",
    "translate en",
    "build-batches",
    "encoder",
    f"train {NAME}",
    f"score {NAME}",
]
IN_ONE_PROCESS = """
import sys
from hbir.cli import hbir
for words in sys.argv[1:]:
    hbir.main(words.split(), standalone_mode=False)
"""


def follow_the_page(root: Path) -> None:
    """Put the page's blocks into the files that it names."""
    compose, register, describe = (block.text for block in blocks(PAGE, "python"))
    compositions, samplers = root / "hbir/batching/compositions.py", root / "hbir/core/samplers.py"
    compositions.write_text("\n\n".join([compositions.read_text(), compose, register]))
    before, after = samplers.read_text().split("\n)\nSAMPLERS")
    samplers.write_text(f"{before}\n{describe.strip()},\n)\nSAMPLERS{after}")


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = make_clone(tmp_path_factory.mktemp("sampler") / "hbir")
    follow_the_page(clone.root)
    clone.configure(languages=["de", "en"], batches={"languages": ["de", "en"]}, baselines=[NAME])
    clone.run(sys.executable, "-c", IN_ONE_PROCESS, *COMMANDS)  # each of its own would import torch again
    return clone


def test_its_batches_are_trained_on(clone: Clone):
    plan = pq.read_table(clone.root / f"data/batches/{NAME}.parquet")
    assert (set(plan["query_lang"].to_pylist()), set(plan["passage_lang"].to_pylist())) == ({"en"}, {"de"})
    record = read_training(clone.root / "models" / NAME / TRAINING)
    assert (record.sampler, record.final.step) == (NAME, 4)
    assert [(count.query_lang, count.passage_lang, count.count) for count in record.composition] == [
        ("en", "de", 4 * 8)
    ]


def test_its_model_is_scored(clone: Clone):
    summary = json.loads((clone.root / f"scores/{NAME}/cldr/summary.json").read_text())
    metrics = json.loads((clone.root / f"metrics/{NAME}.json").read_text())
    assert summary["task"]["languages"] == ["de", "en"]
    assert all(0 < value < 1 for value in metrics["cldr"]["map"].values())
    assert len(metrics["cldr"]["map"]) == 3
