"""Train low-rank additions to the linear layers (LoRA), and save a plain model all the same."""

import copy
import importlib.util

import torch
from sentence_transformers import SentenceTransformer
from torch import nn
from transformers import PreTrainedModel

from hbir.core.errors import TrainingError
from hbir.core.params import unknown
from hbir.core.seeds import derive_seed
from hbir.training.params import LoraParams

_WHERE = "params.yaml: train.lora"


def add_lora(model: SentenceTransformer, params: LoraParams, seed: int) -> None:
    """Add low-rank matrices to the transformer's linear layers; from now on only they are trained.

    Args:
        model: the encoder, changed in place; its embeddings stay the same until the first step.
        params: the section `train.lora`.
        seed: the base seed.

    Raises:
        TrainingError: when `peft` is missing, or the encoder has no transformer.

    Source:
        arXiv 2106.09685; the package peft.
    """
    if importlib.util.find_spec("peft") is None:
        raise TrainingError(
            where=_WHERE,
            expected="the package peft",
            found="it is not installed",
            hint="Run `pip install 'hbir[lora]'`, or set train.lora to null.",
        )
    from peft import LoraConfig, inject_adapter_in_model

    transformer = model.transformers_model
    if transformer is None:
        raise TrainingError(
            where=_WHERE,
            expected="an encoder with a transformer",
            found="one of token embeddings alone",
            hint="Set train.lora to null, or encoder.name to another.",
        )
    _check_targets(params, transformer)
    config = LoraConfig(
        r=params.rank,
        lora_alpha=params.alpha,
        lora_dropout=params.dropout,
        target_modules=params.targets,
        bias="none",
    )
    model.requires_grad_(False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "train", "lora"))
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


def _check_targets(params: LoraParams, transformer: PreTrainedModel) -> None:
    if params.targets == "all-linear":
        return
    names = [name for name, layer in transformer.named_modules() if isinstance(layer, nn.Linear)]
    for target in params.targets:
        if not any(f".{name}".endswith(f".{target}") for name in names):
            raise unknown(f"{_WHERE}.targets", target, {name.rpartition(".")[2] for name in names})


def _is_lora(layer: nn.Module) -> bool:
    # By name, so that a model without additions is saved without peft.
    return hasattr(layer, "lora_A") and hasattr(layer, "merge")
