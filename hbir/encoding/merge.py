"""Average the weights of two encoders (Source: arXiv 2507.08480): one model, and no training."""

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, NamedTuple

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Module
from transformers import PreTrainedModel

from hbir.core.errors import ModelError
from hbir.encoding.fingerprint import module_config, module_settings


class Part(NamedTuple):
    """Say how much of a model is in an average."""

    name: str
    """As a reader knows it."""
    weight: float
    """From 0 to 1."""


def average(
    one: SentenceTransformer, other: SentenceTransformer, weight: float, names: tuple[str, str]
) -> SentenceTransformer:
    """Turn an encoder into the average of it and of another one: all weights and buffers that are no integers.

    Formula: other + weight · (one − other), number by number, in float32 (float64 where they are). With a
    weight of 1 it is `one` bit for bit, with 0 `other`; what both share stays as it is.

    Args:
        one: an encoder; its weights are replaced.
        other: another one of the same architecture, tokenizer, prompts and lengths.
        weight: the share of `one`, from 0 to 1.
        names: of both, for messages.

    Returns:
        `one`.

    Raises:
        ModelError: when the share is no such number, or the encoders differ in more than their weights.
    """
    where = f"models {names[0]} and {names[1]}"
    if not 0 <= weight <= 1:
        raise ModelError(
            where=where, expected="a share from 0 to 1", found=f"{weight:g}", hint="Choose another weight."
        )
    _refuse_unlike(one, other, names, where)
    # A tensor that two names share is listed once, or it would be averaged twice.
    theirs = dict(_tensors(other, distinct=False))
    with torch.no_grad():
        for name, mine in _tensors(one):
            if mine.is_floating_point():
                mine.copy_(_between(mine, theirs[name], weight))
            elif not torch.equal(mine, theirs[name]):
                raise _unlike(where, f"{name}, which holds whole numbers, in two versions")
    return one


def _between(one: torch.Tensor, other: torch.Tensor, weight: float) -> torch.Tensor:
    """Average two tensors of one shape and type."""
    if weight in (0, 1):
        return one if weight else other
    wide = torch.promote_types(one.dtype, torch.float32)
    found = torch.lerp(other.to(wide), one.to(wide), weight).to(one.dtype)
    return torch.where(one == other, one, found)  # the mean of −∞ and −∞, as in a mask, would be no number


def _tensors(model: SentenceTransformer, distinct: bool = True) -> Iterator[tuple[str, torch.Tensor]]:
    yield from model.named_parameters(remove_duplicate=distinct)
    yield from model.named_buffers(remove_duplicate=distinct)


def _refuse_unlike(
    one: SentenceTransformer, other: SentenceTransformer, names: tuple[str, str], where: str
) -> None:
    missing = ("nothing", None)
    for (what, mine), (_, theirs) in zip_longest(_settings(one), _settings(other), fillvalue=missing):
        if mine != theirs:
            raise _unlike(where, _difference(what, mine, theirs, names))
    shapes = [{name: (tuple(t.shape), t.dtype) for name, t in _tensors(model, False)} for model in (one, other)]
    for name in [*shapes[0], *shapes[1]]:
        mine, theirs = (found.get(name) for found in shapes)
        if mine != theirs:
            raise _unlike(where, _difference(name, mine, theirs, names))


def _settings(model: SentenceTransformer) -> Iterator[tuple[str, Any]]:
    """List what two encoders must share, as text where it is not short."""
    yield "modules", ", ".join(type(part).__name__ for part in model.children())
    for part in model.modules():
        if isinstance(part, PreTrainedModel):
            yield from sorted(module_config(part).items())
        elif isinstance(part, Module):
            kind, config, longest, tokenizer = module_settings(part)
            yield f"settings of {kind}", config
            yield "longest input", longest
            yield "tokenizer", json.dumps(tokenizer, sort_keys=True, default=str)
    yield "prompts", model.prompts
    yield "similarity", model.similarity_fn_name


_LONG = 80
"""Characters up to which a setting is shown."""


def _difference(what: str, one: Any, other: Any, names: tuple[str, str]) -> str:
    shown = [json.dumps(value, default=str) if not isinstance(value, str) else value for value in (one, other)]
    if max(map(len, shown)) > _LONG:
        return f"a difference in the {what}"
    return f"{what} {shown[0]} in {names[0]} and {shown[1]} in {names[1]}"


def _unlike(where: str, found: str) -> ModelError:
    return ModelError(
        where=where,
        expected="two encoders that differ in their weights alone",
        found=found,
        hint="Only models that were trained from one encoder can be averaged.",
    )
