"""Read text files of which line n of one is the translation of line n of the others."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hbir.benchmarks.parallel_rows import Text
from hbir.core.errors import DataError
from hbir.core.languages import language, language_code
from hbir.core.lines import read_lines


def named_language(code: str, where: str) -> str:
    """Return the one code of a language that the project knows.

    Args:
        code: as somebody wrote it, such as `pt-BR`.
        where: what to call the place in a message.

    Returns:
        Such as `pt`.

    Raises:
        LanguageError: when there is none; the nearest is named.
    """
    return language(language_code(code, where), where).code


def read_aligned(files: Mapping[str, Path]) -> Iterator[dict[str, Text]]:
    """Read aligned files, one per language.

    Args:
        files: by language.

    Yields:
        A line's text in every language; an empty line is an empty text.

    Raises:
        DataError: when there is one language alone, a file cannot be read, or they differ in lines.
    """
    if len(files) < 2:
        [(code, path)] = files.items()
        raise DataError(
            where=f"{code}={path}",
            expected="aligned files of at least two languages",
            found=f"{code} alone",
            hint="Name the others too, as in `de=texts.de`.",
        )
    counts = {path: sum(1 for _ in read_lines(path)) for path in files.values()}
    if len(set(counts.values())) > 1:
        raise DataError(
            where=", ".join(map(str, counts)),
            expected="as many lines in each, line n of one a translation of line n of the others",
            found=" and ".join(f"{count:,}" for count in counts.values()),
            hint="Align the files again, or name those that belong together.",
        )
    for lines in zip(*map(read_lines, files.values()), strict=True):
        yield {code: Text("", text) for code, (_, text) in zip(files, lines, strict=True)}
