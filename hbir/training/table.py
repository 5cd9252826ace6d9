"""Train only the rows of a token table that can occur; the whole table comes back when a model is saved."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.util import batch_to_device
from torch import nn

from hbir.core.disk_faults import write_faults
from hbir.encoding.prompts import SIDES, Side
from hbir.training.inputs import Text, TokenInputs
from hbir.training.lora import transformers

log = logging.getLogger(__name__)
_WORTH_IT = 0.75
"""A table of which a larger share is in use stays as it is."""


@dataclass
class CompactTable:
    """Hold a table's rows in use in the encoder, and the whole table in a file.

    All texts are there before the first step, so every token that can occur is known. A row that never does
    has no gradient. AdamW then changes it by its weight decay alone: each step multiplies it by
    1 - learning rate x weight decay. So the whole table follows at any time from its beginning, that product
    and the rows in use. The norm of the gradient is the same as well, since the other rows have none.
    """

    weight: torch.Tensor
    """(r, d) the parameter; the rows in use, while training."""
    rows: torch.Tensor
    """(r,) int64: which rows of the whole table they are."""
    whole: np.ndarray
    """(v, d) float32, mapped from a file: the table before the first step; empty where nothing is saved."""
    weight_decay: float
    left: float = field(default=1.0)
    """What weight decay left of a row that is not in use."""

    def decay(self, rate: float) -> None:
        """Do to the other rows what one step does.

        Args:
            rate: the step's learning rate.
        """
        self.left *= 1 - rate * self.weight_decay

    @contextmanager
    def expanded(self) -> Iterator[None]:
        """Put the whole table into the encoder, to save it.

        Yields:
            Nothing.
        """
        compact = self.weight.data
        table = torch.from_numpy(np.array(self.whole)).mul_(self.left).to(compact)
        table[self.rows] = compact
        self.weight.data = table
        try:
            yield
        finally:
            self.weight.data = compact


@dataclass
class CompactTables:
    """Hold all compact tables of an encoder: one as a rule, two behind a router, or none."""

    tables: list[CompactTable] = field(default_factory=list)

    def decay(self, rate: float) -> None:
        """Do to rows that are not in use what one step does.

        Args:
            rate: the step's learning rate.
        """
        for table in self.tables:
            table.decay(rate)

    @contextmanager
    def expanded(self) -> Iterator[None]:
        """Put the whole tables into the encoder, to save it.

        Yields:
            Nothing.
        """
        with ExitStack() as stack:
            for table in self.tables:
                stack.enter_context(table.expanded())
            yield

    def forget(self) -> None:
        """Free the memory of the whole tables."""
        for table in self.tables:
            table.whole = np.empty((0, 0), dtype=np.float32)

    def state(self) -> list[float]:
        """Return what a checkpoint keeps beside the weights: what decay left, by table."""
        return [table.left for table in self.tables]

    def restore(self, state: list[float]) -> None:
        """Go on from a checkpoint.

        Args:
            state: what `state` returned.
        """
        for table, left in zip(self.tables, state, strict=True):
            table.left = left


def compact_tables(
    model: SentenceTransformer, inputs: TokenInputs, weight_decay: float, folder: Path | None
) -> CompactTables:
    """Leave only those rows of the token tables in an encoder that its inputs can name.

    Args:
        model: the encoder, prepared for training; changed in place.
        inputs: of the pairs; from now on they give the places of the rows.
        weight_decay: of the optimizer.
        folder: where the whole tables are kept; None where nothing will be saved, and they are forgotten.

    Returns:
        The tables; none where too few rows could be left out, or the table is not trained.

    Raises:
        DataError: when the whole tables cannot be written.
    """
    modules = _token_tables(model)
    weights = list({id(module.weight): module.weight for module in modules}.values())
    sizes = {len(weight) for weight in weights}
    if len(sizes) != 1 or not all(weight.requires_grad for weight in weights):
        return CompactTables()
    rows = rows_in_use(inputs, [module.padding_idx for module in modules])
    (size,) = sizes
    if len(rows) > _WORTH_IT * size:
        return CompactTables()
    places = np.zeros(size, dtype=np.int32)
    places[rows] = np.arange(len(rows))
    before = _sample_embedding(model, inputs)
    paths = [folder / f"table-{i}.npy" if folder else None for i in range(len(weights))]
    tables = CompactTables([_compacted(*each, rows, weight_decay) for each in zip(weights, paths, strict=True)])
    inputs.places = places
    if not torch.allclose(before, _sample_embedding(model, inputs), atol=1e-6):
        _undo(tables, inputs)
        return CompactTables()
    if folder is None:
        tables.forget()
    log.info("of %d rows of the token table, %d occur and are trained", size, len(rows))
    return tables


def rows_in_use(inputs: TokenInputs, padding: list[int | None]) -> np.ndarray:
    """List the rows that can be looked up.

    All rows up to that of the padding stay, so that it keeps its place: architectures of XLM-RoBERTa's kind
    count positions by comparing ids with it.

    Args:
        inputs: of the pairs.
        padding: of the tables.

    Returns:
        (r,) int64, ascending.
    """
    used = [inputs.tokens[side].used.astype(np.int64) for side in SIDES]
    kept = [*(inputs.layouts[side].pad for side in SIDES), *(place for place in padding if place is not None)]
    return np.unique(np.concatenate([*used, np.arange(max(kept) + 1)]))


def _token_tables(model: SentenceTransformer) -> list[nn.Embedding | nn.EmbeddingBag]:
    static = [part for part in model.modules() if isinstance(part, nn.EmbeddingBag)]
    tokens = []
    for transformer in transformers(model):
        try:
            tokens.append(transformer.get_input_embeddings())
        except NotImplementedError:  # code that comes with a model may not say
            return []
    return [part for part in (*static, *tokens) if isinstance(part, nn.Embedding | nn.EmbeddingBag)]


def _compacted(weight: torch.Tensor, path: Path | None, rows: np.ndarray, weight_decay: float) -> CompactTable:
    whole = weight.detach().float().cpu().numpy()
    if path:
        with write_faults(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, whole)
        whole = np.load(path, mmap_mode="r")
    chosen = torch.from_numpy(rows).to(weight.device)
    weight.data = weight.data[chosen].contiguous()
    return CompactTable(weight, chosen, whole, weight_decay)


def _undo(tables: CompactTables, inputs: TokenInputs) -> None:
    for table in tables.tables:
        table.weight.data = torch.from_numpy(np.array(table.whole)).to(table.weight.data)
    inputs.places = None


def _sample_embedding(model: SentenceTransformer, inputs: TokenInputs) -> torch.Tensor:
    """Embed the first and the last text of each side, without dropout."""
    training = model.training
    model.eval()
    rows = (0, inputs.count - 1)
    texts: dict[Side, list[Text]] = {side: [(side, row) for row in rows] for side in SIDES}
    with torch.no_grad():
        read = [(side, batch_to_device(inputs.features(texts[side]), model.device)) for side in SIDES]
        found = [model(features, task=side)["sentence_embedding"] for side, features in read]
    model.train(training)
    return torch.cat(found)
