"""Put off the import of packages whose names other packages only mention."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType, new_class
from typing import Any

OPTIONAL = ("datasets", "peft", "scipy", "sklearn")
"""What sentence-transformers and transformers import at their top, and the pipeline's stages rarely use."""


@contextmanager
def deferred(*packages: str) -> Iterator[None]:
    """Give modules that are imported meanwhile stand-ins for some packages, imported at their first use.

    sentence-transformers imports scikit-learn (and with it SciPy's statistics) for one function, datasets (and
    with it pandas) and, through transformers, PEFT for `isinstance`: 1.9 of 6.5 seconds of CPU, in each of the
    seven processes of the default pipeline that embed. Later imports of these packages give the real ones.

    Args:
        *packages: names of packages; one that is imported already or not installed is left alone.

    Yields:
        Nothing.
    """
    finder = _Finder({name for name in packages if name not in sys.modules and PathFinder.find_spec(name)})
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for package in list(finder.packages):
            finder.forget(package)


class _Finder(MetaPathFinder, Loader):
    """Find stand-ins for packages and everything in them."""

    def __init__(self, packages: set[str]) -> None:
        self.packages = packages

    def forget(self, package: str) -> None:
        """Remove the stand-ins of a package for good, so that the next import finds the real one."""
        self.packages.discard(package)
        for name, module in list(sys.modules.items()):
            if isinstance(module, _Module) and _package(name) == package:
                del sys.modules[name]

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Find a stand-in for what is put off."""
        return ModuleSpec(fullname, self, is_package=True) if _package(fullname) in self.packages else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make a module without content."""
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: its names are made when they are asked for."""


class _Module(ModuleType):
    """Give a stand-in for every name while the import is put off, and the real thing afterwards."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        if self.__name__ not in sys.modules or sys.modules[self.__name__] is not self:
            return getattr(importlib.import_module(self.__name__), name)
        return _Class(name, (), {"__module__": self.__name__, "finder": self.__loader__})


class _Class(type):
    """Stand in for a class or a function; the real one comes when it is called, derived from or looked into.

    Nothing can be an instance of a class whose module was never imported, so asking does not import it.
    """

    finder: _Finder

    def __new__(cls, name: str, bases: tuple[type, ...], content: dict[str, Any]) -> Any:
        """Make a stand-in, or a class that derives from what stand-ins stand for."""
        if not bases:
            return super().__new__(cls, name, bases, content)
        real = tuple(_real(base) if isinstance(base, _Class) else base for base in bases)
        return new_class(name, real, exec_body=lambda namespace: namespace.update(content))

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return _real(cls)(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(cls), name)

    def __instancecheck__(cls, instance: object) -> bool:
        return _imported(cls) and isinstance(instance, _real(cls))

    def __subclasscheck__(cls, subclass: type) -> bool:
        return _imported(cls) and issubclass(subclass, _real(cls))


def _real(stand_in: _Class) -> Any:
    """Import what a stand-in stands for."""
    stand_in.finder.forget(_package(stand_in.__module__))
    return getattr(importlib.import_module(stand_in.__module__), stand_in.__name__)


def _imported(stand_in: _Class) -> bool:
    package = _package(stand_in.__module__)
    return package in sys.modules and not isinstance(sys.modules[package], _Module)


def _package(module: str) -> str:
    return module.partition(".")[0]
