"""What a killed process left behind goes; what a living one writes, and what is no temporary file, stays."""

import subprocess
import sys
from pathlib import Path

import pytest

from hbir.core import temporary
from hbir.core.files import atomic_file, atomic_folder, write_json
from hbir.core.temporary import remove_temporaries, temporary_prefix

CHILD = """
import os, signal, sys
from pathlib import Path
from hbir.core.files import atomic_file, atomic_folder
with atomic_file(Path(sys.argv[1]) / "a.json"), atomic_folder(Path(sys.argv[1]) / "b") as folder:
    (folder / "inner").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(temporary, "_cleaned", set())


def test_what_a_killed_process_left_is_gone_after_the_next_file(tmp_path: Path):
    subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    write_json(tmp_path / "c.json", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["c.json"]


def test_what_lives_or_is_no_temporary_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in (".a.json.xyz", ".a.json.00000000-1-xyz", ".hidden", "a.json"):
        (tmp_path / name).touch()
    with atomic_file(tmp_path / "a.json"), atomic_folder(tmp_path / "b"):
        monkeypatch.setattr(temporary, "_cleaned", set())
        before = set(tmp_path.iterdir())
        remove_temporaries(tmp_path)
        assert set(tmp_path.iterdir()) == before
        assert len(before) == 6


def test_a_name_says_what_it_is_to_replace(tmp_path: Path):
    assert temporary_prefix(tmp_path / "de.parquet").startswith(".de.parquet.")
