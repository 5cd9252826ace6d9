"""Compute the gradient of a batch of any size in the memory of one chunk (gradient caching)."""

from collections.abc import Mapping

import numpy as np
import torch

from hbir.encoding.prompts import Side
from hbir.training.forward import Chunk, Forward, split_sides
from hbir.training.objective import batch_loss, one_per_query

_BLOCK = 64
"""Queries whose scores are in memory at one time with gradient caching."""
RandomState = tuple[torch.Tensor, torch.Tensor | None]
"""Of the generators that dropout draws from: that of the CPU, and that of the GPU where there is one."""


def cached_backward(forward: Forward, rows: Mapping[Side, np.ndarray], temperature: float) -> torch.Tensor:
    """Do what `backward` does in the memory of one chunk, and of the embeddings of the batch.

    Every chunk is embedded twice: first without gradients, for the loss and its gradient by the embeddings;
    then with gradients, under the same dropout, to hand that gradient on to the weights.

    Args:
        forward: as in `backward`.
        rows: as in `backward`.
        temperature: as in `backward`.

    Returns:
        As `backward`.

    Source:
        Gradient caching, arXiv 2101.06983.
    """
    rows, owners = one_per_query(rows)
    chunks = list(forward.chunks(rows))
    embedded, states = embed_without_gradients(forward, chunks)
    loss, gradient = gradient_in_blocks(embedded, rows, owners, temperature)
    embed_again(forward, chunks, states, gradient)
    return loss


def embed_without_gradients(forward: Forward, chunks: list[Chunk]) -> tuple[torch.Tensor, list[RandomState]]:
    """Embed chunks, and note what dropout drew from.

    Args:
        forward: the encoder, in training mode.
        chunks: of texts.

    Returns:
        (n, d) embeddings, queries before passages; and the generators' states before each chunk.
    """
    states = []
    embedded = torch.empty(0)
    with torch.no_grad(), forward.precision():
        for chunk in chunks:
            states.append(random_state(forward.model.device))
            part = forward.run(chunk)
            if not len(embedded):
                embedded = part.new_empty((sum(len(each.places) for each in chunks), part.shape[1]))
            embedded[torch.from_numpy(chunk.places).to(embedded.device)] = part
    return embedded, states


def embed_again(
    forward: Forward, chunks: list[Chunk], states: list[RandomState], gradient: torch.Tensor
) -> None:
    """Hand a gradient on from embeddings to the weights.

    Args:
        forward: the encoder, in training mode.
        chunks: what was embedded.
        states: of the generators before each chunk, to which they return afterwards.
        gradient: (n, d) by the embeddings, in the order of the chunks' places.
    """
    device = forward.model.device
    after = random_state(device)
    for chunk, state in zip(chunks, states, strict=True):
        set_random_state(device, state)
        with forward.precision():
            again = forward.run(chunk)
        places = torch.from_numpy(chunk.places).to(device)
        torch.autograd.backward([again], [gradient[places].to(again.dtype)])
    set_random_state(device, after)


def gradient_in_blocks(
    embedded: torch.Tensor, rows: Mapping[Side, np.ndarray], owners: np.ndarray | None, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the loss and its gradient by a batch's embeddings, a block of queries at a time.

    The scores of a whole batch of 4,096 and what their gradient needs take more memory than all its chunks.

    Args:
        embedded: (k + b, d) queries before passages.
        rows: by side, their rows.
        owners: (b,) the query of each passage; None where passage i is that of query i.
        temperature: divides the inner products.

    Returns:
        The loss, and its gradient (k + b, d).
    """
    total, gradient = torch.zeros((), device=embedded.device), torch.empty_like(embedded)
    sides, gradients = split_sides(embedded, rows), split_sides(gradient, rows)
    passages = sides["document"].requires_grad_()
    of = np.arange(len(passages)) if owners is None else owners
    for first in range(0, len(rows["query"]), _BLOCK):
        queries = sides["query"][first : first + _BLOCK].requires_grad_()
        share = np.count_nonzero((of >= first) & (of < first + _BLOCK)) / len(passages)
        loss = batch_loss(queries, passages, owners, temperature, first) * share
        loss.backward()  # type: ignore[no-untyped-call]
        assert queries.grad is not None
        gradients["query"][first : first + _BLOCK] = queries.grad
        total += loss.detach()
    assert passages.grad is not None
    gradients["document"][:] = passages.grad
    return total, gradient


def random_state(device: torch.device) -> RandomState:
    """Return the states of the generators that dropout draws from.

    Args:
        device: of the encoder.

    Returns:
        That of the CPU, and that of the GPU where there is one.
    """
    return torch.get_rng_state(), torch.cuda.get_rng_state(device) if device.type == "cuda" else None


def set_random_state(device: torch.device, state: RandomState) -> None:
    """Go back to states of the generators.

    Args:
        device: of the encoder.
        state: what `random_state` returned.
    """
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], device)
