"""Train low-rank additions to the linear layers (LoRA), and save a plain model all the same."""

import copy
import re
from collections.abc import Sequence

import torch
from sentence_transformers import SentenceTransformer
from torch import nn
from transformers import PreTrainedModel

from hbir.core.errors import TrainingError
from hbir.core.params import unknown
from hbir.core.seeds import derive_seed
from hbir.training.params import LoraParams

_WHERE = "params.yaml: train.lora"


def transformers(model: SentenceTransformer) -> list[PreTrainedModel]:
    """Return every transformer of an encoder: one as a rule, two behind a router.

    Args:
        model: the encoder.

    Returns:
        The outermost ones, each once.
    """
    found = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    inner = {id(part) for outer in found for part in outer.modules() if part is not outer}
    return [part for part in found if id(part) not in inner]


def add_lora(model: SentenceTransformer, params: LoraParams, seed: int) -> None:
    """Add low-rank matrices to linear layers of every transformer; from now on only they are trained.

    Args:
        model: the encoder, changed in place; its embeddings stay the same until the first step. Layers whose
            weights are not trained get no addition.
        params: the section `train.lora`.
        seed: the base seed.

    Raises:
        TrainingError: when the encoder has no transformer, or a layer that is named is not trained.
        ParamsError: when a name is no layer's.

    Source:
        arXiv 2106.09685; the package peft.
    """
    from peft import LoraConfig, inject_adapter_in_model

    chosen = [(transformer, _layers(transformer)) for transformer in transformers(model)]
    if not chosen:
        raise _impossible(
            expected="an encoder with a transformer",
            found="one of token embeddings alone",
            hint="Set train.lora to null, or encoder.name to another.",
        )
    _check_languagess(params, [layers for _, layers in chosen])
    patterns = [(transformer, _pattern(params, transformer, layers)) for transformer, layers in chosen]
    model.requires_grad_(False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "train", "lora"))
        for transformer, pattern in patterns:
            config = LoraConfig(
                r=params.rank,
                lora_alpha=params.alpha,
                lora_dropout=params.dropout,
                target_modules=pattern,
                bias="none",
            )
            inject_adapter_in_model(config, transformer)


def merged(model: SentenceTransformer) -> SentenceTransformer:
    """Return the encoder as a plain one, with its low-rank additions in its weights.

    Args:
        model: the encoder, which stays as it is.

    Returns:
        A copy without additions; the encoder itself when it has none.
    """
    if not any(_is_lora(layer) for layer in model.modules()):
        return model
    plain = copy.deepcopy(model)
    for name, layer in [(name, layer) for name, layer in plain.named_modules() if _is_lora(layer)]:
        layer.merge()
        plain.set_submodule(name, layer.get_base_layer())
    return plain


def _layers(transformer: PreTrainedModel) -> dict[str, bool]:
    """Return the names of the linear layers, and whether each is trained."""
    named = transformer.named_modules()
    return {name: layer.weight.requires_grad for name, layer in named if isinstance(layer, nn.Linear)}


def _check_languagess(params: LoraParams, layers: Sequence[dict[str, bool]]) -> None:
    if params.targets == "all-linear":
        return
    every = [item for each in layers for item in each.items()]
    for target in params.targets:
        trained = [trained for name, trained in every if _is_named(name, target)]
        if not trained:
            raise unknown(f"{_WHERE}.targets", target, {name.rpartition(".")[2] for name, _ in every})
        if not any(trained):
            raise _impossible(
                expected="targets that an embedding comes of",
                found=f"{target}, whose output this encoder does not use",
                hint="Leave it out, or set train.lora.targets to all-linear.",
            )


def _pattern(params: LoraParams, transformer: PreTrainedModel, layers: dict[str, bool]) -> str:
    """Return a regular expression of the whole names of the layers that get additions."""
    wanted = [name for name, trained in layers.items() if trained and _is_target(params, name)]
    if not wanted:
        raise _impossible(
            expected="a target in every transformer of the encoder",
            found=f"none in {type(transformer).__name__}",
            hint="Name a linear layer of it too, or set train.lora to null.",
        )
    return "|".join(re.escape(name) for name in wanted)


def _is_target(params: LoraParams, name: str) -> bool:
    return params.targets == "all-linear" or any(_is_named(name, target) for target in params.targets)


def _is_named(name: str, target: str) -> bool:
    return f".{name}".endswith(f".{target}")


def _impossible(expected: str, found: str, hint: str) -> TrainingError:
    return TrainingError(where=_WHERE, expected=expected, found=found, hint=hint)


def _is_lora(layer: nn.Module) -> bool:
    # By name, so that a model without additions is saved without peft.
    return hasattr(layer, "lora_A") and hasattr(layer, "merge")
