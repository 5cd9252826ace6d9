"""What a worker answers is Arrow, or an error as text; what is neither is refused."""

import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.cluster.blocks import packed, require_columns, unpacked
from hbir.cluster.faults import fault_of
from hbir.cluster.pool import gpu_share
from hbir.cluster.worker import ARITHMETIC, FAULT, Job, Worker
from hbir.core.errors import DataError, HbirError, ModelError

WHERE = "params.yaml: a test"
NUMBERS = pa.table({"number": [1, 2, 3]})


class Doubling:
    arithmetic = "fp32"

    def __call__(self, block: pa.Table) -> pa.Table:
        return pa.table({"number": [2 * number for number in block["number"].to_pylist()]})


def answered(make, block: bytes = packed(NUMBERS)) -> tuple[pa.Table, dict[bytes, bytes]]:
    table = unpacked(Worker(Job(make, WHERE, str(Path.cwd()))).answer(block), WHERE)
    return table, table.schema.metadata


def test_a_worker_answers_with_its_arithmetic():
    table, marks = answered(Doubling)
    assert table["number"].to_pylist() == [2, 4, 6]
    assert marks == {ARITHMETIC.encode(): b"fp32"}


def test_an_error_is_told_as_it_is_and_any_other_by_its_traceback():
    def for_the_user() -> Doubling:
        raise DataError(where="a row", expected="sense", found="none", hint="Mend it.")

    def of_a_library() -> Doubling:
        raise ZeroDivisionError("by nothing")

    table, marks = answered(for_the_user)
    assert table.num_columns == 0
    told = fault_of(marks[FAULT.encode()].decode())
    assert (type(told), str(told)) == (DataError, "a row: expected sense, found none. Mend it.")
    told = fault_of(answered(of_a_library)[1][FAULT.encode()].decode())
    assert type(told) is RuntimeError
    assert "in of_a_library" in str(told)
    assert "ZeroDivisionError: by nothing" in str(told)
    told = fault_of(answered(Doubling, b"no Arrow")[1][FAULT.encode()].decode())
    assert type(told) is ModelError


@given(st.lists(st.lists(st.text(max_size=5), max_size=3), max_size=4))
def test_columns_come_back_as_they_were(rows: list[list[str]]):
    table = pa.table({"texts": pa.array(rows, pa.list_(pa.large_string()))})
    assert unpacked(packed(table), WHERE).equals(table)


@pytest.mark.parametrize(
    "block",
    [pickle.dumps([1]), b"", packed(NUMBERS)[:-30], packed(NUMBERS)[:50], None, [1], NUMBERS],
    ids=["pickle", "nothing", "cut", "cut early", "none", "list", "table"],
)
def test_what_is_no_arrow_is_refused(block: object):
    with pytest.raises(ModelError, match=r"^params.yaml: a test: expected the Arrow columns"):
        unpacked(block, WHERE)


def test_text_that_ends_outside_of_its_block_is_refused():
    block = packed(pa.table({"text": ["abc"]}))
    start, end, beyond = (number.to_bytes(4, "little") for number in (0, 3, 1 << 20))
    at = block.rindex(start + end, 0, block.rindex(b"abc"))
    broken = block[:at] + start + beyond + block[at + 8 :]
    assert unpacked(block, WHERE)["text"].to_pylist() == ["abc"]
    with pytest.raises(ModelError, match=r"expected the Arrow columns"):
        unpacked(broken, WHERE)


@pytest.mark.parametrize(
    "table",
    [
        NUMBERS.slice(1),
        NUMBERS.rename_columns(["another"]),
        pa.table({"number": ["1", "2", "3"]}),
        pa.table({}),
    ],
    ids=["fewer", "another name", "another type", "none"],
)
def test_an_answer_to_something_else_is_refused(table: pa.Table):
    require_columns(NUMBERS.replace_schema_metadata({"more": "said"}), NUMBERS.schema, 3, WHERE)
    with pytest.raises(ModelError, match=r"expected the Arrow columns"):
        require_columns(table, NUMBERS.schema, 3, WHERE)


@pytest.mark.parametrize("kind", ["Exception", "fault_of", "SystemExit", "__builtins__"])
def test_an_error_of_an_unknown_kind_is_ours(kind: str):
    told = fault_of(f'{{"kind": "{kind}", "where": "a", "expected": "b", "found": "c", "hint": "d."}}')
    assert type(told) is HbirError


@pytest.mark.parametrize(
    ("there", "workers", "share"), [(0, 2, 0), (1, 1, 1), (1, 2, 0.5), (2, 3, 0.5), (4, 2, 1), (3.0, 9, 1 / 3)]
)
def test_workers_share_the_gpus(there: float, workers: int, share: float):
    assert gpu_share(there, workers) == share
    assert there < 1 or workers <= there * (1 // share)
