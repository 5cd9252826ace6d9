"""Read pairs from a dataset of the Hugging Face Hub."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from hbir.collection.source import Harvest
from hbir.collection.table import TableSource, harvest
from hbir.core.hub.datasets import HubDataset
from hbir.core.params import params_class


@params_class
class HubSource(TableSource):
    """Describe a source of kind `hub`."""

    kind: Literal["hub"]
    dataset: str
    """Id of a dataset such as `microsoft/wiki_qa`, or a folder laid out like one; `$VARIABLE`s are resolved."""
    config: str | None = None
    """Which of its configs; null where it has one."""
    split: str = "train"
    """Whose rows are collected; `train+test` joins two."""
    revision: str | None = None
    """A commit, branch or tag; null is the newest commit when this machine first asked."""
    data_files: Annotated[list[str], Field(min_length=1)] | None = None
    """Names or patterns of the files to read, where the dataset's own layout does not do."""


def read(params: HubSource) -> Harvest:
    """Make a pair of every row.

    Args:
        params: the source.

    Returns:
        Its pairs.
    """
    dataset = HubDataset(params.dataset, params.revision, f"source {params.name}", _hint(params))
    rows = dataset.rows(params.config, params.split, params.data_files, params.outer_columns)
    return harvest(params, _numbered(params.dataset, rows))


def _hint(params: HubSource) -> str:
    wanted = ", ".join(params.data_files) if params.data_files else f"the files of its split {params.split}"
    config = f", config {params.config}" if params.config else ""
    page = f"https://huggingface.co/datasets/{params.dataset}"
    return (
        f"Connect to the network, or fetch {wanted}{config} from {page} into a folder and name it in `dataset`."
    )


def _numbered(dataset: str, rows: Iterator[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, row in enumerate(rows, start=1):
        yield f"{dataset}, row {number}", row
