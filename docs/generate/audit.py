"""Say what pip-audit found, and of how many packages it knew anything: `make audit`.

pip-audit itself says that no hole is known where its service knew no package at all, as behind a mirror of a
package index, and ends in a traceback where the service cannot be reached.
"""

import json
import sys
from pathlib import Path
from typing import Any

_NAMED = 5


def audited(report: dict[str, Any]) -> tuple[list[str], int]:
    """Sum up a report.

    Args:
        report: what `pip-audit --format json` writes.

    Returns:
        A line for each hole, and one at the end for all; and the exit code, 0 where packages were looked up and
        none has a hole.
    """
    packages = report["dependencies"]
    known = [package for package in packages if "vulns" in package]
    unknown = [package["name"] for package in packages if "vulns" not in package]
    holes = [_hole(package, hole) for package in known for hole in package["vulns"]]
    if not known:
        nothing = f"none of the {len(packages)} packages is known to the service that pip-audit asks"
        return [f"Nothing was audited: {nothing}."], 1
    more = f", and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    rest = f"; nothing is known of {', '.join(unknown[:_NAMED])}{more}" if unknown else ""
    return [*holes, f"{len(known)} packages audited, {len(holes)} known holes{rest}."], int(bool(holes))


def _hole(package: dict[str, Any], hole: dict[str, Any]) -> str:
    mended = ", ".join(hole.get("fix_versions") or []) or "no version"
    return f"{package['name']} {package['version']}: {hole['id']}, mended in {mended}"


def unreached(log: str) -> str:
    """Say in one line why there is no report.

    Args:
        log: what pip-audit printed.

    Returns:
        Its last line, which names the error.
    """
    said = [line.strip() for line in log.splitlines() if line.strip()]
    return f"Nothing was audited: {said[-1][:300] if said else 'pip-audit wrote no report'}"


def main(report: Path, log: Path) -> int:
    """Print what there is.

    Args:
        report: pip-audit's, in JSON; not there where it failed.
        log: what it printed.

    Returns:
        The exit code.
    """
    if report.is_file():
        lines, code = audited(json.loads(report.read_text(encoding="utf-8")))
    else:
        lines, code = [unreached(log.read_text(encoding="utf-8", errors="replace"))], 1
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
