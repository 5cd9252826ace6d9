"""Two clones have nothing around them in common that must not matter."""

from pathlib import Path

import pytest

from verify.surroundings import two


def test_they_differ_in_all_that_any_system_can_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://192.0.2.1")
    monkeypatch.setenv("DVC_ROOT", "/elsewhere")
    one, other = two(tmp_path / "locales")
    changed = ("folder", "locale", "zone", "umask", "hash_seed", "name")
    assert [name for name in changed if getattr(one, name) == getattr(other, name)] == []
    assert len(Path(one.folder).parts) > len(Path(other.folder).parts)
    first, second = (where.environment(tmp_path / str(number)) for number, where in enumerate((one, other)))
    for name in ("HOME", "TMPDIR", "LC_ALL", "TZ", "PYTHONHASHSEED", "USER"):
        assert first[name] != second[name]
    assert not {"MLFLOW_TRACKING_URI", "DVC_ROOT"} & (first.keys() | second.keys())
    assert (other.user is None) == (other.prefix == [])
