"""`resources.memory` is kept under `ulimit -v`, where holding the pairs fails."""

import subprocess
import sys
from pathlib import Path

import pytest

COLLECT = """
import random, re, resource, sys
from pathlib import Path

import duckdb

from hbir.collection.collect import collect
from hbir.collection.params import CollectParams
from hbir.collection.source import Harvest, Kind, Pair
from hbir.collection.sources import KINDS
from hbir.core.resources import ResourceParams
from tests.collection.test_collect import Toy

ROOM = 1 << 30


def pairs():
    rng = random.Random(1)
    blocks = [" ".join(f"word{rng.randrange(5000)}" for _ in range(3000)) for _ in range(20)]
    for number in range(25_000):
        yield Pair(f"what is {number}?", f"{number} {blocks[number % 20]}")


KINDS["toy"] = Kind(Toy, lambda params: Harvest(pairs()))
taken = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, taken + ROOM))
folder = Path(sys.argv[1]) if sys.argv[1:] else None
params = CollectParams(sources=[{"kind": "toy"}], max_passage_characters=10**6, near_duplicates=None)
found = collect(params, folder, ResourceParams(memory="1GB"))
print(found.summary.pairs, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v is Linux's")
@pytest.mark.parametrize("stored", [True, False])
def test_half_a_gigabyte_of_texts_beside_a_limit(tmp_path: Path, stored: bool):
    """Without a folder everything is held, and does not fit: so the limit is one."""
    command = [sys.executable, "-c", COLLECT, *([str(tmp_path)] if stored else [])]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if stored:
        assert done.stderr == ""
        assert done.stdout.split()[0] == "25000"
    else:
        assert done.returncode != 0
        assert "MemoryError" in done.stderr or "ArrowMemoryError" in done.stderr or "malloc" in done.stderr
