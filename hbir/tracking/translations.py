"""Read what the translate stage counted."""

from pathlib import Path
from typing import Any

from hbir.core.files import read_json
from hbir.core.params import read_params
from hbir.core.paths import PARAMS, TRANSLATED

COUNTS = ".stats.json"
"""What follows the language in the names of the files."""


def read_translations(root: Path) -> dict[str, Any]:
    """Read the counts of a project.

    Args:
        root: its folder.

    Returns:
        Language → what became of its pairs; a file of a language that params.yaml does not name is an old one.
    """
    files = {path.name.removesuffix(COUNTS): path for path in (root / TRANSLATED).glob(f"*{COUNTS}")}
    current = read_params(root / PARAMS).get("languages", []) if files else []
    return {language: read_json(path) for language, path in sorted(files.items()) if language in current}
