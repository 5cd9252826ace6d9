"""Embed a batch of queries and passages in chunks, with gradients."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.util import batch_to_device

from hbir.encoding.prompts import Side
from hbir.training.chunks import ChunkCost, cut, fill
from hbir.training.inputs import Inputs, Text


@dataclass(frozen=True)
class Chunk:
    """Name texts that go through the encoder together."""

    places: np.ndarray
    """(k,) where their embeddings go, queries before passages."""
    texts: list[Text]
    """(k,) which."""


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
            texts = [(side, row) for side in sides for row in rows[side].tolist()]
            lengths = np.concatenate([self.inputs.lengths(side, rows[side]) for side in sides])
            for chosen in self._cut(lengths):
                yield Chunk(begin + chosen, [texts[place] for place in chosen.tolist()])
            begin += len(texts)

    def _cut(self, lengths: np.ndarray) -> list[np.ndarray]:
        if self.inputs.packing is not None:
            return fill(lengths, self.cost.longest)
        return cut(lengths, self.cost)

    def run(self, chunk: Chunk) -> torch.Tensor:
        """Embed one chunk.

        Args:
            chunk: which texts.

        Returns:
            (k, d) embeddings, in the order of its places.
        """
        inputs = batch_to_device(self.inputs.features(chunk.texts), self.model.device)
        embeddings: torch.Tensor = self.model(inputs, task=chunk.texts[0][0])["sentence_embedding"]
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
