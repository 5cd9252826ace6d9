"""Save a tiny untrained encoder as the training stage does."""

from pathlib import Path

from hbir.core.files import write_json
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import save_encoder
from tests.encoding.builder import make_params
from tests.reporting.builder import training

TEXTS = ["What is the currency of Norway?", "Die Währung von Norwegen ist die Norwegische Krone."]


def save_model(folder: Path, fingerprint: str) -> None:
    model = initial_encoder(make_params(longest=32), TEXTS, seed=1)
    folder.mkdir(parents=True)
    save_encoder(model, folder)
    write_json(folder / "training.json", {**training("xx", ["de", "en"]), "fingerprint": fingerprint})
