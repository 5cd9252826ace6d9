"""Compute the objective, InfoNCE with in-batch negatives, and its gradient."""

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional as F

from hbir.encoding.prompts import Side
from hbir.training.forward import Chunk, Forward, split_sides

_BLOCK = 64
"""Queries whose scores are in memory at one time with gradient caching."""


def info_nce(queries: torch.Tensor, passages: torch.Tensor, temperature: float, first: int = 0) -> torch.Tensor:
    """Compute the mean negative log-likelihood of every query's own passage among those of its batch.

    Args:
        queries: (k, d) embeddings; of length 1 unless the encoder compares by inner product.
        passages: (b, d) embeddings, likewise; row first + i is the positive of query i.
        temperature: divides the inner products.
        first: which of the batch's queries is the first one; all of them have k = b.

    Returns:
        A scalar, in float32 whatever the precision of the embeddings.

    Source:
        arXiv 2408.10536, Eq. 1 (there with temperature 1).
    """
    scores = queries.float() @ passages.float().T / temperature  # (k, b)
    return F.cross_entropy(scores, torch.arange(first, first + len(scores), device=scores.device))


def info_nce_of_several(
    queries: torch.Tensor, passages: torch.Tensor, owners: torch.Tensor, temperature: float, first: int = 0
) -> torch.Tensor:
    """Compute what `info_nce` does where a query has several passages: none of them is its negative.

    Args:
        queries: (k, d) different ones, as in `info_nce`.
        passages: (b, d) likewise, of two or more queries.
        owners: (b,) whose passage each one is: a position among all queries of the batch.
        temperature: divides the inner products.
        first: which of the batch's queries is the first one.

    Returns:
        A scalar, the mean over the passages of these k queries: each is a positive once, against the passages
        of all other queries.
    """
    scores = queries.float() @ passages.float().T / temperature  # (k, b)
    own = owners == torch.arange(first, first + len(scores), device=scores.device)[:, None]  # (k, b)
    negatives = scores.masked_fill(own, -torch.inf).logsumexp(dim=1, keepdim=True)  # (k, 1)
    return F.softplus(negatives - scores)[own].mean()  # -log(e^s / (e^s + e^n))


def backward(forward: Forward, rows: Mapping[Side, np.ndarray], temperature: float) -> torch.Tensor:
    """Add the gradient of one batch to the weights.

    Args:
        forward: the encoder, in training mode.
        rows: by side, (b,) rows of the pairs; query i asks for passage i. Where a query stands in several rows,
            none of their passages is its negative.
        temperature: divides the inner products.

    Returns:
        The loss, a scalar without gradient.
    """
    rows, owners = one_per_query(rows)
    embedded = forward.embed(rows)
    loss = _loss(embedded["query"], embedded["document"], owners, temperature)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach()


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
    device = forward.model.device
    embedded, states = _embed_without_gradients(forward, chunks)
    loss, gradient = _gradient_in_blocks(embedded, rows, owners, temperature)
    after = random_state(device)
    for chunk, state in zip(chunks, states, strict=True):
        set_random_state(device, state)
        with forward.precision():
            again = forward.run(chunk)
        places = torch.from_numpy(chunk.places).to(device)
        torch.autograd.backward([again], [gradient[places].to(again.dtype)])
    set_random_state(device, after)
    return loss


def _embed_without_gradients(
    forward: Forward, chunks: list[Chunk]
) -> tuple[torch.Tensor, list[tuple[torch.Tensor, torch.Tensor | None]]]:
    """Return the batch's embeddings, queries before passages, and the generators' states before each chunk."""
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


def _gradient_in_blocks(
    embedded: torch.Tensor, rows: Mapping[Side, np.ndarray], owners: np.ndarray | None, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss and its gradient by a batch's embeddings, computed a block of queries at a time.

    The scores of a whole batch of 4,096 and what their gradient needs take more memory than all its chunks.
    """
    total, gradient = torch.zeros((), device=embedded.device), torch.empty_like(embedded)
    sides, gradients = split_sides(embedded, rows), split_sides(gradient, rows)
    passages = sides["document"].requires_grad_()
    of = np.arange(len(passages)) if owners is None else owners
    for first in range(0, len(rows["query"]), _BLOCK):
        queries = sides["query"][first : first + _BLOCK].requires_grad_()
        share = np.count_nonzero((of >= first) & (of < first + _BLOCK)) / len(passages)
        loss = _loss(queries, passages, owners, temperature, first) * share
        loss.backward()  # type: ignore[no-untyped-call]
        assert queries.grad is not None
        gradients["query"][first : first + _BLOCK] = queries.grad
        total += loss.detach()
    assert passages.grad is not None
    gradients["document"][:] = passages.grad
    return total, gradient


def one_per_query(
    rows: Mapping[Side, np.ndarray],
) -> tuple[Mapping[Side, np.ndarray], np.ndarray | None]:
    """Name every query of a batch once, so that it is embedded once.

    With 64 rows of six queries in 11 languages a step of `tiny` took 99 to 115 ms of CPU instead of 148 to 163.

    Args:
        rows: by side, (b,) rows of the pairs.

    Returns:
        By side, the rows of the k different queries and of the b passages; and (b,) the query of each passage,
        a position among the k, or None where passage i is that of query i.
    """
    queries, owners = np.unique(rows["query"], return_inverse=True)
    if len(queries) == len(owners):
        return rows, None
    return {**rows, "query": queries}, owners


def _loss(
    queries: torch.Tensor, passages: torch.Tensor, owners: np.ndarray | None, temperature: float, *first: int
) -> torch.Tensor:
    if owners is None:
        return info_nce(queries, passages, temperature, *first)
    return info_nce_of_several(
        queries, passages, torch.from_numpy(owners).to(passages.device), temperature, *first
    )


def random_state(device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the states of the generators that dropout draws from.

    Args:
        device: of the encoder.

    Returns:
        That of the CPU, and that of the GPU where there is one.
    """
    return torch.get_rng_state(), torch.cuda.get_rng_state(device) if device.type == "cuda" else None


def set_random_state(device: torch.device, state: tuple[torch.Tensor, torch.Tensor | None]) -> None:
    """Go back to states of the generators.

    Args:
        device: of the encoder.
        state: what `random_state` returned.
    """
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], device)
