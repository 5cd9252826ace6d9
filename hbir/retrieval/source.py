"""Give the embedded passages of one language, and search them, in several processes where there are some."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hbir.benchmarks.streamed import Corpus
from hbir.core.errors import DataError
from hbir.core.hashing import content_id
from hbir.core.place import Place
from hbir.encoding.ranks import Ranks
from hbir.retrieval.building import check_dimension, embedded, help_build
from hbir.retrieval.index import Chunk, Embed, Index, Keyed, Recipe
from hbir.retrieval.kept import Kept
from hbir.retrieval.topk import TopK, search_with_all_cores

_READ = 1 << 24
"""Numbers read from kept embeddings at once: 32 MiB, and 64 as float32. Fewer are searched more slowly."""


class Cache(NamedTuple):
    """Say where embeddings are kept, and of which encoder."""

    folder: Path
    """For all benchmarks, languages and encoders."""
    encoder: str
    """Fingerprint of the encoder."""
    url: str = ""
    """Of the folder in an object store, where they go when they are made; empty for none."""

    def kept(self, benchmark: str, language: str, recipe: Recipe) -> Kept:
        """Return where those of one corpus are."""
        name = f"{benchmark}/{language}-{self.encoder[:12]}"
        return Kept(self.folder / name, recipe, f"{self.url.rstrip('/')}/{name}" if self.url else "")


class Source:
    """Hold the passages of one language; their embeddings are on the disk where they are kept there."""

    def __init__(
        self, benchmark: str, language: str, corpus: Corpus, cache: Cache | None, dimension: int
    ) -> None:
        """Look for kept embeddings.

        Args:
            benchmark: its name.
            language: of the passages.
            corpus: the passages.
            cache: where their embeddings are kept; None for nowhere.
            dimension: of the embeddings.

        Raises:
            DataError: when the kept ones are of something else.
        """
        self.where = f"benchmark {benchmark}, corpus {language}"
        self.language, self.corpus, self.dimension = language, corpus, dimension
        self.kept = None
        self.index: Index | None = None
        if cache:
            recipe = Recipe(corpus.fingerprint(), cache.encoder, dimension)
            self.kept = cache.kept(benchmark, language, recipe)
            self.index = self.kept.find()

    def key_parts(self) -> Iterator[np.ndarray]:
        """Give the hash of every id, once it is known that none comes twice.

        Where embeddings are kept that was known before; a corpus that is read for the first time takes 8 bytes
        of memory per passage meanwhile.

        Yields:
            (count,) int64 in all.

        Raises:
            DataError: when an id comes twice.
        """
        if self.index:
            yield from self.index.key_parts()
            return
        keys = np.fromiter((passage.key for passage in self._passages()), dtype=np.int64)  # (count,)
        keys.sort()
        if (again := keys[1:][keys[1:] == keys[:-1]]).size:
            raise self._twice(set(again.tolist()))
        yield keys

    def search(self, queries: np.ndarray, k: int, embed: Embed, size: int, ranks: Ranks) -> TopK:
        """Find the best passages of every query.

        Each process searches its share of the chunks, which are those of one process. So every score is the
        same to the last bit, and so are the best of all, since ties have an order of their own.

        Args:
            queries: (n, d) embeddings.
            k: passages to keep per query.
            embed: embeds passages.
            size: passages embedded at once.
            ranks: the processes, all of which call this.

        Returns:
            At the first process the best of all; at the others the best of their share.

        Raises:
            ModelError: when an embedding cannot be used.
        """
        if ranks.size > 1:
            search_with_all_cores()
        best = TopK(queries, k)
        if self.kept and ranks.by_first(lambda: self.index is None):
            self._keep(self.kept, embed, size, ranks)
        for chunk in self._chunks(embed, size, ranks):
            best.add(chunk.embeddings, chunk.keys)
        for scores, keys in ranks.to_first((best.scores, best.keys))[1:]:
            best.merge(scores, keys)
        return best

    def _keep(self, kept: Kept, embed: Embed, size: int, ranks: Ranks) -> None:
        """Embed all passages; the first process writes."""
        if ranks.is_first:
            self.index = kept.build(self._passages(), embed, size, ranks)
        else:
            help_build(self._passages(), embed, size, ranks)
        ranks.wait()
        if not ranks.is_first:
            self.index = kept.find()

    def _chunks(self, embed: Embed, size: int, ranks: Ranks) -> Iterator[Chunk]:
        """Give the share of this process; of kept embeddings it has one where its host sees them."""
        if not self.kept:
            for chunk in embedded(self._passages(), embed, size, ranks.place):
                check_dimension(chunk, self.dimension)
                yield chunk
            return
        readers = [rank for rank, sees in enumerate(ranks.gather(self.index is not None)) if sees]
        if self.index:
            place = Place(readers.index(ranks.place.rank), len(readers))
            yield from self.index.chunks(max(1, _READ // self.dimension), place)

    def _passages(self) -> Iterator[Keyed]:
        return (Keyed(content_id(f"{self.language}:{passage.id}"), passage.text) for passage in self.corpus)

    def _twice(self, keys: set[int]) -> DataError:
        ids = (passage.id for passage in self.corpus if content_id(f"{self.language}:{passage.id}") in keys)
        return DataError(
            where=self.where,
            expected="passages with ids of their own",
            found=f"{next(ids)!r} more than once",
            hint="Check the corpus files; one of them may be there twice.",
        )
