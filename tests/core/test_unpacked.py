"""Gzip with limits reads as gzip does, until it would unpack to more than its size can mean."""

import gzip
import io
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core import unpacked
from hbir.core.errors import DataError
from hbir.core.lines import read_lines
from hbir.core.unpacked import Unpacked, refuse_device

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["read", "readline", "read1"]), st.integers(-1, 40)),
        st.tuples(st.just("seek"), st.integers(0, 80)),
    ),
    max_size=12,
)


@given(parts=st.lists(st.binary(max_size=30), max_size=3), steps=STEPS)
def test_what_is_within_the_limits_is_read_as_gzip_reads_it(parts: list[bytes], steps):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.gz")
        path.write_bytes(b"".join(map(gzip.compress, parts)) or gzip.compress(b""))  # members after each other
        with gzip.open(path) as expected, Unpacked(path) as found:
            for name, number in steps:
                assert getattr(found, name)(number) == getattr(expected, name)(number)
            expected.seek(0)
            found.seek(0)
            assert list(found) == list(expected)


@pytest.mark.parametrize("read", ["read", "readline", "lines", "text", "pieces"])
def test_what_goes_beyond_is_refused_before_it_is_held(read: str, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(unpacked, "FLOOR", 50_000)
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"a line\n" * 1_000_000))
    with (
        Unpacked(path) as stream,
        pytest.raises(DataError, match="more than 1 MiB of|more than 2 MiB of") as error,
    ):
        if read == "lines":
            list(read_lines(path))
        elif read == "text":
            io.TextIOWrapper(stream).read()
        elif read == "pieces":
            while stream.read(1000):
                pass
        else:
            while getattr(stream, read)():
                pass
    assert "unpack it and name the unpacked file" in str(error.value)


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(unpacked, "FLOOR", 1000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(os.urandom(4000).hex().encode()))
    with Unpacked(tmp_path / "a.gz") as stream, pytest.raises(DataError, match="a line of more than 0 MiB"):
        stream.readline()


def test_texts_are_far_below_the_ratio():
    """The same sentence again and again is what packs best of all that is text."""
    text = "".join(f"What is the currency of country {n}?\n" for n in range(20_000)).encode()
    assert len(text) / len(gzip.compress(text)) < unpacked.RATIO / 10


def test_a_pipe_is_refused_and_a_file_or_nothing_is_not(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="a pipe or a device"):
        refuse_device(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "none", Path(__file__), Path("a\0b")):
        refuse_device(path)
