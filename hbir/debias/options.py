"""Hold what a user chose for one run of `hbir debias`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hbir.core.precision import FP32, Precision
from hbir.encoding.prompts import Side


@dataclass(frozen=True, kw_only=True)
class Options:
    """Hold every choice; the command line says what each means."""

    model: str
    texts: tuple[str, ...]
    out: Path
    minutes: float
    force: bool = False
    languages: tuple[str, ...] = ()
    query: Literal["title", "span"] | None = None
    """None: a title where every text has one, else a span."""
    held_out: float = 0.1
    sampler: str = "hybrid"
    batch_size: int = 64
    max_tokens: int = 128
    temperature: float = 0.05
    learning_rate: float = 5e-5
    train_embeddings: bool = False
    steps: int | None = None
    """None: as many as the minutes allow."""
    precision: Precision = FP32
    """Of scoring."""
    prompts: Mapping[Side, str | None]
    seed: int = 1
    threads: int | None = None
    trust_remote_code: bool = False
