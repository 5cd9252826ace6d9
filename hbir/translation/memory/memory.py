"""Keep on disk whatever was translated, so that nothing is translated twice."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hbir.core.lines import expanded
from hbir.core.machine import main_root
from hbir.translation.memory.store import Remembered, Store


def memory_path(folder: str, target: str) -> Path:
    """Name the file of a language.

    Args:
        folder: `translate.memory` of params.yaml; a relative one is below the main repository, so that
            experiments in temporary directories share it.
        target: the language's tag.

    Returns:
        The file, whether it exists or not.

    Raises:
        ParamsError: when the folder names an environment variable that is not set.
    """
    return main_root() / expanded(folder, "params.yaml: translate.memory") / f"{target}.sqlite"


class Memory:
    """Remember what was translated into one language, in any way."""

    def __init__(self, path: Path) -> None:
        """Make the file, or make sure that it can be used.

        Args:
            path: of the file; missing folders are made.

        Raises:
            DataError: when it is broken, of another layout, or cannot be written.
        """
        self.path = path
        self._store = Store(path)

    def part(self, identity: Mapping[str, Any]) -> "Part":
        """Open the part that holds what came about in one way.

        Args:
            identity: whatever decides a text's translation, as plain JSON values.

        Returns:
            The part; another value of any key is another part.
        """
        return Part(self._store, identity)


class Part:
    """Look texts up, and add them, among what came about in one way."""

    def __init__(self, store: Store, identity: Mapping[str, Any]) -> None:
        """Keep the file and what makes keys.

        Args:
            store: the file.
            identity: whatever decides a text's translation.
        """
        self.store = store
        # JSON on one line: where it ends and the text begins is never in doubt.
        self._start = hashlib.sha256(json.dumps(identity, sort_keys=True).encode() + b"\n")

    def get(self, texts: Sequence[str]) -> dict[str, Remembered]:
        """Look sources up.

        Args:
            texts: any number.

        Returns:
            Those that are remembered.

        Raises:
            DataError: when the file cannot be read.
        """
        sources = {self._key(text): text for text in texts}
        return {sources[key]: entry for key, entry in self.store.read(list(sources))}

    def put(self, entries: Mapping[str, Remembered]) -> None:
        """Remember sources, all or none; one that is remembered already keeps what it has.

        Args:
            entries: by source.

        Raises:
            DataError: when the disk is full or the file cannot be written.
        """
        self.store.write({self._key(text): entry for text, entry in entries.items()})

    def make_sure_to_write(self) -> None:
        """Fail now where nothing could be added later, after a model was loaded.

        Raises:
            DataError: when the file cannot be written.
        """
        self.store.try_to_write()

    def _key(self, text: str) -> bytes:
        sha = self._start.copy()
        sha.update(text.encode())
        return sha.digest()
