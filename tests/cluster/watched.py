"""Translators that say in a file what each worker does, and that fail in one way or another."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hbir.core.errors import DataError
from hbir.translation.engines.engine import Unfinished
from tests.translation import fakes


class Noting(fakes.Mixing):
    """Note the process of every batch, begin when two have come, and wait at the batch of a certain text."""

    def __init__(self, folder: Path, stops_at: str = ""):
        super().__init__()
        self.folder, self.stops_at = folder, stops_at

    def translate(self, texts):
        note(self.folder, texts[0])
        until(lambda: len({process for process, _ in noted(self.folder)}) > 1)
        if texts[0] == self.stops_at:
            until((self.folder / "go").is_file)
        return super().translate(texts)


class Dying(Noting):
    """Take the whole process along, whenever a certain text comes."""

    def translate(self, texts):
        note(self.folder, texts[0])
        if texts[0] == self.stops_at:
            os._exit(1)
        return fakes.Mixing.translate(self, texts)


class Failing(fakes.Upper):
    """Fail at one of the texts, as a translator does."""

    def translate(self, texts):
        if "text 5" in texts:
            raise DataError(where="a row", expected="sense", found="none", hint="Mend it.")
        return super().translate(texts)


class Breaking(fakes.Upper):
    """Fail as no translator should."""

    def translate(self, texts):
        raise ZeroDivisionError(f"at {texts[0]}")


class Differing(fakes.Upper):
    """Have another version in every process."""

    def __init__(self):
        super().__init__(process=os.getpid())


class Mixed(Noting):
    """Have the arithmetic that the first process to come did not take."""

    @property
    def arithmetic(self):
        try:
            (self.folder / "first").touch(exist_ok=False)
            self.own = "bf16"
        except FileExistsError:
            self.own = getattr(self, "own", "fp32")
        return self.own


class Stopped(fakes.Upper):
    """Come to no end with one of the texts."""

    def translate(self, texts):
        return [Unfinished(text) if text == "text 1" else text for text in texts]


def note(folder: Path, what: str) -> None:
    with (folder / "log").open("a", encoding="utf-8") as stream:
        stream.write(f"{os.getpid()} {what}\n")


def noted(folder: Path) -> list[list[str]]:
    path = folder / "log"
    return [line.split(" ", 1) for line in path.read_text().splitlines()] if path.is_file() else []


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 600
    while not true() and time.monotonic() < end:
        time.sleep(0.02)


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def stopping_encoder(folder: Path, model: Path) -> Any:
    """Load an encoder that notes its batches, begins when two processes have come, and stops once, anywhere."""
    from hbir.encoding.model import load_encoder

    encoder, mine = load_encoder(model, "cpu"), list[int]()

    def watch(*_: object) -> None:
        mine.append(0)
        note(folder, "batch")
        until(lambda: len({process for process, _ in noted(folder)}) > 1)
        if len(mine) == 2 and not (folder / "stopped").exists():
            (folder / "stopped").write_text(str(os.getpid()))
            until((folder / "go").is_file)

    encoder.register_forward_pre_hook(watch)
    return encoder


def kill_who_stops(folder: Path) -> None:
    """Kill the process that stopped, and let the others go on."""
    until(lambda: (folder / "stopped").is_file() and (folder / "stopped").read_text())
    process = int((folder / "stopped").read_text())
    os.kill(process, signal.SIGKILL)
    # A killed process may run on for a moment, and would finish its batch.
    until(lambda: not runs(process))
    (folder / "go").touch()
