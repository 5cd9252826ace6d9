"""Embed a batch of queries and passages in chunks of about one length, with gradients."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.util import batch_to_device

from hbir.encoding.prompts import Side
from hbir.training.chunks import ChunkCost, cut
from hbir.training.inputs import Inputs


@dataclass(frozen=True)
class Chunk:
    """Name texts that go through the encoder together."""

    places: np.ndarray
    """(k,) where their embeddings go, queries before passages."""
    rows: dict[Side, np.ndarray]
    """By side, which rows of the pairs; in the order of `places`."""


@dataclass(frozen=True)
class Forward:
    """Run an encoder on rows of the pairs."""

    model: SentenceTransformer
    inputs: Inputs
    cost: ChunkCost
    bf16: bool
    """Whether to compute in bfloat16 where that is safe; the weights stay in float32."""

    def embed(self, rows: Mapping[Side, np.ndarray]) -> dict[Side, torch.Tensor]:
        """Embed texts as `encode_query` and `encode_document` do, but with gradients.

        Queries and passages share their chunks where the encoder treats them alike.

        Args:
            rows: by side, (k,) rows of the pairs.

        Returns:
            By side, (k, d) embeddings; of length 1 where the encoder normalises.
        """
        chunks = list(self.chunks(rows))
        with self.precision():
            embedded = torch.cat([self.run(chunk) for chunk in chunks])
        return split_sides(in_order(embedded, chunks), rows)

    def chunks(self, rows: Mapping[Side, np.ndarray]) -> Iterator[Chunk]:
        """Cut a batch into chunks.

        Args:
            rows: by side, (k,) rows of the pairs.

        Yields:
            Chunks that name each text once.
        """
        groups = [list(rows)] if self.inputs.mixes else [[side] for side in rows]
        begin = 0
        for sides in groups:
            lengths = np.concatenate([self.inputs.lengths(side, rows[side]) for side in sides])
            for chosen in cut(lengths, self.cost):
                yield _chunk(np.sort(chosen), sides, rows, begin)
            begin += len(lengths)

    def run(self, chunk: Chunk) -> torch.Tensor:
        """Embed one chunk.

        Args:
            chunk: which texts.

        Returns:
            (k, d) embeddings, in the order of its places.
        """
        inputs = batch_to_device(self.inputs.features(chunk.rows), self.model.device)
        embeddings: torch.Tensor = self.model(inputs, task=next(iter(chunk.rows)))["sentence_embedding"]
        return embeddings

    def precision(self) -> torch.autocast:
        """Make the context in which the encoder runs.

        Returns:
            The context.
        """
        return torch.autocast(self.model.device.type, torch.bfloat16, enabled=self.bf16)


def in_order(embedded: torch.Tensor, chunks: list[Chunk]) -> torch.Tensor:
    """Put the embeddings of chunks back into the order of the batch.

    Args:
        embedded: (n, d) chunk by chunk.
        chunks: their places.

    Returns:
        (n, d) queries before passages, each in its order.
    """
    places = np.concatenate([chunk.places for chunk in chunks])
    return embedded[torch.from_numpy(np.argsort(places)).to(embedded.device)]


def split_sides(embeddings: torch.Tensor, rows: Mapping[Side, np.ndarray]) -> dict[Side, torch.Tensor]:
    """Part the embeddings of queries from those of passages.

    Args:
        embeddings: (n, d) one side behind the other.
        rows: by side, its rows.

    Returns:
        By side, its embeddings.
    """
    parts = torch.split(embeddings, [len(chosen) for chosen in rows.values()])
    return dict(zip(rows, parts, strict=True))


def _chunk(chosen: np.ndarray, sides: list[Side], rows: Mapping[Side, np.ndarray], begin: int) -> Chunk:
    """Name the texts of a chunk: `chosen` counts through all of `sides`."""
    parts: dict[Side, np.ndarray] = {}
    first = 0
    for side in sides:
        here = chosen[(chosen >= first) & (chosen < first + len(rows[side]))] - first
        if len(here):
            parts[side] = rows[side][here]
        first += len(rows[side])
    return Chunk(begin + chosen, parts)
