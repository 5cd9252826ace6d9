"""Find out what the offsets of a file count.

SQuAD counts characters (Unicode code points). Tools that count UTF-16 units (JavaScript, Java, .NET), bytes, or
line ends as two characters write other numbers. The texts tell which: an answer stands at its offset, and a
sentence does not end within a word.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TypeVar

import numpy as np

_Item = TypeVar("_Item")
_CARRIAGE_RETURN, _LINE_FEED = 13, 10


@dataclass(frozen=True)
class Unit:
    """Count offsets in some unit."""

    name: str
    """In words, such as `UTF-16 units, line ends as two`."""
    character: str
    """`character`, `UTF-16 unit` or `byte`."""
    line_end: str
    """`as written`, `two` or `one`: what a line end counts."""

    def boundary(self, context: str, offset: int) -> int | None:
        """Find the character that begins at an offset.

        Args:
            context: any text.
            offset: in this unit.

        Returns:
            Its index; the number of characters at the end of the text; None where no character begins.
        """
        if self is CHARACTERS or same_in_all(context):
            return offset if 0 <= offset <= len(context) else None
        ends = _ends(self, context)
        index = int(np.searchsorted(ends, offset, side="right"))
        begin = ends[index - 1] if index else 0
        return index if begin == offset else None

    def place(self, context: str, offset: int) -> int | None:
        """Find the character that begins at an offset.

        Args:
            context: any text.
            offset: in this unit.

        Returns:
            Its index; None where none begins, and at the end of the text.
        """
        index = self.boundary(context, offset)
        return None if index == len(context) else index

    def widths(self, codes: np.ndarray) -> np.ndarray:
        """Count each character.

        Args:
            codes: (n_characters,) code points.

        Returns:
            (n_characters,) int64, in this unit.
        """
        widths = np.ones(len(codes), np.int64)
        if self.character == "UTF-16 unit":
            widths += codes > 0xFFFF
        elif self.character == "byte":
            widths += np.sum([codes > limit for limit in (0x7F, 0x7FF, 0xFFFF)], axis=0)
        feeds, returns = codes == _LINE_FEED, codes == _CARRIAGE_RETURN
        if self.line_end == "two":
            widths += feeds & ~np.append(False, returns[:-1])
        elif self.line_end == "one":
            widths[returns & np.append(feeds[1:], False)] = 0
        return widths


_LINE_ENDS = {"as written": "", "two": ", line ends as two", "one": ", line ends as one"}
UNITS = [
    Unit(f"{character}s{words}", character, line_end)
    for (line_end, words), character in product(_LINE_ENDS.items(), ("character", "UTF-16 unit", "byte"))
]
"""The usual one first."""
CHARACTERS = UNITS[0]


def most_likely(items: Sequence[_Item], stands: Callable[[_Item, Unit], bool], usual: Unit) -> Unit:
    """Take the unit in which most offsets make sense.

    Args:
        items: what has offsets, in texts that tell units apart.
        stands: whether an item's offsets make sense in a unit.
        usual: the unit that is taken where none does better.

    Returns:
        One of UNITS.
    """
    if all(stands(item, usual) for item in items):
        return usual
    return max((usual, *UNITS), key=lambda unit: sum(stands(item, unit) for item in items))


def same_in_all(context: str) -> bool:
    """Tell whether every unit counts a text alike.

    Args:
        context: any text.

    Returns:
        Whether it is of ASCII characters in one line.
    """
    return context.isascii() and "\n" not in context


@lru_cache(maxsize=32)
def _ends(unit: Unit, context: str) -> np.ndarray:
    """Return where each character ends: (n_characters,) int64, kept for the paragraph's other offsets."""
    return np.cumsum(unit.widths(np.frombuffer(context.encode("utf-32-le"), np.uint32)))
