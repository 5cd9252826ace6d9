"""Put off imports: what stands in for a package, and when the real one comes."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hbir.core.deferred import deferred

CONTENT = """
class Shape:
    sides = 4

    @classmethod
    def square(cls):
        return cls()

def double(number):
    return 2 * number
"""
USER = """
from made_up import Shape, double
from made_up.inner import Small
import made_up.inner as inner

def is_shape(value):
    return isinstance(value, Shape | Small)

def sides():
    return inner.SIDES

def is_small(kind):
    return issubclass(kind, Small)
"""


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Import, with stand-ins, a module that mentions a package."""
    (tmp_path / "made_up").mkdir()
    (tmp_path / "made_up/__init__.py").write_text(CONTENT)
    (tmp_path / "made_up/inner.py").write_text("class Small:\n    pass\nSIDES = 7\n")
    (tmp_path / "mentions.py").write_text(USER)
    monkeypatch.syspath_prepend(str(tmp_path))
    with deferred("made_up"):
        module = importlib.import_module("mentions")
    yield module
    for name in ("made_up", "made_up.inner", "mentions"):
        sys.modules.pop(name, None)


def test_a_mention_imports_nothing(user: ModuleType):
    assert "made_up" not in sys.modules
    assert "made_up.inner" not in sys.modules
    assert not user.is_shape(3)
    assert not user.is_small(int)
    assert "made_up" not in sys.modules


def test_a_call_imports_the_real_one(user: ModuleType):
    assert user.double(4) == 8
    assert "made_up" in sys.modules
    assert type(user.Shape()).__module__ == "made_up"


def test_a_look_inside_imports_the_real_one(user: ModuleType):
    assert user.Shape.sides == 4
    assert user.is_shape(user.Shape.square())


def test_a_module_that_was_kept_holds_the_real_constants(user: ModuleType):
    assert user.sides() == 7


def test_the_import_afterwards_gives_the_real_one_and_the_stand_ins_know_its_classes(user: ModuleType):
    import made_up  # type: ignore[import-not-found]
    from made_up.inner import Small  # type: ignore[import-not-found]

    assert made_up.Shape.sides == 4
    assert user.is_shape(made_up.Shape())
    assert user.is_shape(Small())
    assert not user.is_shape(3)
    assert user.is_small(Small)
    assert not user.is_small(made_up.Shape)


def test_a_class_derived_from_a_stand_in_is_one_of_the_real_class(user: ModuleType):
    """A package that is used while it is put off comes at once, and nothing is half of it."""
    derived = type("Derived", (user.Shape,), {})
    assert derived().sides == 4
    assert "made_up" in sys.modules
    assert isinstance(derived(), importlib.import_module("made_up").Shape)


def test_within_the_block_a_use_brings_the_real_one_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "used_at_once.py").write_text(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    with deferred("used_at_once"):
        from used_at_once import double  # type: ignore[import-not-found]

        assert double(1) == 2
        real = sys.modules["used_at_once"]
        from used_at_once import Shape

        assert Shape is real.Shape
    assert sys.modules.pop("used_at_once") is real


def test_what_is_not_installed_stays_so():
    with deferred("made_up_and_absent"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("made_up_and_absent")


def test_what_is_imported_already_is_left_alone():
    with deferred("json"):
        import json

        assert json.loads("[1]") == [1]
    assert json is sys.modules["json"]


def test_the_block_leaves_no_finder_behind():
    before = list(sys.meta_path)
    with pytest.raises(ZeroDivisionError), deferred("made_up"):
        1 / 0  # noqa: B018
    assert sys.meta_path == before
