"""Describe the section `evaluate` of params.yaml."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from hbir.cluster.params import ClusterParams
from hbir.core.params import params_class
from hbir.core.precision import FP32, Precision

LAUNCHER = "params.yaml: evaluate.launcher"
CLUSTER = "params.yaml: evaluate.cluster"


@params_class
class EvaluateParams:
    """Choose what the models are scored on."""

    benchmarks: Annotated[list[str | dict[str, Any]], Field(min_length=1)]
    """Names of benchmarks, or mappings of `name` and further keys; `cldr` is the embedded one."""
    query_chunk: Annotated[int, Field(ge=1)]
    """Most queries scored at once; their scores take query_chunk × passages × 4 bytes."""
    batch_size: Annotated[int, Field(ge=1)]
    """Texts embedded at once."""
    precision: Precision = FP32
    """In which texts are embedded: fp32, bf16, or int8 by OpenVINO on a CPU; it is named beside the scores."""
    language_bias: bool = True
    """Whether to measure language bias further than by rank distance; scoring then takes a fifth longer."""
    last_step: bool = True
    """Whether to score the last checkpoint too where another is the best; scoring then takes twice the time."""
    adjustments: list[str] = Field(default_factory=list)
    """What is done to the embeddings of every model in a row of its own, without training: `centred`, `lir`."""
    adjustment_passages: Annotated[int, Field(ge=2)] = 1000
    """Most training passages of a language that adjustments learn from."""
    lir_directions: Annotated[int, Field(ge=1)] = 1
    """Principal directions of each language that `lir` removes (Source: arXiv 2109.04727)."""
    embeddings: str | None
    """Folder, or its URL such as `s3://bucket/embeddings`, that keeps the embeddings of streamed corpora in
    float16, to be used again; null keeps none."""
    launcher: Annotated[str, Field(min_length=1)] | None = None
    """Command that starts one process per device to embed and search together, such as `torchrun --standalone
    --nproc-per-node 8`; null for one process. It changes no score."""
    cluster: ClusterParams | None = None
    """Workers on a Ray cluster (`pip install hbir[cluster]`) that embed streamed corpora, or null to embed them
    in this process. It changes no score."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.launcher and self.cluster:
            raise ValueError("a launcher or a cluster, not both: each starts the processes that embed")
        return self
