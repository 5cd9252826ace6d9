"""Translations into languages that are gone do not stay in the folder that others depend on."""

from pathlib import Path

import pytest

from hbir.core.leftovers import remove_leftovers


def test_files_of_gone_languages_go_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    remove_leftovers(["en"])
    folder = tmp_path / "data/translated"
    folder.mkdir(parents=True)
    for name in ("en.parquet", "en.stats.json", "tr.parquet", "tr.stats.json", "notes.txt", ".tr.parquet.x1"):
        (folder / name).touch()
    remove_leftovers(["de", "en"])
    assert sorted(path.name for path in folder.iterdir()) == [
        ".tr.parquet.x1",
        "en.parquet",
        "en.stats.json",
        "notes.txt",
    ]
