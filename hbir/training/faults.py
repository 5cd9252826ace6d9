"""Say what to do when a step cannot be computed on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from hbir.core.errors import TrainingError
from hbir.training.params import TrainParams

_NO_MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
_NOT_DETERMINISTIC = "deterministic"


@contextmanager
def compute_faults(where: str, params: TrainParams) -> Iterator[None]:
    """Turn what torch raises for a lack of memory, or for layers that are not deterministic, into a message.

    Args:
        where: the training and its step.
        params: of one sampler.

    Yields:
        Nothing.

    Raises:
        TrainingError: when memory is lacking, or a layer does not compute the same every time.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        said = " ".join(str(error).split())
        if isinstance(error, MemoryError) or any(sign in said for sign in _NO_MEMORY):
            raise TrainingError(
                where=where,
                expected="enough memory for a batch",
                found=f"too little ({said[:120] or 'MemoryError'})",
                hint=_memory_hint(params),
            ) from error
        if _NOT_DETERMINISTIC in said:
            raise TrainingError(
                where=where,
                expected="an encoder that computes the same every time on this device",
                found=said[:200],
                hint="Train on a CPU (`CUDA_VISIBLE_DEVICES= dvc repro`), or set encoder.name to another.",
            ) from error
        raise


def _memory_hint(params: TrainParams) -> str:
    same = "" if params.gradient_checkpointing else "Set train.gradient_checkpointing to true, or "
    text = f"{same}lower batches.size or encoder.max_passage_tokens, or free memory that other programs hold."
    return text[0].upper() + text[1:]
