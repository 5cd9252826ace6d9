"""What nothing names is listed with its size, and removed when it is asked for; all else stays."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from hbir.cli import hbir
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import load_encoder, save_encoder
from hbir.encoding.params import TinyParams
from hbir.evaluation.streamed import find_cache
from hbir.inputs.kept import Names, kept
from tests.encoding.builder import make_params

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
    for name, begun in (("mine", "meta.json"), ("other", "begun.json")):
        write(tmp_path / ".hbir/indexes" / name / "embeddings.f16", 60)
        (tmp_path / ".hbir/indexes" / name / begun).write_text(json.dumps({"encoder": name}))
    write(tmp_path / ".hbir/indexes/nothing/catalogue-1.npz", 70)
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
    meta = len(json.dumps({"encoder": "other"}))
    assert unnamed == {
        "translations/fr.sqlite": 10,
        "rejected/fr.jsonl": 20,
        "texts/old": 20,
        "tokens/old": 20,
        "checkpoints/xx-aaaa": 30,
        "checkpoints/gone-cccc": 30,
        "embeddings/miracl/en-other": 40 + meta,
        "indexes/other": 60 + meta,
        "indexes/nothing": 70,
        "spill/left": 50,
    }
    assert len(found) == len(unnamed) + 6


def test_the_models_are_asked_for_once(project: Path):
    asked: list[str] = []

    def ask() -> list[str]:
        asked.append("mine")
        return asked

    assert kept(project, Names(**{**vars(names(project)), "encoders": ask}))
    assert asked == ["mine"]


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


def save_model(folder: Path, width: int) -> None:
    tiny = TinyParams(layers=1, width=width, heads=2, feed_forward=16, dropout=0.0, vocabulary=320)
    save_encoder(initial_encoder(make_params(tiny=tiny), ["a text", "some words"], 1), folder)


def test_what_the_models_of_the_project_embedded_is_named_in_every_precision(project: Path):
    (project / "passages.txt").write_text("a text\nsome words\n")
    for folder, width in (("models/xx/final", 16), ("elsewhere", 24)):
        (project / folder).mkdir(parents=True)
        save_model(project / folder, width)
        for precision in ("fp32", "bf16"):
            options = ["a text", "--corpus", "passages.txt", "--precision", precision]
            CliRunner().invoke(hbir, ["search", folder, *options], catch_exceptions=False)
            cache = find_cache(load_encoder(Path(folder), "cpu"), ".hbir/embeddings", precision)
            assert cache
            write(project / ".hbir/embeddings" / folder / precision / "keys.i64", 8)
            meta = project / ".hbir/embeddings" / folder / precision / "meta.json"
            meta.write_text(json.dumps({"encoder": cache.encoder}))
    before = set((project / ".hbir/indexes").iterdir())
    assert len(before) == 4 + 3
    CliRunner().invoke(hbir, ["clean", "--remove", "--kind", "indexes"], catch_exceptions=False)
    left = [json.loads((path / "meta.json").read_text()) for path in (project / ".hbir/indexes").iterdir()]
    model = load_encoder(project / "models/xx/final", "cpu")
    assert {meta["encoder"] for meta in left} == {encoder_fingerprint(model, name) for name in ("fp32", "bf16")}
    CliRunner().invoke(hbir, ["clean", "--remove", "--kind", "embeddings"], catch_exceptions=False)
    metas = (project / ".hbir/embeddings").rglob("meta.json")
    assert sorted(path.parent.relative_to(project / ".hbir/embeddings").as_posix() for path in metas) == [
        "models/xx/final/bf16",
        "models/xx/final/fp32",
    ]


def test_outside_a_project_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(hbir, ["clean"]).exit_code == 1
