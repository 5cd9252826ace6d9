"""Load a translation model of transformers, and spare its beam search the copies that change nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hbir.core.errors import ModelError


def load_model(folder: Path, name: str, dtype: Any, where: str) -> Any:
    """Load the weights.

    Args:
        folder: of the model.
        name: as params.yaml names the model.
        dtype: torch's, of the weights.
        where: what to call the engine in a message.

    Returns:
        The model, on the CPU.

    Raises:
        ModelError: when the weights are broken, or some are missing.
    """
    from safetensors import SafetensorError
    from transformers import AutoModelForSeq2SeqLM
    from transformers.utils import logging as hub_logging

    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    try:
        model, found = AutoModelForSeq2SeqLM.from_pretrained(
            str(folder),
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise _unusable(name, str(error), where) from error
    # Transformers would fill what is missing with random numbers.
    if missing := sorted(found["missing_keys"]):
        raise _unusable(name, f"no weights for {missing[0]} and {len(missing) - 1} others", where)
    return model


def cache_option() -> str:
    """Name the option of `generate` that takes a cache: transformers has another name for it from 5.24 on.

    Returns:
        The name.
    """
    major, minor = version("transformers").split(".")[:2]
    return "cache" if (int(major), int(minor)) >= (5, 24) else "past_key_values"


def beam_cache() -> Any:
    """Make a cache of a decoder's keys and values that leaves those of the encoder where they are.

    After each token transformers copies all of them into the order of the beams. A sentence's beams share what
    the encoder said of it, so for that part the copy gives the same bytes; it took a third of the time.

    Returns:
        What `generate` takes as `cache_option`, for one call.
    """
    from transformers import DynamicCache, EncoderDecoderCache

    class BeamCache(EncoderDecoderCache):  # type: ignore[misc]
        """Keep the encoder's part in place."""

        def reorder_cache(self, beam_idx: Any) -> None:
            """Copy the decoder's part alone."""
            self.self_attention_cache.reorder_cache(beam_idx)

    return BeamCache(DynamicCache(), DynamicCache())


@contextmanager
def forward_faults(where: str) -> Iterator[None]:
    """Say what to do when a model that was loaded does not run.

    Args:
        where: what to call the engine in a message.

    Yields:
        Nothing.

    Raises:
        ModelError: when memory is short, or the model's files do not fit each other.
    """
    try:
        yield
    except (RuntimeError, ValueError, IndexError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())[:300]
        short = "memory" in said.lower() or "alloc" in said.lower()
        raise ModelError(
            where=where,
            expected="a model that translates",
            found=f"{type(error).__name__}: {said}",
            hint="Lower `translate.batch_tokens`; what is translated is kept."
            if short
            else "Its weights, vocabulary and configs do not fit each other: fetch all of them again.",
        ) from error


def _unusable(name: str, found: str, where: str) -> ModelError:
    return ModelError(
        where=where,
        expected=f"a model that translates in {name}",
        found=" ".join(found.split())[:300],
        hint="Name another model, or fetch this one again.",
    )
