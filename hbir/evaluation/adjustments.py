"""Adjust embeddings by the language of their texts, without training: centring and LIR."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hbir.core.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """Hold what was learnt of each language; the last row is for a language of which nothing is known."""

    languages: list[str]
    """Those that were learnt from."""
    means: np.ndarray
    """(languages + 1, d) float32, to be subtracted."""
    directions: np.ndarray
    """(languages + 1, r, d) float32, orthonormal, to be removed."""
    normalize: bool
    """Whether embeddings are brought back to length 1, as where they compare by cosine."""

    def __call__(self, embeddings: np.ndarray, langs: Sequence[str]) -> np.ndarray:
        """Adjust embeddings.

        Args:
            embeddings: (n, d) float32; not changed.
            langs: (n,) of their texts.

        Returns:
            (n, d) float32.
        """
        found = np.array(embeddings, dtype=np.float32)
        places = {language: place for place, language in enumerate(self.languages)}
        place = np.array([places.get(language, len(places)) for language in langs])  # (n,)
        for number in np.unique(place):
            rows = np.flatnonzero(place == number)
            part = found[rows] - self.means[number]  # (m, d)
            directions = self.directions[number]  # (r, d)
            found[rows] = part - (part @ directions.T) @ directions
        if self.normalize:
            lengths = np.linalg.norm(found, axis=1, keepdims=True)
            np.divide(found, lengths, out=found, where=lengths > 0)
        return found


def centred(samples: Mapping[str, np.ndarray], normalize: bool) -> Adjustment:
    """Learn to subtract the mean embedding of a language.

    A language without a sample gets the mean of the other languages' means: what embeddings of all languages
    have in common is subtracted.

    Args:
        samples: language → (m, d) embeddings of training passages.
        normalize: whether embeddings compare by cosine.

    Returns:
        The adjustment.
    """
    means = np.stack([rows.mean(axis=0, dtype=np.float64) for rows in samples.values()])  # (languages, d)
    known = np.concatenate([means, means.mean(axis=0, keepdims=True)])
    nothing = np.zeros((len(known), 0, known.shape[1]), np.float32)
    return Adjustment(
        languages=list(samples), means=known.astype(np.float32), directions=nothing, normalize=normalize
    )


def lir(samples: Mapping[str, np.ndarray], normalize: bool, count: int) -> Adjustment:
    """Learn to remove the principal directions of a language (Source: LIR, arXiv 2109.04727).

    Formula: e − Cᵀ C e, where the rows of C are the first r right singular vectors of the matrix whose rows are
    the language's embeddings, which are not centred before. A language without a sample gets those of all
    samples together, each language weighing the same.

    Args:
        samples: language → (m, d) embeddings of training passages.
        normalize: whether embeddings compare by cosine.
        count: r, the number of directions.

    Returns:
        The adjustment.

    Raises:
        DataError: when a language has fewer passages or embeddings fewer dimensions than that.
    """
    _require_enough(samples, count)
    grams = np.stack([_gram(rows) for rows in samples.values()])  # (languages, d, d)
    known = np.concatenate([grams, grams.mean(axis=0, keepdims=True)])
    directions = np.linalg.eigh(known).eigenvectors[:, :, ::-1][:, :, :count]  # (languages + 1, d, r)
    return Adjustment(
        languages=list(samples),
        means=np.zeros((len(known), known.shape[1]), np.float32),
        directions=np.ascontiguousarray(directions.transpose(0, 2, 1), dtype=np.float32),
        normalize=normalize,
    )


def _gram(rows: np.ndarray) -> np.ndarray:
    """Return MᵀM / m of a sample, whose eigenvectors are M's right singular vectors: (d, d) float64."""
    wide = rows.astype(np.float64)
    return np.asarray(wide.T @ wide / len(wide))


def _require_enough(samples: Mapping[str, np.ndarray], count: int) -> None:
    for language, rows in samples.items():
        most = min(len(rows), rows.shape[1] - 1)
        if count > most:
            raise DataError(
                where=f"lir, {language}",
                expected=f"at least {count} training passages, and embeddings of more dimensions",
                found=f"{len(rows)} passages in {rows.shape[1]} dimensions",
                hint=f"Lower evaluate.lir_directions to {most} or less, or train on more passages.",
            )
