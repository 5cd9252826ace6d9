"""Find what an entry of params.yaml names, and check its keys."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from hbir.core.errors import ParamsError
from hbir.core.params import unknown, validated

Entry = str | dict[str, Any]
"""A name alone, or a mapping with the name and further keys."""
FAMILY = "/<name>"
"""Ends the key of a kind whose names go on after a slash: `beir/<name>` holds for `beir/scifact`."""


class HasParams(Protocol):
    """Require what every kind says."""

    @property
    def params(self) -> type[Any]:
        """Return the class that describes an entry of it."""


_Kind = TypeVar("_Kind", bound=HasParams)


class Registry(dict[str, _Kind]):
    """Hold kinds by the name that params.yaml uses."""

    def __init__(self, kinds: Mapping[str, _Kind], key: str = "name") -> None:
        """Take the table.

        Args:
            kinds: by name, or by the name of a family and FAMILY.
            key: what the name stands under in a mapping.
        """
        super().__init__(kinds)
        self._key = key

    def name_of(self, entry: Entry, where: str) -> str:
        """Return the name of an entry.

        Args:
            entry: as in params.yaml.
            where: the file and key, for a message.

        Returns:
            Such as `beir/scifact`, known or not.

        Raises:
            ParamsError: when a mapping has no name.
        """
        name = entry if isinstance(entry, str) else entry.get(self._key)
        if not isinstance(name, str):
            expected = f"a `{self._key}`"
            raise ParamsError(where=where, expected=expected, found=str(entry), hint="Add the key.")
        return name

    def parse(self, entry: Entry, where: str, within: str = "") -> tuple[_Kind, Any]:
        """Check an entry without reading or making anything.

        Args:
            entry: as in params.yaml.
            where: the file and key, for a message.
            within: what to put before the name of a wrong key; `where` when empty.

        Returns:
            The kind and its params.

        Raises:
            ParamsError: when there is no kind of that name, or a key is wrong.
        """
        name = self.name_of(entry, where)
        family = name.split("/", 1)[0] + FAMILY
        if name not in self and family not in self:
            raise unknown(where if isinstance(entry, str) else f"{where}.{self._key}", name, self)
        kind = self[name if name in self else family]
        fields = {self._key: entry} if isinstance(entry, str) else entry
        return kind, validated(kind.params, fields, within or where)

    def classes(self) -> dict[str, type[Any]]:
        """Return the class of each kind's params, for the documentation.

        Returns:
            The classes by name.
        """
        return {name: kind.params for name, kind in self.items()}
