"""Hash content into ids and files into fingerprints."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import hbir

_BLOCK = 1 << 20


def content_id(*parts: str) -> int:
    """Hash texts or codes into an id that is the same on every machine.

    Args:
        *parts: what identifies the record; their order counts.

    Returns:
        A signed 64-bit integer.
    """
    text = "\x1f".join(parts).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)


def digest(text: str) -> str:
    """Hash a text.

    Args:
        text: any string.

    Returns:
        Its SHA-256 in hexadecimal.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Hash a file's bytes.

    Args:
        path: an existing file.

    Returns:
        Its SHA-256 in hexadecimal.
    """
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            sha.update(block)
    return sha.hexdigest()


def folder_digest(path: Path, pattern: str = "**/*") -> str:
    """Hash the names and bytes of the files under a folder.

    Args:
        path: an existing folder.
        pattern: which files count, as a glob below the folder.

    Returns:
        One SHA-256 in hexadecimal, independent of the order in which the file system lists them.
    """
    files = sorted(p for p in path.glob(pattern) if p.is_file())
    return digest("\n".join(f"{p.relative_to(path).as_posix()} {file_digest(p)}" for p in files))


def code_digests(packages: Sequence[str]) -> dict[str, str]:
    """Hash code of this project.

    Args:
        packages: folders of `hbir`.

    Returns:
        By package, a SHA-256 in hexadecimal.
    """
    folder = Path(hbir.__file__).parent
    return {name: folder_digest(folder / name, "**/*.py") for name in packages}
