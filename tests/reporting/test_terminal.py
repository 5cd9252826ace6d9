import io
import re

import pytest
from rich.console import Console

from hbir.reporting.terminal import show_comparison
from tests.reporting.builder import KINDS, build


def shown(results, headline, **options):
    stream = io.StringIO()
    show_comparison(results, headline, Console(**{"width": 80, "file": stream, **options}))
    return stream.getvalue()


def numbers(line):
    return re.findall(r"[\d,]+\.\d+\*?", line)


def test_the_table_holds_the_scores_and_marks_the_best_without_colour(results):
    lines = shown(results, "hybrid").splitlines()
    assert "11 languages" in lines[0]
    xx, xy, hybrid = lines[4:7]
    assert numbers(xx) == ["0.9612*", "0.9312*", "0.0823", "0.0523", "0.1398", "0.1598", "4,100.4"]
    assert numbers(xy) == ["0.6984", "0.6684", "0.2841", "0.2541", "0.2032", "0.2232", "716.3*"]
    assert numbers(hybrid) == ["0.9331", "0.9031", "0.2973*", "0.2673*", "0.2761*", "0.2961*", "834.9"]
    assert hybrid.split()[:2] == ["▸", "hybrid"]
    assert "▸" not in xx + xy


def test_best_is_bold_too(results):
    assert "\x1b[1m0.9612*\x1b[0m" in shown(results, "hybrid", force_terminal=True, color_system="truecolor")


@pytest.mark.parametrize("name", ["results", "many", "single", "five"])
def test_it_fits_80_columns_uncut(name, request):
    results = request.getfixturevalue(name)
    text = shown(results, "xx")
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


@pytest.mark.parametrize("width", [75, 60, 44, 36])
@pytest.mark.parametrize("name", ["results", "many", "single", "five"])
def test_a_narrow_terminal_keeps_names_and_numbers(name, width, request):
    results = request.getfixturevalue(name)
    text = shown(results, "xx", width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    rows = [line for line in text.splitlines() if numbers(line) and "2.18.0" not in line]
    wide = [line for line in shown(results, "xx").splitlines() if numbers(line) and "2.18.0" not in line]
    assert sorted(numbers(" ".join(rows))) == sorted(numbers(" ".join(wide)))
    names = {"▸", *(result.sampler for result in results)}
    assert [line for line in rows if line.split()[0] not in names] == []


def test_numbers_stand_below_the_names_of_their_measures(results):
    lines = shown(results, "hybrid").splitlines()
    ends = [match.end() for match in re.finditer(r"mAP|R@\d+|distance ↓", lines[2])]
    assert [match.end() for match in re.finditer(r"\.\d+", lines[5])] == ends


def test_groups_and_checkpoints_follow(results):
    text = shown(results, "hybrid")
    below = text[text.index("unseen") :]
    unseen = next(line for line in below.splitlines() if "hybrid" in line)
    wanted = results[2].summaries["cldr"].groups["unseen"]
    assert numbers(unseen)[0].rstrip("*") == f"{wanted['monolingual']['map']:.4f}"
    final = next(line for line in text.splitlines() if "xy final" in line)
    assert numbers(final)[-1] == f"{results[1].final['cldr']['multilingual']['rank_distance']:,.1f}"


def test_a_table_per_benchmark(many):
    text = shown(many, "hybrid")
    assert [line.split()[0] for line in text.splitlines() if "· 11 languages ·" in line] == ["cldr", "xquad-r"]


def test_a_setting_without_scores_is_left_out(single):
    text = shown(single, "xx")
    assert "cross-lingual" not in text
    assert "*" not in text.splitlines()[4]


def test_each_benchmark_has_its_own_measures_and_the_legend_comes_once(five):
    text = shown(five, "hybrid")
    for name in ("accuracy", "cosine_spearman", "nDCG@10", "R@100", "mAP"):
        assert name in text
    assert text.count("best of the column") == 1
    assert text.count("\n\n") == 4 + 1


def test_no_rank_distance_is_explained_where_there_is_none(tmp_path):
    results = build(tmp_path, samplers=("xx",), benchmarks={"tatoeba": KINDS["tatoeba"]})
    assert "distance" not in shown(results, "xx")
