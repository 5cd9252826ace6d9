"""Embed passages on a Ray cluster: workers that each hold the encoder."""

import importlib.metadata
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import pyarrow as pa
import torch
from sentence_transformers import SentenceTransformer

from hbir.cluster.connect import import_ray
from hbir.cluster.params import ClusterParams
from hbir.cluster.pool import Pool, Setting
from hbir.core.errors import ModelError
from hbir.core.machine import PACKAGES
from hbir.core.precision import Precision
from hbir.encoding.embed import embed
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.model import prepare_torch
from hbir.encoding.precision import embedding_in, has_fast_bf16
from hbir.retrieval.building import rounded
from hbir.retrieval.index import Elsewhere

Load = Callable[[], SentenceTransformer]
"""Loads the encoder in another process, from the folder or the Hub that it was loaded from here."""
_TEXTS = pa.schema([("text", pa.large_string())])


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """Say how passages are embedded, in this process and in others alike."""

    load: Load
    precision: Precision
    batch_size: int
    """Most texts per forward pass."""
    threads: int = field(default_factory=torch.get_num_threads)
    """CPU threads, as many as here; another number gives other last digits."""


class PassageWork:
    """Embed the passages of a block."""

    def __init__(self, model: SentenceTransformer, how: Embedding) -> None:
        """Embed in the precision that is asked for, from now on.

        Args:
            model: the encoder.
            how: precision and batches.
        """
        self._model, self._how, self._held = model, how, ExitStack()
        self._held.enter_context(embedding_in(model, how.precision))

    @property
    def arithmetic(self) -> str:
        """Return the kind of GPU; else the instructions of the CPU."""
        device = self._model.device
        if device.type == "cuda":
            return torch.cuda.get_device_name(device)
        return f"{device.type} {torch.backends.cpu.get_cpu_capability()} {has_fast_bf16()}".strip()

    def __call__(self, block: pa.Table) -> pa.Table:
        """Embed the passages of a block.

        Args:
            block: their `text`.

        Returns:
            As many rows: `embedding`, (d,) float16 as they are kept, so that half as much travels.
        """
        found = embed(self._model, block["text"].to_pylist(), "document", self._how.batch_size)  # (n, d)
        flat = pa.array(rounded(found).reshape(-1))
        rows = pa.FixedSizeListArray.from_arrays(flat, found.shape[1])
        return pa.table([rows], schema=_columns(found.shape[1]))


class PassageWorkers(Elsewhere):
    """Embed passages on a cluster, whose workers stay until nobody holds this any more.

    A block is a chunk that one process would embed at once, so that its batches and its bytes are the same.
    """

    def __init__(self, model: SentenceTransformer, how: Embedding, cluster: ClusterParams, where: str) -> None:
        """Make sure that Ray is there; nothing is started before there is a passage.

        Args:
            model: the encoder as it was loaded here.
            how: how it is loaded elsewhere, and embeds.
            cluster: which cluster, and how many workers.
            where: the param or option that names it, for a message.

        Raises:
            ParamsError: when Ray is not installed.
        """
        import_ray(where)
        self._model, self._how = model, how
        self._setting = Setting(cluster=cluster, threads=how.threads, where=where)

    def in_order(self, parts: Iterable[list[str]]) -> Generator[np.ndarray, None, None]:
        """Embed chunk after chunk.

        Args:
            parts: texts of the chunks, of which three for each worker are taken ahead.

        Yields:
            (n, d) float16 of each, in the order of the chunks; it cannot be written.

        Raises:
            HbirError: what embedding raises; ParamsError when no cluster answers; ModelError when a worker has
                another encoder or other packages, two workers have other hardware, or none answers.
        """
        blocks = (pa.table({"text": part}, schema=_TEXTS) for part in parts)
        with closing(self._pool.answers(blocks, _columns(self._dimension))) as answers:
            for answer in answers:
                yield _rows(answer, self._dimension)

    @cached_property
    def _dimension(self) -> int:
        return int(embed(self._model, ["a"], "document", 1).shape[1])

    @cached_property
    def _pool(self) -> Pool:
        make = partial(_same, self._how, _identity(self._model, self._how.precision), self._setting.where)
        return Pool(make, self._setting, "Use machines with one kind of GPU, or of CPU: last digits differ.")


def _columns(dimension: int) -> pa.Schema:
    return pa.schema([("embedding", pa.list_(pa.float16(), dimension))])


def _rows(answer: pa.Table, dimension: int) -> np.ndarray:
    """View the numbers of an answer, without a copy: (n, d) float16."""
    column = answer["embedding"].combine_chunks()
    numbers: np.ndarray = column.flatten().to_numpy(zero_copy_only=True)
    return numbers.reshape(-1, dimension)


def _identity(model: SentenceTransformer, precision: Precision) -> dict[str, str]:
    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"encoder": encoder_fingerprint(model, precision), **packages}


def _same(how: Embedding, identity: dict[str, str], where: str) -> PassageWork:
    """Load the encoder of a worker, which must be the one that was loaded where the command runs."""
    prepare_torch(how.threads)
    model = how.load()
    found = _identity(model, how.precision)
    if found != identity:
        raise ModelError(
            where=where,
            expected=f"on every machine {_named(identity, found)}",
            found=f"{_named(found, identity)} on a worker",
            hint="Copy the model to the same path on every machine, and install the same packages.",
        )
    return PassageWork(model, how)


def _named(parts: dict[str, str], others: dict[str, str]) -> str:
    return ", ".join(f"{name} {value[:12]}" for name, value in parts.items() if value != others[name])
