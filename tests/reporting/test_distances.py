"""The distribution of rank distances: shares counted by hand, and against a slow twin."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.files import write_table
from hbir.reporting.distances import SHOWN, at_shares, distance_view, distances
from tests.reporting.builder import build

NUMBERS = st.lists(st.floats(1, 1e5), min_size=1, max_size=30)


def test_the_distance_is_that_of_the_query_that_reaches_the_share():
    values = np.array([1.0, 2.0, 3.0, 100.0])
    assert at_shares(values, [0, 0.25, 0.26, 0.5, 0.75, 0.76, 1]) == [1, 1, 2, 2, 3, 100, 100]
    assert at_shares(np.array([7.0]), [0, 0.5, 1]) == [7, 7, 7]


@given(NUMBERS, st.floats(0, 1))
def test_it_is_the_smallest_that_so_many_do_not_exceed(numbers, share):
    values = np.sort(numbers)
    [found] = at_shares(values, [share])
    enough = [value for value in values if np.mean(values <= value) >= share - 1e-12]
    assert found == (enough[0] if share > 0 else values[0])


@pytest.fixture
def two(tmp_path):
    return build(tmp_path, ("xx", "xy"), ("de", "fr"))


STYLES = {"xx": "s0", "xy": "s1"}


def test_the_view_has_a_line_and_a_row_per_sampler(two):
    view = distance_view(two, "cldr", STYLES, "xy")
    assert 'class="line s0"' in view.chart
    assert 'class="line s1 headline"' in view.chart
    values = distances(two[0], "cldr")
    assert len(values) == 48
    assert view.rows["xx"][0] == "48"
    assert len(view.rows["xx"]) == 1 + len(SHOWN)
    median = float(view.rows["xx"][3].replace(",", ""))
    assert median == pytest.approx(np.quantile(values, 0.5, method="inverted_cdf"), abs=0.05)


def test_a_query_without_a_rank_distance_is_left_out(two):
    path = two[0].folder / "cldr" / "queries.parquet"
    table = pq.read_table(path)
    column = table["rank_distance"].to_pylist()
    first = next(row for row, value in enumerate(column) if value is not None)
    column[first] = None
    write_table(
        path,
        table.set_column(table.column_names.index("rank_distance"), table.field("rank_distance"), [column]),
    )
    assert len(distances(two[0], "cldr")) == 47


def test_two_passages_of_one_rank_are_drawn_at_one(two):
    """A run may give ties the same rank."""
    path = two[0].folder / "cldr" / "queries.parquet"
    table = pq.read_table(path)
    index = table.column_names.index("rank_distance")
    zeros = [None if value is None else 0.0 for value in table["rank_distance"].to_pylist()]
    write_table(path, table.set_column(index, table.field(index), [zeros]))
    assert 'class="line s0"' in distance_view(two[:1], "cldr", STYLES, "xy").chart


def test_scores_without_queries_have_none(two):
    (two[0].folder / "cldr" / "queries.parquet").unlink()
    assert len(distances(two[0], "cldr")) == 0
    view = distance_view(two, "cldr", STYLES, "xx")
    assert list(view.rows) == ["xy"]
    (two[1].folder / "cldr" / "queries.parquet").unlink()
    view = distance_view(two, "cldr", STYLES, "xx")
    assert (view.chart, view.rows) == ("", {})
