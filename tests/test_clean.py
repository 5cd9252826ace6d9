"""What nothing names is listed with its size, and removed when it is asked for; all else stays."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from hbir.cli import hbir
from hbir.inputs.kept import Names, kept

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which half of each kind is named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / "stages").mkdir()
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    for name in ("translations/de.sqlite", "translations/fr.sqlite", "translations/sentences.sqlite"):
        write(tmp_path / ".hbir" / name, 10)
    for name in ("rejected/fr.jsonl", "rejected/de.jsonl", "texts/old/ids.bin", "tokens/old/query.ids"):
        write(tmp_path / ".hbir" / name, 20)
    for name in ("xx-aaaa", "xx-bbbb", "gone-cccc"):
        write(tmp_path / ".hbir/checkpoints" / name / "state.pt", 30)
    for name, encoder in (("en-mine", "mine"), ("en-other", "other")):
        write(tmp_path / ".hbir/embeddings/miracl" / name / "embeddings.f16", 40)
        meta = tmp_path / ".hbir/embeddings/miracl" / name / "meta.json"
        meta.write_text(json.dumps({"encoder": encoder}))
    write(tmp_path / ".hbir/spill/left/hashes", 50)
    return tmp_path


def write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


def names(root: Path) -> Names:
    return Names(
        languages=["de", "en"],
        samplers=["xx", "xy"],
        memory=root / ".hbir/translations",
        embeddings=root / ".hbir/embeddings",
        encoders=lambda: {"mine"},
        tokens=lambda: None,
    )


def test_what_nothing_names(project: Path):
    found = kept(project, names(project))
    unnamed = {
        each.path.relative_to(project / ".hbir").as_posix(): each.size for each in found if not each.is_named
    }
    meta = (project / ".hbir/embeddings/miracl/en-other/meta.json").stat().st_size
    assert unnamed == {
        "translations/fr.sqlite": 10,
        "rejected/fr.jsonl": 20,
        "texts/old": 20,
        "tokens/old": 20,
        "checkpoints/xx-aaaa": 30,
        "checkpoints/gone-cccc": 30,
        "embeddings/miracl/en-other": 40 + meta,
        "spill/left": 50,
    }
    assert len(found) == len(unnamed) + 5


def test_what_a_process_uses_is_named(project: Path):
    with FileLock(project / ".hbir/checkpoints/gone-cccc.lock"), FileLock(project / ".hbir/spill/left/lock"):
        unnamed = {each.path.name for each in kept(project, names(project)) if not each.is_named}
    assert {"gone-cccc", "left"}.isdisjoint(unnamed)
    assert "xx-aaaa" in unnamed


def test_nothing_is_loaded_where_nothing_is_kept(tmp_path: Path):
    def fail() -> set[str]:
        raise RuntimeError("a model was loaded")

    assert kept(tmp_path, Names(**{**vars(names(tmp_path)), "encoders": fail, "tokens": fail})) == []


def test_the_command_lists_and_removes(project: Path):
    before = sorted(project.rglob("*"))
    listed = CliRunner().invoke(hbir, ["clean"]).output
    assert "20 B  rejected      " in listed
    assert "places may be removed with --remove" in listed
    assert sorted(project.rglob("*")) == before
    one = CliRunner().invoke(hbir, ["clean", "--remove", "--kind", "rejected"]).output
    assert "clean: 20 B in 1 places removed; 20 B are named" in one
    assert not (project / ".hbir/rejected/fr.jsonl").exists()
    assert (project / ".hbir/translations/fr.sqlite").exists()
    assert "0 B in 0 places removed" not in CliRunner().invoke(hbir, ["clean", "--remove"]).output
    assert CliRunner().invoke(hbir, ["clean"]).output.startswith("clean: 0 B in 0 places")
    assert (project / ".hbir/translations/de.sqlite").exists()
    assert (project / ".hbir/checkpoints/xx-bbbb").exists()


def test_outside_a_project_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(hbir, ["clean"]).exit_code == 1
