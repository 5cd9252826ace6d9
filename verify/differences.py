"""Compare the digests of two clones, and lay the result out."""

from collections.abc import Sequence
from dataclasses import dataclass

from verify.outputs import Digests


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Say what became of a stage's files."""

    stage: str
    same: int
    different: tuple[str, ...]
    """Files of both with other bytes."""
    single: tuple[str, ...]
    """Files that one of the two lacks."""

    @property
    def files(self) -> int:
        """Return how many there are in either."""
        return self.same + len(self.different) + len(self.single)

    @property
    def faults(self) -> tuple[str, ...]:
        """Say what is wrong, a phrase for each file."""
        other = [f"{name} has other bytes" for name in self.different]
        return (*other, *(f"{name} is in one of the two alone" for name in self.single))


def compare(one: Digests, other: Digests) -> list[Compared]:
    """Compare all files of two runs.

    Args:
        one: the digests of a run.
        other: of the other.

    Returns:
        An entry for each stage of either, in the order of the first.
    """
    return [_stage(name, one.get(name, {}), other.get(name, {})) for name in {**one, **other}]


def _stage(name: str, one: dict[str, str], other: dict[str, str]) -> Compared:
    both = sorted(one.keys() & other.keys())
    different = tuple(path for path in both if one[path] != other[path])
    single = tuple(sorted(one.keys() ^ other.keys()))
    return Compared(stage=name, same=len(both) - len(different), different=different, single=single)


def table(compared: Sequence[Compared]) -> str:
    """Lay the comparison out.

    Args:
        compared: by stage.

    Returns:
        Lines: stage, files, how many have the same bytes, and the first that has not.
    """
    rows = [("stage", "files", "same", "")]
    rows += [(one.stage, str(one.files), str(one.same), _said(one)) for one in compared]
    total = ("all", str(sum(one.files for one in compared)), str(sum(one.same for one in compared)), "")
    width = max(len(row[0]) for row in rows)
    return "\n".join(
        f"{name:<{width}}  {files:>6}  {same:>6}  {said}".rstrip() for name, files, same, said in [*rows, total]
    )


def _said(one: Compared) -> str:
    if not one.files:
        return "no file"
    return one.faults[0] if one.faults else ""


def first_fault(compared: Sequence[Compared]) -> str:
    """Name the first file that differs, in the order of the stages.

    Args:
        compared: by stage.

    Returns:
        Stage and file; empty where all have the same bytes. A stage without a file is a fault too.
    """
    for one in compared:
        if one.faults or not one.files:
            return f"{one.stage}: {_said(one)}"
    return ""
