"""Say what a row and a byte of text cost in every stage, as perf/scale.json measured it.

That file has the pipeline on made-up corpora of up to four million pairs: 26.2 million rows, a row being a
pair in one language, with 116 bytes of text each. The same corpus of 40,000 pairs with passages twelve times
as long, 665 bytes a row, was run once more by the same commands on the same machine on 2026-11-27: `collect`
took 40 s of CPU in place of 14, `translate` 25 of 12.5, `build-batches` 4.3 of 1.8, `encoder` 12.2 of 7.3. The
prices of a row and of a byte are fitted by hand to both, that of `collect` also to 14.8 s for 20,000 pairs of
5.5 kB (docs/performance.md). None is off by a factor of two, but for `build-batches` of 80,000 pairs, 6 s for
3. Seconds are of CPU; a stage has one core of it, but for tokenising, which has all.
tests/studies/test_estimate_scale.py holds the estimate to that file.
"""

from dataclasses import dataclass

from hbir.studies.amounts import Amount, about


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Hold seconds of CPU."""

    start: float
    """Of a command, before its first row: Python's imports."""
    row: float
    byte: float
    """Of text."""

    def seconds(self, rows: Amount, text: Amount, commands: int = 1) -> Amount:
        """Add up what a stage takes.

        Args:
            rows: pairs, each counted in every language.
            text: bytes of them.
            commands: of the stage.

        Returns:
            Seconds.
        """
        return about(self.start * commands) + rows * about(self.row) + text * about(self.byte)


COLLECT = Rate(start=1, row=5.5e-5, byte=1.2e-7)
"""Of `collect`: 1,772 s for four million pairs."""
TRANSLATE = Rate(start=1, row=2e-5, byte=8e-8)
"""Of `translate` where the engine runs no model, a command for each language: 947 s for nine."""
BATCHES = Rate(start=1, row=8e-6, byte=1.5e-8)
"""Of `build-batches` beside the planning: 280 s."""
PLAN = 8e-7
"""Seconds of `build-batches` per planned row: 79 s for 100 million (docs/performance.md, Plans)."""
TOKENIZER = Rate(start=7, row=3e-6, byte=2.5e-8)
"""Of `encoder` where it trains a tokenizer: 151 s. The corpus has 1,000 different words in each language;
more of them take longer."""
LOADED = Rate(start=7, row=2.5e-8, byte=0)
"""Of `encoder` where it loads one, by its weights in place of rows: 11 s for 153 million, without a
download."""
TOKENISED = 4e-7
"""Seconds of the first `train` per byte of text, whose tokens are then kept: 1,288 s for 3.1 GB, by a tokenizer
that is trained here. That of a pretrained encoder was not measured."""
BASE = 3e8
"""Bytes of memory of a command that holds no corpus and no encoder: 210 to 440 MB."""
LIBRARIES = 6.5e8
"""Bytes of memory of a command with torch, before its weights. `encoder` with 20,000 pairs had 613 MB, and one
that loads 610 MB of weights 1,294. To score those on 900 texts in batches of 64 took 1,475 MB, where the
estimate's sum is 1,466."""
COLLECTED, HELD_ROW, PARTS = 30, 300, 64
"""Bytes of memory of a pair in `collect`; and bytes of a row beside its text while pairs are put in order,
which is done in so many parts (hbir/collection/ordered.py)."""
INVENTORY, PER_LANGUAGE = 96, 16
"""Bytes of memory of a pair in `build-batches`, and of each of its languages: 1.38 GB with four million
pairs in nine. A made inventory has 60 and 8 of them (docs/performance.md, Plans); the rest is for making
it."""
VOCABULARY = 10
"""Bytes of memory of a row in `encoder` where it trains a tokenizer: 864 MB with four million pairs."""
TRAINED = 16
"""Bytes of memory of a row in `train`, beside what training takes: 1,156 MB with four million pairs, 741 MB
with 20,000. They are of mapped files, which the system takes back where others need the memory."""
PACKED, PLANNED = 0.5, 8
"""Bytes on the disk of a byte of text, within a factor of two or so, and of a planned row."""
LOOKED_UP = 1.4
"""Bytes on the disk of a byte of text for its tokens and for looking it up, in .hbir: 4.27 GB for 3.1."""
SCORED = 40
"""Bytes on the disk of a model's scores for each query and passage: 366 to 428 kB for 9,900 of the embedded
benchmark (dvc.lock)."""
