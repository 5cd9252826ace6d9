"""Name the files and folders of a project."""

from pathlib import Path

PARAMS = Path("params.yaml")
LOCK = Path("dvc.lock")
INPUTS = Path("data/inputs")
ENGLISH_PAIRS = Path("data/english.parquet")
PARALLEL_TEXTS = Path("data/parallel.parquet")
TRANSLATED = Path("data/translated")
PAIRS = Path("data/pairs.parquet")
BATCHES = Path("data/batches")
MODELS = Path("models")
INITIAL = MODELS / "initial"
SCORES = Path("scores")
METRICS = Path("metrics")
HEADLINE = METRICS / "headline.json"
"""The metrics of the sampler that params.yaml names."""
EMBEDDINGS = Path(".hbir/embeddings")
"""Of the main repository: where embeddings are made that an object store keeps."""
REPORTS = Path("reports")
