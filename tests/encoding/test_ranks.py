"""Several processes exchange what they hold, deal texts out evenly, and refuse a port that is in use."""

import os
import socket
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributed import HashStore  # type: ignore[attr-defined]

from hbir.core.errors import RanksError
from hbir.core.place import Place
from hbir.encoding import rank_faults
from hbir.encoding.joined import joined
from hbir.encoding.rank_faults import LostError
from hbir.encoding.ranks import ALONE
from hbir.training.sharded import dealt
from tests.several import environment, values


@given(st.lists(st.integers(1, 9), max_size=30), st.integers(1, 7), st.booleans())
def test_every_text_is_dealt_once_and_evenly(lengths: list[int], size: int, turned: bool):
    parts = [dealt(np.array(lengths), Place(rank, size), turned) for rank in range(size)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(lengths)))
    counts = [len(part) for part in parts]
    assert max(counts) - min(counts) <= 1
    tokens = [sum(lengths[place] for place in part) for part in parts]
    assert max(tokens) - min(tokens) <= max(lengths, default=0)


def exchange() -> dict[str, Any]:
    with joined("here") as ranks:
        rank = ranks.place.rank
        many = [torch.full((2, 3), float(rank)), torch.ones(5), torch.full((1,), rank, dtype=torch.int64)]
        ranks.sum_all(many)
        state = {
            "whole": torch.arange(6, dtype=torch.float32).view(2, 3).t(),
            "none": torch.empty(0),
            "number": torch.tensor(3.0),
            "half": torch.ones(2, dtype=torch.bfloat16),
            "flags": [torch.tensor([True, False]), None, ("a", 1)],
        }
        return {
            "sum": ranks.sum(torch.tensor([1.5, float(rank)])),
            "many": many,
            "largest": ranks.largest(rank * 7),
            "gathered": ranks.gather({"rank": rank}),
            "state": ranks.spread(state if rank == 0 else None),
            "expected": state,
        }


def test_all_know_what_each_holds():
    for found in values(2, exchange):
        assert found["sum"].tolist() == [3.0, 1.0]
        assert [part.flatten().tolist() for part in found["many"]] == [[1.0] * 6, [2.0] * 5, [1]]
        assert found["largest"] == 7
        assert found["gathered"] == [{"rank": 0}, {"rank": 1}]
        assert found["state"].keys() == found["expected"].keys()
        for name in ("whole", "none", "number", "half"):
            one, other = found["state"][name], found["expected"][name]
            assert one.dtype == other.dtype
            assert torch.equal(one, other)
        assert found["state"]["flags"][0].tolist() == [True, False]
        assert found["state"]["flags"][1:] == [None, ("a", 1)]


def test_alone_nothing_is_exchanged():
    with joined("here") as ranks:
        assert ranks is ALONE
    assert ALONE.gather(3) == [3]
    assert ALONE.spread("state") == "state"
    assert ALONE.largest(5) == 5


def test_one_speaks_though_another_is_so_slow_that_it_was_taken_for_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rank_faults, "_GRACE", 0.1)
    monkeypatch.setattr(rank_faults, "_leave", lambda: None)
    store = HashStore()
    errors = {rank: LostError("lost") for rank in (0, 2)}
    fault = RanksError(where="here", expected="a file", found="none", hint="Look.")
    ended = [
        rank_faults.Faults(store, Place(rank, 3), "here").settle(errors.get(rank, fault)) for rank in (1, 2, 0)
    ]
    assert ended[0] is fault
    assert [type(one) for one in ended[1:]] == [SystemExit, SystemExit]


def test_a_port_in_use_is_one_line(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for name, value in environment(0, 2, port).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("TORCHELASTIC_USE_AGENT_STORE", raising=False)
        with pytest.raises(RanksError, match=f"^here: rank 0 of 2: expected the port {port} to be free"):
            with joined("here"):
                os.abort()
