"""Read a project's files as a Git revision or a DVC experiment has them, from Git and from DVC's cache."""

from pathlib import Path

from hbir.core.errors import DataError


class Revision:
    """Read the files of one revision; names are those in the project's folder, wherever that lies."""

    def __init__(self, root: Path, name: str) -> None:
        """Open a revision.

        Args:
            root: the project's folder, which need not be the root of its Git repository.
            name: a commit, branch or tag, or a DVC experiment.

        Raises:
            DataError: when there is no such revision, or no Git.
        """
        # DVC takes two seconds to import.
        from dvc.api import DVCFileSystem
        from dvc.exceptions import DvcException
        from dvc.repo import Repo

        try:
            with Repo(str(root)) as repo:
                top = Path(repo.scm.root_dir).resolve()
            self._files: DVCFileSystem = DVCFileSystem(str(top), rev=name, subrepos=True)
        except DvcException as error:
            raise DataError(
                where=f"revision {name}",
                expected="a Git revision or a DVC experiment",
                found=" ".join(str(error).split()) or type(error).__name__,
                hint="`dvc exp list` and `git log` show the names.",
            ) from error
        self._prefix = root.resolve().relative_to(top).as_posix()

    def has(self, name: str) -> bool:
        """Tell whether there is a file or folder.

        Args:
            name: relative to the project's folder.

        Returns:
            Whether there is.
        """
        return bool(self._files.exists(self._path(name)))

    def read(self, name: str) -> str:
        """Read a text file.

        Args:
            name: relative to the project's folder.

        Returns:
            Its content.
        """
        return str(self._files.read_text(self._path(name)))

    def folders(self, name: str) -> list[str]:
        """List the folders in a folder.

        Args:
            name: relative to the project's folder.

        Returns:
            Their names alone; none where there is no such folder.
        """
        entries = self._files.ls(self._path(name)) if self.has(name) else []
        return sorted(Path(entry["name"]).name for entry in entries if entry["type"] == "directory")

    def find(self, folder: str, *endings: str) -> list[str]:
        """List the files below a folder.

        Args:
            folder: relative to the project's folder.
            *endings: of the names that are wanted.

        Returns:
            Names relative to the project's folder; none where there is no such folder.
        """
        found = self._files.find(self._path(folder)) if self.has(folder) else []
        start = self._path("").strip("/")
        names = (path.strip("/").removeprefix(start).strip("/") for path in found)
        return sorted(name for name in names if name.endswith(endings))

    def size(self, name: str) -> int:
        """Measure a file or folder.

        Args:
            name: relative to the project's folder.

        Returns:
            Bytes.
        """
        return int(self._files.du(self._path(name)))

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file or folder.

        Args:
            name: relative to the project's folder.
            target: the folder that gets it under the same name.
        """
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        self._files.get(self._path(name), str(place), recursive=True)

    def _path(self, name: str) -> str:
        return "/".join(part for part in ("" if self._prefix == "." else self._prefix, name) if part)


def unavailable() -> tuple[type[Exception], ...]:
    """Return what DVC raises where neither its cache nor a remote has the data."""
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    return FileNotFoundError, DvcException, DataIndexDirError
