import io

import numpy as np
import pytest

from hbir.core.training_record import LanguageCount
from hbir.tracking.figures import composition_figure, composition_shares

COMPOSITION = [
    LanguageCount(query_lang="de", passage_lang="de", count=60),
    LanguageCount(query_lang="fr", passage_lang="de", count=40),
]


def test_shares_are_per_cent_by_query_and_passage_language():
    np.testing.assert_allclose(composition_shares(["de", "fr"], COMPOSITION), [[60, 0], [40, 0]])


def test_the_figure_shows_the_shares():
    figure = composition_figure("hybrid", COMPOSITION)
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["60.0", "40.0"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["de", "fr"]
    np.testing.assert_allclose(axes.images[0].get_array(), [[60, 0], [40, 0]])


def test_it_saves_without_pyplot_and_the_same_each_time():
    import matplotlib._pylab_helpers as helpers

    pictures = []
    for _ in range(2):
        stream = io.BytesIO()
        composition_figure("hybrid", COMPOSITION).savefig(stream, format="png")
        pictures.append(stream.getvalue())
    assert pictures[0] == pictures[1]
    assert pictures[0].startswith(b"\x89PNG")
    assert helpers.Gcf.figs == {}


def test_an_unknown_language_is_an_error():
    with pytest.raises(ValueError, match="'fr' is not in list"):
        composition_shares(["de"], COMPOSITION)
