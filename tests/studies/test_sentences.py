"""The sentences of a report say what was compared, and what was not."""

import pytest

from hbir.evaluation.differences import Verdict
from hbir.evaluation.intervals import Interval
from hbir.reporting.columns import Column
from hbir.studies.conclusions import conclusion
from hbir.studies.published import beside_published
from hbir.studies.study_file import Study
from hbir.studies.study_table import Contrast, Score, StudyRow, StudyTable

COLUMNS = tuple(
    Column(setting=setting, measure="map") for setting in ("monolingual", "cross_lingual", "multilingual")
)


def row(name: str, *verdicts: Verdict, scores: tuple[Score | None, ...] = ()) -> StudyRow:
    contrasts = {
        column: Contrast(
            value=0.1,
            interval=None,
            p=None if verdict == "too few queries" else 0.01,
            effect=1.0,
            verdict=verdict,
            clusters=9,
            needed=3,
        )
        for column, verdict in zip(COLUMNS, verdicts, strict=False)
    }
    found = {column: score for column, score in zip(COLUMNS, scores, strict=False) if score}
    return StudyRow(name=name, sampler=name, beside=False, scores=found, contrasts=contrasts)


def table(*rows: StudyRow) -> StudyTable:
    return StudyTable(
        title="",
        benchmark="cldr",
        version="1",
        group="",
        reference="xx",
        columns=COLUMNS,
        rows=rows,
        seeds=(1, 2),
    )


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (("better", "lower"), "better in at least one and worse in none"),
        (("better", "worse", "higher"), "better in some and worse in others"),
        (("worse", "too few queries"), "worse in at least one and better in none"),
        (("higher", "no difference shown"), "higher or lower in at least one that has no better direction"),
        (("lower", "too few queries"), "higher or lower in at least one that has no better direction"),
        (("no difference shown", "no difference shown"), "no difference shown in any: `xy`"),
        (("no difference shown", "too few queries"), "no difference shown in any that was tested, and not"),
        (("too few queries",), "not tested in any, for too few queries: `xy`"),
        ((), "no scores of the same queries in any: `xy`"),
    ],
)
def test_every_kind_of_verdicts_has_its_sentence(verdicts: tuple[Verdict, ...], said: str):
    """Beside `mixed`, which is better, so that something was tested."""
    found = conclusion(table(row("xx"), row("xy", *verdicts), row("mixed", "better", "no difference shown")))
    assert said in found
    if verdicts and verdicts[0] != "no difference shown":
        assert "no difference shown in any: `xy`" not in found
    assert found.count("`xy`") == 1


def test_a_published_figure_is_within_no_interval_that_is_not_there():
    """Ours: .25 without an interval, .50 from .40 to .60, and no score."""
    scores = (
        Score(by_seed=(0.2, 0.3), interval=None),
        Score(by_seed=(0.4, 0.6), interval=Interval(low=0.4, high=0.6)),
        None,
    )
    published = {"monolingual map": 0.9, "cross_lingual map": 0.5, "multilingual map": 0.1}
    study = Study(question="q", name="n", seeds=[1, 2], published={"cldr": {"": {"xx": published}}})
    text = beside_published(study, [table(row("xx", scores=scores))])
    assert text.startswith(
        "Of 3 published figures, 1 lie within our interval over seeds and queries, and 0 outside of it. Not "
        "compared, for there is no score or no interval of ours: cldr xx monolingual mAP; "
        "cldr xx multilingual mAP."
    )
    assert "| cldr |  | xx | monolingual mAP | .900 | .250 | −.650 |" in text
