"""How far a training is: lines where there is no terminal, a file in any case."""

import io
import itertools
import logging
import re
import sys
import time
from pathlib import Path

import pytest

from hbir.batching.plan import read_plan
from hbir.core.files import read_table
from hbir.core.progress import Counted, duration
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.encoding.model import features, load_encoder
from hbir.training import progress
from hbir.training.pace import Pace
from hbir.training.progress import Progress, log_file
from hbir.training.run import train
from hbir.training.texts import PairTexts
from tests.training.conftest import Files
from tests.training.observers import Silent


class Clock:
    """Let a test set the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


def follow(clock: Clock, steps: int, seconds: float, total: int) -> None:
    with Progress("train xx", total, 0, 64) as following:
        for _ in range(steps):
            clock.now += seconds
            following.step(2.5)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == progress.__name__]


def test_it_says_how_long_it_will_take_and_then_how_far_it_is(monkeypatch, caplog):
    with caplog.at_level(logging.INFO, "hbir"):
        follow(Clock(monkeypatch), 100, 1.0, 800)
    first, *others = lines(caplog)
    assert first == "train xx: about 13 min for 800 steps, 64 pairs/s"
    assert others == [
        "train xx: step 41 of 800, loss 2.500, 64 pairs/s, 13 min left",
        "train xx: step 71 of 800, loss 2.500, 64 pairs/s, 12 min left",
    ]


def test_slow_steps_are_told_of_sooner(monkeypatch, caplog):
    with caplog.at_level(logging.INFO, "hbir"):
        follow(Clock(monkeypatch), 3, 20.0, 800)
    assert lines(caplog) == ["train xx: about 4 h 26 min for 800 steps, 3.2 pairs/s"]


def test_short_trainings_say_nothing(monkeypatch, caplog):
    with caplog.at_level(logging.INFO, "hbir"):
        follow(Clock(monkeypatch), 5, 0.1, 5)
    assert lines(caplog) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_bar_says_it_and_the_file_has_the_lines(tmp_path: Path, monkeypatch, caplog):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with caplog.at_level(logging.INFO, "hbir"), log_file(tmp_path / "logs/train-xx.log"):
        follow(Clock(monkeypatch), 50, 1.0, 800)
    assert lines(caplog) == []
    assert "train xx" in screen.getvalue()
    written = (tmp_path / "logs/train-xx.log").read_text()
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ train xx: step 41 of 800", written, re.MULTILINE)


def test_a_closed_terminal_stops_nothing(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    clock = Clock(monkeypatch)
    with Progress("train xx", 10, 0, 64) as following:

        def gone(_: str) -> int:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(screen, "write", gone)
        for _ in range(5):
            clock.now += 10
            following.step(2.5)


def test_the_file_goes_on_where_it_was(tmp_path: Path, caplog):
    with caplog.at_level(logging.INFO, "hbir"):
        for text in ("one", "two"):
            with log_file(tmp_path / "a.log"):
                logging.getLogger("hbir.anything").info(text)
        logging.getLogger("hbir.anything").info("three")
    assert [line.split()[-1] for line in (tmp_path / "a.log").read_text().splitlines()] == ["one", "two"]


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path: Path, caplog):
    (tmp_path / "logs").touch()
    with log_file(tmp_path / "logs/a.log"):
        pass
    assert "no log is written" in caplog.text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (3600, "60 min"), (11100, "3 h 05 min")]
)
def test_times_read_well(seconds: float, text: str):
    assert duration(seconds) == text


def count(caplog: pytest.LogCaptureFixture, total: int | None, **options: bool) -> list[str]:
    times = itertools.count(0, 20)
    with (
        caplog.at_level(logging.INFO, "hbir"),
        Counted("embedding", total, "texts", clock=lambda: next(times), **options) as counted,
    ):
        for _ in range(10):
            counted.add(100)
    return [record.getMessage() for record in caplog.records]


def test_what_takes_long_says_how_far_it_is_where_there_is_no_terminal(caplog):
    assert count(caplog, 2000)[:2] == [
        "embedding: 200 of 2,000 texts, 6 min left",
        "embedding: 400 of 2,000 texts, 5 min left",
    ]


def test_what_is_done_or_has_no_end_says_no_time(caplog):
    assert count(caplog, 1000)[-1] == "embedding: 1,000 of 1,000 texts"
    caplog.clear()
    assert count(caplog, None)[-1] == "embedding: 1,000 texts"


def test_what_nobody_waits_for_says_nothing(caplog):
    assert count(caplog, 1000, bar=False, lines=False) == []


def test_on_a_terminal_there_is_a_bar_in_place_of_lines_unless_another_has_it(monkeypatch, caplog):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    assert count(caplog, 1000) == []
    assert "embedding" in screen.getvalue()
    screen.truncate(0)
    assert len(count(caplog, 1000, bar=False)) == 5
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    ("step", "validation", "said"),
    [
        (1.0, 20.0, ["train xx: a validation takes 20 s; 5 more take about 2 min"]),
        (1.0, 4.9, []),
        (
            0.5,
            30.0,
            [
                "train xx: a validation takes 30 s; 5 more take about 2 min",
                "train xx: validations take 55 % of the time. Raise train.validation.every, which is 50, or "
                "lower train.validation.batches.",
            ],
        ),
    ],
)
def test_validations_say_once_what_they_take(
    monkeypatch, caplog, step: float, validation: float, said: list[str]
):
    clock = Clock(monkeypatch)
    monkeypatch.setattr("hbir.training.pace.SHORT", 5.0)
    pace = Pace("train xx", 50, 0, lambda: clock.now)
    with caplog.at_level(logging.INFO, "hbir"):
        for number in range(1, 7):
            clock.now += 50 * step
            pace.begin_validation(50 * number)
            clock.now += validation
            pace.end_validation(50 * number, 6 - number)
    assert [record.getMessage() for record in caplog.records] == said


def test_after_a_resume_in_between_the_share_is_still_that_of_whole_intervals(monkeypatch, caplog):
    clock = Clock(monkeypatch)
    monkeypatch.setattr("hbir.training.pace.SHORT", 5.0)
    pace = Pace("train xx", 50, 45, lambda: clock.now)
    with caplog.at_level(logging.INFO, "hbir"):
        clock.now += 5.0
        pace.begin_validation(50)
        clock.now += 10.0
        pace.end_validation(50, 0)
    assert caplog.messages == ["train xx: a validation takes 10 s"]


def test_tokens_are_those_of_the_texts(files: Files, tmp_path: Path, main_repository: Path, caplog):
    """The slow twin: every text of the plan through the encoder's own tokenizer."""
    job = files.job(tmp_path / "model")
    with caplog.at_level(logging.INFO, "hbir"):
        train(job, Silent())
    plan, model = read_plan(job.plan), load_encoder(job.initial)
    texts = PairTexts(read_table(job.pairs, PAIRS_SCHEMA))
    total = sum(
        int(features(model, texts.texts(side, rows), side)["attention_mask"].sum())
        for batch in plan.batches()
        for side, rows in texts.rows(batch).items()
    )
    assert f"train hybrid: {total:,} tokens in all, {total / plan.steps:,.0f} a step" in caplog.messages


def test_a_training_leaves_its_log(files: Files, tmp_path: Path, main_repository: Path, caplog):
    with caplog.at_level(logging.INFO, "hbir"):
        train(files.job(tmp_path / "model"), Silent())
    written = (main_repository / ".hbir/logs/train-hybrid.log").read_text()
    assert re.search(r"train hybrid: 12 steps of 4 pairs, [\d,]+ weights, on cpu in fp32", written)
    assert "train hybrid: about 0 s for 12 steps" in written
