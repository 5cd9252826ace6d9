"""Write pip's report of what it would install as requirements with hashes: `make hashes`."""

import json
import sys
from pathlib import Path
from typing import Any


def hashed(report: dict[str, Any]) -> str:
    """Name every file by its hash.

    Args:
        report: what `pip install --report` writes.

    Returns:
        Lines for `pip install --require-hashes -r`, in the order of the names.
    """
    lines = []
    for item in report["install"]:
        about, hashes = item["metadata"], item["download_info"]["archive_info"]["hashes"]
        lines.append(f"{about['name'].lower()}=={about['version']} --hash=sha256:{hashes['sha256']}")
    head = "# Made by `make hashes` from requirements.lock, for machines of this kind alone."
    return "\n".join([head, *sorted(lines)]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(hashed(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
