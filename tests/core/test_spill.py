"""What does not fit into memory goes into the project and never stays there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hbir.core.errors import DataError
from hbir.core.spill import SPILL, left_behind, spill_folder


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    return tmp_path


def test_folders_are_gone_after_work_and_after_an_error(project: Path):
    with spill_folder() as folder:
        (folder / "file").write_text("x")
        assert folder.is_relative_to(project / SPILL)
    with pytest.raises(KeyboardInterrupt), spill_folder() as other:
        raise KeyboardInterrupt
    assert not folder.exists()
    assert not other.exists()


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(project: Path):
    script = "import os; from hbir.core.spill import spill_folder\nwith spill_folder(): os._exit(9)"
    assert subprocess.run([sys.executable, "-c", script], env=os.environ, check=False).returncode == 9
    assert len(left_behind(project / SPILL)) == 1
    with spill_folder() as mine, spill_folder() as yours:
        assert mine.is_dir()
        assert yours.is_dir()
        assert left_behind(project / SPILL) == []
        assert len([path for path in (project / SPILL).iterdir() if path.is_dir()]) == 2


def test_a_full_disk_is_said():
    with pytest.raises(DataError, match="expected room on the disk"), spill_folder():
        raise OSError(28, "No space left on device")
