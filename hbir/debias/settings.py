"""Set how a pretrained encoder is trained when its user chose nothing else."""

from hbir.debias.options import Options
from hbir.training.params import TrainParams, ValidationParams


def training_params(options: Options, every: int, frozen: bool) -> TrainParams:
    """Set all that a training needs.

    Args:
        options: of the run.
        every: steps between two validations.
        frozen: whether the tables of tokens and positions stay as they are.

    Returns:
        The section `train`.
    """
    return TrainParams(
        temperature=options.temperature,
        learning_rate=options.learning_rate,
        precision="auto",
        attention=None,
        gradient_checkpointing=False,
        gradient_caching=None,
        freeze_embeddings=frozen,
        lora=None,
        weight_decay=0.01,
        warmup=0.1,
        decay="linear",
        max_grad_norm=1.0,
        launcher=None,
        validation=ValidationParams(
            every=every,
            batches=1,
            monolingual="all",
            cross_lingual=True,
            temperature=options.temperature,
        ),
    )
