"""Compute the gradient of a batch whose texts are embedded by several processes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from hbir.core.place import Place
from hbir.encoding.prompts import Side
from hbir.encoding.ranks import Ranks
from hbir.training.caching import RandomState, embed_again, embed_without_gradients, gradient_in_blocks
from hbir.training.forward import Chunk, Forward, split_sides
from hbir.training.objective import batch_loss, one_per_query


@dataclass(frozen=True)
class Part:
    """Name the texts of a batch that one process embeds."""

    rows: Mapping[Side, np.ndarray]
    """By side, (k,) rows of the pairs."""
    places: np.ndarray
    """(n,) where their embeddings go among those of the whole batch, queries before passages."""


def part_of(forward: Forward, rows: Mapping[Side, np.ndarray], ranks: Ranks) -> Part:
    """Choose what this process embeds: as many queries and passages as the others, and as many tokens.

    Args:
        forward: the encoder.
        rows: by side, rows of the pairs.
        ranks: the processes.

    Returns:
        Its part, which may be empty.
    """
    chosen: dict[Side, np.ndarray] = {}
    places, begin = [], 0
    for number, (side, every) in enumerate(rows.items()):
        mine = dealt(forward.inputs.lengths(side, every), ranks.place, turned=number % 2 == 1)
        chosen[side] = every[mine]
        places.append(begin + mine)
        begin += len(every)
    return Part(chosen, np.concatenate(places))


def dealt(lengths: np.ndarray, place: Place, turned: bool = False) -> np.ndarray:
    """Choose the texts of one process, so that all have about as many, and as many tokens.

    They are dealt by length, as cards are. A rank has one text more than another at most, or none where there
    are fewer texts than ranks.

    Args:
        lengths: (n,) tokens of each text.
        place: of the process.
        turned: whether the last rank gets the first card.

    Returns:
        Places of its texts, ascending by length.
    """
    rank = place.size - 1 - place.rank if turned else place.rank
    return np.argsort(lengths, kind="stable")[rank :: place.size]


def sharded_backward(
    forward: Forward, rows: Mapping[Side, np.ndarray], temperature: float, ranks: Ranks, caches: bool
) -> torch.Tensor:
    """Do what `backward`, or `cached_backward`, does with the whole batch, embedding a part of it here.

    Embeddings are exchanged as numbers. Every process then computes the same loss and its gradient by all
    embeddings, and hands the rows of its own texts on to the weights, whose gradients are added up. So no
    gradient goes through an exchange, and none has to be divided by the number of processes.

    Args:
        forward: the encoder, in training mode; the same weights in every process.
        rows: by side, (b,) rows of the pairs, of the whole batch.
        temperature: divides the inner products.
        ranks: the processes.
        caches: whether the memory of one chunk has to do.

    Returns:
        The loss of the whole batch, a scalar without gradient.
    """
    rows, owners = one_per_query(rows)
    part = part_of(forward, rows, ranks)
    chunks = list(forward.chunks(part.rows))
    states: list[RandomState] = []
    graphs: list[torch.Tensor] = []
    if caches:
        embedded, states = embed_without_gradients(forward, chunks)
    else:
        graphs = _embed(forward, chunks)
        embedded = _in_order(graphs, chunks)
    every = gathered(embedded, part.places, sum(map(len, rows.values())), forward, ranks)
    if caches:
        loss, gradient = gradient_in_blocks(every, rows, owners, temperature)
    else:
        loss, gradient = _gradient(every, rows, owners, temperature)
    mine = gradient[torch.from_numpy(part.places).to(gradient.device)]
    if caches:
        embed_again(forward, chunks, states, mine)
    elif chunks:
        torch.autograd.backward(graphs, _by_chunk(mine, graphs, chunks))
    sum_gradients(forward.model, ranks)
    return loss


def gathered(
    embedded: torch.Tensor, places: np.ndarray, count: int, forward: Forward, ranks: Ranks
) -> torch.Tensor:
    """Bring the embeddings of all processes together.

    Adding up zeros and numbers gives those numbers to the last bit, however many texts a process has.

    Args:
        embedded: (n, d) of this process; of any shape where it has none.
        places: (n,) of its texts among all.
        count: of all texts.
        forward: the encoder.
        ranks: the processes.

    Returns:
        (count, d) float32.
    """
    width = embedded.shape[1] if len(places) else 0
    if count < 2 * ranks.size:  # one may have no text, and cannot know the width
        width = ranks.largest(width)
    every = torch.zeros((count, width), device=forward.model.device)
    if len(places):
        every[torch.from_numpy(places).to(every.device)] = embedded.detach().float()
    return ranks.sum(every)


def sum_gradients(model: nn.Module, ranks: Ranks) -> None:
    """Add up the gradients of the weights, each of which has one where any process has one.

    A weight without a gradient must stay without: AdamW would let it decay otherwise.

    Args:
        model: the encoder.
        ranks: the processes.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    there = torch.tensor([float(weight.grad is not None) for weight in weights], device=weights[0].device)
    parts = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
    ranks.sum_all([there, *parts])
    lacking = [place for place, weight in enumerate(weights) if weight.grad is None]
    if lacking:  # else nothing is read from the device
        counts = there.tolist()
        for place in lacking:
            if counts[place]:
                weights[place].grad = parts[place]


def _embed(forward: Forward, chunks: list[Chunk]) -> list[torch.Tensor]:
    with forward.precision():
        return [forward.run(chunk) for chunk in chunks]


def _in_order(graphs: list[torch.Tensor], chunks: list[Chunk]) -> torch.Tensor:
    if not chunks:
        return torch.empty(0)
    order = np.argsort(np.concatenate([chunk.places for chunk in chunks]))
    embedded = torch.cat([graph.detach() for graph in graphs])
    return embedded[torch.from_numpy(order).to(embedded.device)]


def _by_chunk(gradient: torch.Tensor, graphs: list[torch.Tensor], chunks: list[Chunk]) -> list[torch.Tensor]:
    """Give every chunk the gradient of its texts."""
    places = [torch.from_numpy(chunk.places).to(gradient.device) for chunk in chunks]
    return [gradient[each].to(graph.dtype) for each, graph in zip(places, graphs, strict=True)]


def _gradient(
    embedded: torch.Tensor, rows: Mapping[Side, np.ndarray], owners: np.ndarray | None, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of a batch, and its gradient by the embeddings."""
    sides = split_sides(embedded.requires_grad_(), rows)
    loss = batch_loss(sides["query"], sides["document"], owners, temperature)
    (gradient,) = torch.autograd.grad(loss, embedded)
    return loss.detach(), gradient
