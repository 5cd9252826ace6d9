import csv
import io
from collections import Counter

from hbir.reporting.difference_file import HEADER, differences_csv
from hbir.reporting.score_lines import comparison_csv
from hbir.reporting.verdicts import compared


def test_every_mean_is_a_line_once(results):
    lines = list(csv.DictReader(io.StringIO(comparison_csv(results))))
    keys = ("benchmark", "sampler", "checkpoint", "group", "setting", "measure")
    counted = Counter(tuple(line[key] for key in keys) for line in lines)
    assert set(counted.values()) == {1}
    read = {tuple(line[key] for key in keys): float(line["score"]) for line in lines}
    expected = {}
    for result in results:
        for benchmark, summary in result.summaries.items():
            means = {("best", ""): summary.settings, ("final", ""): result.final[benchmark]}
            means |= {("best", group): scores for group, scores in summary.groups.items()}
            for (checkpoint, group), settings in means.items():
                for setting, scores in settings.items():
                    for measure, score in scores.items():
                        expected[benchmark, result.sampler, checkpoint, group, setting, measure] = score
    assert {key: round(score, 6) for key, score in expected.items()} == read


def test_differences_have_a_line_each(results):
    found = compared(results, "hybrid")
    lines = list(csv.reader(io.StringIO(differences_csv(found))))
    assert tuple(lines[0]) == HEADER
    assert len(lines) == 1 + len(found) > 1
    assert all(len(line) == len(HEADER) for line in lines)
