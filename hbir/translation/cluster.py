"""Translate batches on a Ray cluster: workers that each hold the translator."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import pyarrow as pa

from hbir.cluster.connect import import_ray
from hbir.cluster.params import ClusterParams
from hbir.cluster.pool import Pool, Setting
from hbir.core.errors import ModelError
from hbir.translation.engines.engine import Translator, Unfinished

_SECTION = "params.yaml: translate.cluster"
_TEXTS = 256
"""Sentences of a block, which has the whole batches that begin before. It is lost with a worker, and what
comes back at once: a minute or two of a slow model on a CPU. A GPU takes half a second for it, and handing it
out takes milliseconds."""
_BATCHES = pa.schema([("texts", pa.list_(pa.large_string()))])
_TRANSLATED = pa.schema([("texts", pa.list_(pa.large_string())), ("unfinished", pa.list_(pa.bool_()))])
"""A batch is a row; the second column says which of its translations came to no end."""


@dataclass(frozen=True)
class Translation:
    """Translate the batches of a block."""

    translator: Translator

    @property
    def arithmetic(self) -> str:
        """Return what `auto` came to on this machine, for a translator that has the choice."""
        return str(getattr(self.translator, "arithmetic", ""))

    def __call__(self, block: pa.Table) -> pa.Table:
        """Translate the batches of a block.

        Args:
            block: a row of `texts` for each batch.

        Returns:
            As many rows: the translations, and which of them are `Unfinished`.
        """
        rows = [self.translator.translate(texts) for texts in block["texts"].to_pylist()]
        unfinished = [[isinstance(text, Unfinished) for text in texts] for texts in rows]
        return pa.table({"texts": rows, "unfinished": unfinished}, schema=_TRANSLATED)


class RayRunner:
    """Translate batches on a cluster, whose workers stay from one call to the next."""

    def __init__(self, make: Callable[[], Translator], threads: int, cluster: ClusterParams) -> None:
        """Make sure that Ray is there; nothing is started before there is a batch.

        Args:
            make: makes the translator, here and in each worker.
            threads: CPU threads of each worker; Ray reserves as many CPUs.
            cluster: which cluster, and how many workers.

        Raises:
            ParamsError: when Ray is not installed.
        """
        import_ray(_SECTION)
        self._make, self._setting = make, Setting(cluster=cluster, threads=threads, where=_SECTION)

    def __call__(self, batches: Iterable[list[str]]) -> Generator[list[str], None, None]:
        """Translate batches.

        Args:
            batches: sentences; they are taken as the workers need them.

        Yields:
            Their translations, in the same order.

        Raises:
            HbirError: what the translator raises; ParamsError when no cluster answers; ModelError when a worker
                has another version of the model, two workers have other arithmetic, or none answers.
        """
        with closing(self._pool.answers(map(_block, _parts(batches)), _TRANSLATED)) as answers:
            for answer in answers:
                yield from _batches(answer)

    @cached_property
    def _pool(self) -> Pool:
        hint = "Use machines of one kind, or set the engine's `precision` (of ctranslate2: `compute`)."
        return Pool(partial(_same, self._make, dict(self._make().identity)), self._setting, hint)


def _same(make: Callable[[], Translator], identity: dict[str, Any]) -> Translation:
    """Make the translator of a worker, which must be the one that was made where the command runs."""
    translator = make()
    found = dict(translator.identity)
    if found != identity:
        raise ModelError(
            where=_SECTION,
            expected=f"the same engine on every machine, {identity}",
            found=f"{found} on a worker",
            hint="Name the model's `revision`, and install the same packages everywhere.",
        )
    return Translation(translator)


def _parts(batches: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    part: list[list[str]] = []
    for batch in batches:
        part.append(batch)
        if sum(map(len, part)) >= _TEXTS:
            yield part
            part = []
    if part:
        yield part


def _block(part: list[list[str]]) -> pa.Table:
    return pa.table({"texts": part}, schema=_BATCHES)


def _batches(answer: pa.Table) -> Iterator[list[str]]:
    for texts, unfinished in zip(answer["texts"].to_pylist(), answer["unfinished"].to_pylist(), strict=True):
        yield [Unfinished(text) if stopped else text for text, stopped in zip(texts, unfinished, strict=True)]
