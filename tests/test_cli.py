"""The command line: what a person sees who types something wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hbir.cli import require_project
from hbir.core.errors import ParamsError
from tests.reporting.builder import build

ROOT = Path(__file__).parents[1]


def hbir(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "hbir", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)


def project(folder: Path, params: str | None = None) -> Path:
    """Make a folder that looks like a project, with its own params."""
    (folder / "stages").symlink_to(ROOT / "stages")
    (folder / "params.yaml").write_text(params or (ROOT / "params.yaml").read_text())
    return folder


def test_help_lists_stages_and_tools():
    shown = hbir("--help").stdout
    for name in ("collect", "build-batches", "train", "evaluate", "compare", "track", "ui", "seeds"):
        assert f"  {name} " in shown


def test_a_typo_is_answered_with_the_nearest_command():
    result = hbir("trian")
    assert result.returncode == 2
    assert "No such command 'trian'. Did you mean 'train'?" in result.stderr


@pytest.mark.parametrize("command", [["track"], ["ui"], ["link", "/etc/hostname", "data/sources/name"]])
def test_outside_a_project_nothing_is_made(tmp_path: Path, command: list[str]):
    result = hbir(*command, cwd=tmp_path)
    assert result.returncode == 1
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_outside_a_project_a_stage_says_so(tmp_path: Path):
    result = hbir("collect", cwd=tmp_path)
    assert result.returncode == 1
    assert "expected an hbir project (params.yaml and stages/), found none" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "stage", "message"),
    [
        ("sampler: hybrid", "smapler: hybrid", ["inputs"], "found 'smapler'. Did you mean 'sampler'?"),
        (
            "sampler: hybrid",
            "sampler: bogus",
            ["inputs"],
            "params.yaml: sampler: expected one of hybrid, xx, xy, found 'bogus'",
        ),
        ("kind: cldr", "kind: clrd", ["collect"], "found 'clrd'. Did you mean 'cldr'?"),
        (
            "engine: cldr",
            "engine: nlbl",
            ["translate", "de"],
            "found 'nlbl'. Did you mean 'nllb'?",
        ),
        (
            "alpha: 0.5",
            "alpha: 1.5",
            ["build-batches"],
            "params.yaml: batches.hybrid.alpha: expected a number in [0, 1]",
        ),
        ("size: 64", "sizes: 64", ["build-batches"], "found 'sizes'. Did you mean 'size'?"),
        ("- zh", "- xq", ["translate", "xq"], "xq"),
        ("- zh", "- fr", ["translate", "fr"], "hbir/cldr/templates/fr.yaml"),
        ("layers: 2", "layers: two", ["encoder"], "encoder.tiny.layers: expected a valid integer, found 'two'"),
        ("heads: 4", "heads: 3", ["encoder"], "encoder.tiny: expected a width that is a multiple of heads (3)"),
        ("threads: 2 ", "threads: 0 ", ["encoder"], "threads: expected greater than or equal to 1, found 0"),
    ],
)
def test_wrong_params_end_in_one_line_and_exit_code_1(tmp_path: Path, old, new, stage, message):
    text = (ROOT / "params.yaml").read_text()
    assert old in text
    folder = project(tmp_path, text.replace(old, new))
    project_with_english(folder)
    before = sorted((folder / "data").rglob("*"))
    result = hbir(*stage, cwd=folder)
    assert result.returncode == 1, result.stdout + result.stderr
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert sorted((folder / "data").rglob("*")) == before


def project_with_english(folder: Path) -> Path:
    from hbir.collection.collect import collect
    from hbir.collection.params import CollectParams
    from hbir.core.files import write_table

    collection = collect(CollectParams(sources=[{"kind": "cldr"}]))
    write_table(folder / "data/parallel.parquet", collection.parallel)
    path = folder / "data/english.parquet"
    write_table(path, collection.english)
    return path


def test_a_batch_size_that_nothing_fills_and_one_language_for_xy_are_refused(tmp_path: Path):
    text = re.sub("^- (?!de|en|x|hybrid).*\n", "", (ROOT / "params.yaml").read_text(), flags=re.MULTILINE)
    folder = project(tmp_path, text)
    project_with_english(folder)
    for lang in ("de", "en"):
        assert hbir("translate", lang, cwd=folder).returncode == 0
    before = sorted((folder / "data").rglob("*"))
    for old, new, message in (
        ("size: 64", "size: 64000", "expected at least 64000 pairs that can stand in one batch, found"),
        ("  languages: all ", "  languages: [de] ", "two"),
    ):
        (folder / "params.yaml").write_text(text.replace(old, new))
        result = hbir("build-batches", cwd=folder)
        assert (result.returncode, message in result.stderr) == (1, True), result.stderr
        assert sorted((folder / "data").rglob("*")) == before


def test_a_truncated_file_is_named(tmp_path: Path):
    folder = project(tmp_path)
    path = project_with_english(folder)
    path.write_bytes(path.read_bytes()[:-100])
    result = hbir("translate", "de", cwd=folder)
    assert result.returncode == 1
    assert "data/english.parquet: expected a whole Parquet file" in result.stderr


def bytes_of(command: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of a shell; its output may be of any encoding."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": sys.executable, **environment}
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=cwd, env=env, capture_output=True)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_a_terminal_that_knows_few_characters_fails_nothing(tmp_path: Path, environment: dict[str, str]):
    build(project(tmp_path) / "scores")
    result = bytes_of('"$PYTHON" -m hbir compare', tmp_path, **environment)
    assert result.returncode == 0, result.stderr
    assert b"hybrid  0.9331" in result.stdout


def test_a_reader_that_goes_away_fails_nothing(tmp_path: Path):
    build(project(tmp_path) / "scores")
    result = bytes_of('"$PYTHON" -m hbir compare | true', tmp_path)
    assert (result.returncode, result.stderr) == (0, b"")


def test_an_argument_of_another_encoding_is_one_line(tmp_path: Path):
    result = bytes_of("\"$PYTHON\" -m hbir benchmark $'W\\xe4hrung' --model x", tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(b"Error: hbir benchmark: expected a name of letters")
    assert b"Traceback" not in result.stderr


def test_a_folder_that_libraries_would_look_for_elsewhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Under a locale of ISO-8859-1 Python finds the folder, and Arrow another one."""
    folder = tmp_path / "Åsa"
    (folder / "stages").mkdir(parents=True)
    (folder / "params.yaml").touch()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.path", [str(folder)])
    require_project()
    monkeypatch.setattr("os.fsencode", lambda name: str(name).encode("latin-1"))
    with pytest.raises(ParamsError, match=r"other letters than those of ASCII.* Set PYTHONUTF8=1"):
        require_project()
