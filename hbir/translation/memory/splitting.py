"""Split many texts into sentences, and remember where: finding them is slower than looking translations up."""

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from tqdm import tqdm

from hbir.translation.memory.memory import Memory
from hbir.translation.memory.store import Remembered
from hbir.translation.memory.units import Span, Unit, cut, spans

SHARED = "sentences"
"""Name of the file of what is the same for all languages."""
_RULES = 2
"""To be raised with any change of what `spans` finds."""
_CHUNK = 5_000
"""Texts between two commits."""


def split_all(texts: Sequence[str], memory: Memory) -> list[list[Unit]]:
    """Split texts into sentences.

    Args:
        texts: English texts, none twice.
        memory: of any language; in its folder all share the file that keeps the sentences' places.

    Returns:
        The units of each text.

    Raises:
        DataError: when the memory cannot be read or written.
    """
    shared = Memory(memory.path.with_name(f"{SHARED}.sqlite"))
    part = shared.part({"sentences": _RULES, "syntok": version("syntok")})
    found: dict[str, list[Span]] = {text: json.loads(entry.text) for text, entry in part.get(texts).items()}
    unknown = [text for text in texts if text not in found]
    if unknown:
        part.make_sure_to_write()
    hidden = None if unknown else True
    with tqdm(total=len(unknown), desc="find sentences", unit=" texts", disable=hidden) as bar:
        for chunk in chunks(unknown, _CHUNK):
            new = {text: spans(text) for text in chunk}
            part.put({text: Remembered(json.dumps(places)) for text, places in new.items()})
            found |= new
            bar.update(len(chunk))
    return [cut(text, found[text]) for text in texts]


def chunks(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Take texts a few at a time.

    Args:
        texts: any.
        size: how many at most.

    Yields:
        Them, in order.
    """
    for start in range(0, len(texts), size):
        yield texts[start : start + size]
