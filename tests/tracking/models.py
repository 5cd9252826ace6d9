"""Save a tiny untrained encoder as the training stage does."""

from pathlib import Path

from hbir.core.files import write_json
from hbir.core.params import validated
from hbir.encoding.model import save_encoder
from hbir.encoding.params import EncoderParams
from hbir.encoding.tiny import build_tiny

TEXTS = ["What is the currency of Norway?", "Die Währung von Norwegen ist die Norwegische Krone."]
TINY = {"layers": 1, "width": 16, "heads": 2, "feed_forward": 16, "dropout": 0.0, "vocabulary": 300}


def save_model(folder: Path, fingerprint: str) -> None:
    params = {"name": "tiny", "max_tokens": 32, "languages": "all", "tiny": TINY}
    model = build_tiny(validated(EncoderParams, params, "params.yaml: encoder"), TEXTS, seed=1)
    folder.mkdir(parents=True)
    save_encoder(model, folder)
    write_json(folder / "training.json", {"fingerprint": fingerprint})
