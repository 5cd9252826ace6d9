"""Search a corpus of the user's own with an encoder."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from hbir.core.errors import DataError, LanguageError, ParamsError
from hbir.core.files import require_writable
from hbir.core.hashing import digest
from hbir.core.languages import language_code
from hbir.core.machine import main_root
from hbir.retrieval.building import build_index, embedded
from hbir.retrieval.corpus_file import Catalogue, CorpusFile, load_catalogue, save_catalogue
from hbir.retrieval.index import Chunk, Embed, Keyed, Recipe, find_index
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
    """Inner product of its embedding, in float16, and the query's."""
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
    chunks: Callable[[int], Iterator[Chunk]]
    """Gives the embeddings of all passages in order, as many at once as it is asked for."""

    def search(self, query: np.ndarray, top_k: int) -> list[Hit]:
        """Find the best passages.

        Args:
            query: (1, d) embedding.
            top_k: most passages to return.

        Returns:
            The best first; of equal scores the one that comes first in the corpus.
        """
        best = TopK(query, min(top_k, int(self.allowed.sum())))
        for chunk in self.chunks(SIZE):
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
        The corpus with its embeddings; where the default folder cannot be written, they are made anew for every
        search, and the log says so.

    Raises:
        ParamsError: when the corpus has no passage in a language; nothing is embedded then.
        DataError: when a line of the corpus is broken, or the folder holds another index or cannot be written.
    """
    recipe = Recipe(corpus.fingerprint(), encoder, dimension)
    name = digest(f"{recipe.corpus} {recipe.encoder}")[:16]
    place = folder or main_root() / ".hbir" / "indexes" / name
    index = find_index(place, recipe)
    keeps = bool(index) or _can_keep(place, required=folder is not None)
    catalogue = _catalogue(corpus, place / f"catalogue-{recipe.corpus[:16]}.npz", keeps)
    allowed = _allowed(corpus, catalogue, langs)
    passages = (Keyed(row, entry.whole) for row, entry in enumerate(corpus))
    if index:
        logger.info("Reused the embeddings of %d passages in %s", index.count, place)
    elif keeps:
        index = build_index(place, passages, embed, recipe, SIZE)
        logger.info("Embedded %d passages into %s", index.count, place)
    chunks = index.chunks if index else partial(embedded, passages, embed)
    return Library(corpus, catalogue, allowed, chunks)


def _can_keep(folder: Path, required: bool) -> bool:
    try:
        require_writable(folder / "meta.json")
    except DataError as error:
        if required:
            raise
        logger.warning(
            "The embeddings are not kept, since %s cannot be written (%s); `--index` names another folder",
            folder,
            error.found,
        )
        return False
    return True


def _catalogue(corpus: CorpusFile, path: Path, keeps: bool) -> Catalogue:
    if path.is_file():
        try:
            return load_catalogue(path)
        except (OSError, ValueError, KeyError, BadZipFile):
            logger.warning("%s cannot be read and is made again", path)
    catalogue = corpus.catalogue()
    if keeps:
        save_catalogue(catalogue, path)
    return catalogue


def _allowed(corpus: CorpusFile, catalogue: Catalogue, langs: Sequence[str]) -> np.ndarray:
    names = catalogue.names
    wanted = {lang: [place for place, name in enumerate(names) if _is_same(lang, name)] for lang in langs}
    if absent := [lang for lang, places in wanted.items() if not places]:
        raise ParamsError(
            where=f"{corpus.path}: --lang",
            expected=f"one of {', '.join(names)}" if names else "passages with a field `lang`",
            found=", ".join(absent) if names else "none",
            hint="Name another language, or leave the option out.",
        )
    if not langs:
        return np.ones(len(catalogue.languages), dtype=bool)
    return np.isin(catalogue.languages, [place for places in wanted.values() for place in places])


def _is_same(lang: str, name: str) -> bool:
    """Compare two codes; what is no code of a language is compared as it stands."""
    try:
        return lang == name or language_code(lang) == language_code(name)
    except LanguageError:
        return False
