"""Stand in for translators, and translate in a process of its own that can be killed."""

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from hbir.translation.engines.engine import Segment
from hbir.translation.memory.memorised import MemorisedEngine
from hbir.translation.memory.memory import Memory

WORDS = ("oslo", "river", "why", "cold", "seven", "lamp", "of", "winter")


class Upper:
    """Translate each sentence alone, into capitals; count what it is asked."""

    def __init__(self, limit=None, **options):
        self.identity = {"engine": "upper", "revision": "1", **options}
        self.limit = limit
        self.batches: list[list[str]] = []
        self.measured: list[str] = []

    @property
    def asked(self):
        return [text for batch in self.batches for text in batch]

    def lengths(self, texts):
        self.measured += texts
        return [len(text.split()) + 1 for text in texts]

    def translate(self, texts):
        self.batches.append(list(texts))
        return [text.upper() for text in texts]


class Mixing(Upper):
    """Translate so that the result depends on the whole batch, more than any model's last digits do."""

    def translate(self, texts):
        mark = hashlib.sha256("|".join(texts).encode()).hexdigest()[:6]
        return [f"{text} <{mark}>" for text in super().translate(texts)]


class Logging(Mixing):
    """Write down every sentence that was translated, slowly, and kill the own process after some batches."""

    def __init__(self, log: Path, seconds: float, last: int):
        super().__init__()
        self.log, self.seconds, self.last = log, seconds, last

    def translate(self, texts):
        time.sleep(self.seconds)
        if len(self.batches) == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        translated = super().translate(texts)
        with self.log.open("a", encoding="utf-8") as stream:
            stream.writelines(f"{text}\n" for text in texts)
        return translated


def passages(count: int) -> list[Segment]:
    def sentence(number: int) -> str:
        words = (WORDS[(number + place) % len(WORDS)] for place in range(2 + number * 7 % 11))
        return " ".join(words).capitalize() + f" {number}."

    return [
        Segment("", " ".join(sentence(number) for number in range(start, start + 1 + start % 4)))
        for start in range(count)
    ]


def main(folder: str, seconds: str = "0", last: str = "-1") -> None:
    """Translate the passages into `folder`, as a stage would."""
    path = Path(folder)
    translator = Logging(path / "log", float(seconds), int(last))
    engine = MemorisedEngine("mixing", translator, Memory(path / "es.sqlite"), "es", batch_tokens=40)
    texts = engine.translate(passages(150))
    (path / "out").write_text("\n".join(text or "" for text in texts), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
