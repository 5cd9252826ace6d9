from hbir.core.training_record import LanguageCount
from hbir.reporting.heat import (
    changes_summary,
    composition_map,
    difference_map,
    differences,
    means_summary,
    score_map,
)

SCORES = {("de", "de"): 0.9, ("de", "fr"): 0.25, ("fr", "fr"): 1.0}
AXES = (["de", "fr"], ["de", "fr"])


def texts(heat):
    return [[cell.text for cell in row] for row in heat.rows]


def test_rows_come_first():
    heat = score_map("xx", "", AXES, SCORES)
    assert texts(heat) == [[".90", ".25"], ["", "1.00"]]
    assert [[cell.strength for cell in row] for row in heat.rows] == [[0.9, 0.25], [0.0, 1.0]]
    assert heat.rows[1][0].kind == "none"


def test_rows_and_columns_may_differ():
    heat = score_map("de – fr", "", (["xx"], ["de", "fr"]), {("xx", "fr"): 0.5})
    assert (heat.row_names, heat.column_names) == (("xx",), ("de", "fr"))
    assert texts(heat) == [["", ".50"]]


def test_a_score_below_0_has_no_colour():
    heat = score_map("xx", "", (["xx"], ["de"]), {("xx", "de"): -0.5})
    assert (heat.rows[0][0].strength, heat.rows[0][0].kind) == (0.0, "less")


def test_differences_have_a_sign_and_a_common_scale():
    changes = differences(SCORES, {("de", "de"): 1.0, ("de", "fr"): 0.05})
    heat = difference_map("a − b", "", AXES, changes, 0.4)
    assert texts(heat) == [["−.10", "+.20"], ["", ""]]
    assert [(cell.kind, cell.strength) for cell in heat.rows[0]] == [("less", 0.25), ("more", 0.5)]


def test_summaries():
    assert means_summary(SCORES) == "monolingual mean 0.950, cross-lingual mean 0.250"
    assert means_summary({("de", "fr"): 0.5}) == "cross-lingual mean 0.500"
    changes = differences(SCORES, {("de", "de"): 1.0, ("de", "fr"): 0.05})
    assert changes_summary(changes) == "higher in 1 of 2 pairs of languages"


def test_no_difference_at_all():
    heat = difference_map("a − b", "", (["de"], ["de"]), {("de", "de"): 0.0}, 0.0)
    assert (heat.rows[0][0].text, heat.rows[0][0].strength) == (".00", 0.0)


def test_a_composition_is_in_per_cent():
    counts = [("de", "de", 60), ("fr", "de", 30), ("fr", "fr", 30)]
    heat = composition_map("x", [LanguageCount(query_lang=q, passage_lang=p, count=n) for q, p, n in counts])
    assert texts(heat) == [["50.0", ""], ["25.0", "25.0"]]
    assert heat.rows[1][0].strength == 0.5
    assert heat.summary == "120 pairs, 75.0 % of them in one language"
