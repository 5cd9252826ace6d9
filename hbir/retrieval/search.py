"""Search a corpus of the user's own with an encoder."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hbir.core.errors import ParamsError
from hbir.core.hashing import digest
from hbir.core.machine import main_root
from hbir.retrieval.corpus_file import Catalogue, CorpusFile, load_catalogue, save_catalogue
from hbir.retrieval.index import Embed, Index, Keyed, Origin, build_index, find_index
from hbir.retrieval.topk import TopK

logger = logging.getLogger(__name__)
SIZE = 4096
"""Passages embedded, written and scored at once; as many are lost at most when embedding is interrupted."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Hold one passage that was found."""

    rank: int
    """From 1."""
    score: float
    """Inner product of its embedding, in float16, and the question's."""
    language: str | None
    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Library:
    """Hold a corpus with its embeddings."""

    corpus: CorpusFile
    catalogue: Catalogue
    allowed: np.ndarray
    """(n,) bool, whether a passage is searched."""
    index: Index

    def search(self, question: np.ndarray, k: int) -> list[Hit]:
        """Find the best passages.

        Args:
            question: (1, d) embedding.
            k: most passages to return.

        Returns:
            The best first; of equal scores the one that comes first in the corpus.
        """
        best = TopK(question, min(k, int(self.allowed.sum())))
        for chunk in self.index.chunks(SIZE):
            rows = self.allowed[chunk.keys]  # (m,)
            best.add(chunk.embeddings[rows], chunk.keys[rows])
        entries = self.corpus.read(self.catalogue, best.keys[0, best.found[0]].tolist())
        return [
            Hit(
                rank=rank,
                score=float(score),
                language=entry.language,
                id=entry.id,
                title=entry.title,
                text=entry.text,
            )
            for rank, (score, entry) in enumerate(zip(best.scores[0], entries, strict=False), start=1)
        ]


def open_library(
    corpus: CorpusFile,
    embed: Embed,
    encoder: str,
    dimension: int,
    folder: Path | None,
    langs: Sequence[str],
) -> Library:
    """Embed a corpus, or find its embeddings from before.

    Args:
        corpus: the passages.
        embed: embeds passages.
        encoder: fingerprint of the encoder.
        dimension: of its embeddings.
        folder: where the index is kept; by default in `.hbir/indexes` of the main repository.
        langs: languages to search in; none for all. All passages are embedded.

    Returns:
        The corpus with its embeddings.

    Raises:
        ParamsError: when the corpus has no passage in a language; nothing is embedded then.
        DataError: when a line of the corpus is broken, or the folder holds another index.
    """
    origin = Origin(corpus.fingerprint(), encoder, dimension)
    name = digest(f"{origin.corpus} {origin.encoder}")[:16]
    folder = folder or main_root() / ".hbir" / "indexes" / name
    index = find_index(folder, origin)
    catalogue = _catalogue(corpus, folder / f"catalogue-{origin.corpus[:16]}.npz")
    allowed = _allowed(corpus, catalogue, langs)
    if index:
        logger.info("Reused the embeddings of %d passages in %s", index.count, folder)
    else:
        passages = (Keyed(row, entry.whole) for row, entry in enumerate(corpus))
        index = build_index(folder, passages, embed, origin, SIZE)
        logger.info("Embedded %d passages into %s", index.count, folder)
    return Library(corpus, catalogue, allowed, index)


def _catalogue(corpus: CorpusFile, path: Path) -> Catalogue:
    if not path.is_file():
        save_catalogue(corpus.catalogue(), path)
    return load_catalogue(path)


def _allowed(corpus: CorpusFile, catalogue: Catalogue, langs: Sequence[str]) -> np.ndarray:
    names = catalogue.names
    if absent := [lang for lang in langs if lang not in names]:
        raise ParamsError(
            where=f"{corpus.path}: --lang",
            expected=f"one of {', '.join(names)}" if names else "passages with a field `lang`",
            found=", ".join(absent) if names else "none",
            hint="Name another language, or leave the option out.",
        )
    if not langs:
        return np.ones(len(catalogue.languages), dtype=bool)
    return np.isin(catalogue.languages, [names.index(lang) for lang in langs])
