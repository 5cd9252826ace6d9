"""`resources.memory` is kept where passages are long, also in what is added to the address space."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

LETTERS, PAIRS, MEMORY = 30_000, 3_000, 10**9
SCRIPT = """
import resource, sys
from pathlib import Path
from hbir.collection.collect import collect
from hbir.collection.params import CollectParams
from hbir.core.resources import ResourceParams
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA
from hbir.core.spill import spill_folder
from hbir.core.tables import pieces, write_pieces

path, memory = sys.argv[1], int(sys.argv[2])
packages = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (packages + memory, packages + memory))
source = {"kind": "parallel", "name": "long", "path": path}
with spill_folder() as folder:
    params = CollectParams(sources=[source], max_passage_characters=100_000)
    english, parallel, summary = collect(params, folder, ResourceParams(memory="1GB"))
    write_pieces(Path("english.parquet"), ENGLISH_SCHEMA, pieces(english))
    write_pieces(Path("parallel.parquet"), PARALLEL_SCHEMA, pieces(parallel))
print(len(english), len(parallel), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def write_long(path: Path) -> None:
    """Write sections of 30 kB in two languages; one in ten is nearly another."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(9000)]
    story = " ".join(rng.choices(words, k=200_000))
    start, title = 0, ""
    with path.open("w") as stream:
        for number in range(PAIRS):
            again = number % 10 == 1
            start = start if again else rng.randrange(len(story) - LETTERS)
            title = title if again else " ".join(rng.choices(words, k=6))
            body = story[start : start + LETTERS - again]
            texts = {lang: {"title": f"{title} {lang}", "body": f"{body} {lang}"} for lang in ("en", "de")}
            stream.write(json.dumps({"id": str(number), "text": texts}) + "\n")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the size of a process is read as Linux tells it")
def test_long_passages_are_collected_in_the_memory_that_is_named(tmp_path, monkeypatch):
    """180 MB of text. Before, 8,192 pairs were held at a time, and DuckDB sorted 2,048 at least."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    write_long(tmp_path / "long.jsonl")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "long.jsonl"), str(MEMORY)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    english, parallel, peak = map(int, done.stdout.split())
    assert (english, parallel) == (PAIRS * 9 // 10, PAIRS * 9 // 5)
    assert peak < MEMORY
    assert (tmp_path / "english.parquet").stat().st_size > 10**7
