"""Centring and LIR beside slow twins, and what they do to a language that was not learnt from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.errors import DataError
from hbir.evaluation.adjustments import centred, lir

LANGUAGES = ["de", "fr", "zh"]


def samples(seed: int, width: int = 6, sizes=(9, 12, 15)) -> dict[str, np.ndarray]:
    """Draw embeddings around a mean of each language."""
    rng = np.random.default_rng(seed)
    found = {}
    for language, size in zip(LANGUAGES, sizes, strict=True):
        rows = 2 * rng.standard_normal(width) + rng.standard_normal((size, width))
        found[language] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


def texts(seed: int, width: int = 6) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed + 1)
    langs = rng.choice([*LANGUAGES, "el"], 20).tolist()
    return rng.standard_normal((20, width)).astype(np.float32), langs


def unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))


def slowly_centred(known, vector, language):
    if language in known:
        mean = sum(map(np.float64, known[language])) / len(known[language])
    else:
        mean = sum(sum(map(np.float64, rows)) / len(rows) for rows in known.values()) / len(known)
    return vector - mean


def slowly_removed(known, vector, language, count):
    """As in the paper: right singular vectors of the matrix of embeddings."""
    rows = known.get(language)
    if rows is None:
        rows = np.concatenate([part / np.sqrt(len(part)) for part in known.values()])
    directions = np.linalg.svd(rows.astype(np.float64), full_matrices=False)[2][:count]
    for direction in directions:
        vector = vector - (vector @ direction) * direction
    return vector


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_centring_is_that_of_the_slow_twin(seed, normalize):
    known, (embeddings, langs) = samples(seed), texts(seed)
    before = embeddings.copy()
    found = centred(known, normalize)(embeddings, langs)
    assert np.array_equal(embeddings, before)
    for row, language in enumerate(langs):
        expected = slowly_centred(known, embeddings[row].astype(np.float64), language)
        assert found[row] == pytest.approx(unit(expected) if normalize else expected, abs=1e-4)


@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 3))
def test_lir_is_that_of_the_slow_twin(seed, normalize, count):
    known, (embeddings, langs) = samples(seed), texts(seed)
    found = lir(known, normalize, count)(embeddings, langs)
    for row, language in enumerate(langs):
        expected = slowly_removed(known, embeddings[row].astype(np.float64), language, count)
        assert found[row] == pytest.approx(unit(expected) if normalize else expected, abs=1e-3)


def test_a_centred_language_has_its_mean_at_zero():
    known = samples(1)
    found = centred(known, normalize=False)(known["de"], ["de"] * 9)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-6)


def test_what_is_removed_is_gone():
    """By hand: all German embeddings lie along the first axis, all French ones along the second."""
    axes = np.eye(3, dtype=np.float32)
    known = {"de": np.repeat(axes[:1], 4, axis=0), "fr": np.repeat(axes[1:2], 4, axis=0)}
    found = lir(known, normalize=False, count=1)(np.ones((2, 3), np.float32), ["de", "fr"])
    np.testing.assert_allclose(found, [[0, 1, 1], [1, 0, 1]], atol=1e-6)


def test_the_language_no_longer_decides():
    """One text in two languages that differ by a constant: beside each other once they are centred."""
    rng = np.random.default_rng(0)
    content, shift = rng.standard_normal((50, 8)), {"de": 5 * np.eye(8)[0], "fr": -5 * np.eye(8)[0]}
    known = {language: (content + by).astype(np.float32) for language, by in shift.items()}
    adjust = centred(known, normalize=True)
    german, french = (adjust(rows, [language] * 50) for language, rows in known.items())
    np.testing.assert_allclose(german, french, atol=1e-5)


def test_an_embedding_of_nothing_stays_one():
    known = {"de": np.ones((3, 2), np.float32)}
    for adjust in (centred(known, True), lir(known, True, 1)):
        assert not np.isnan(adjust(np.ones((1, 2), np.float32), ["de"])).any()


@pytest.mark.parametrize(("count", "sizes"), [(6, (9, 12, 15)), (4, (9, 3, 15))])
def test_too_many_directions_are_refused(count, sizes):
    with pytest.raises(
        DataError, match=f"lir, .*expected at least {count} training passages.*Lower evaluate.lir"
    ):
        lir(samples(0, sizes=sizes), True, count)
