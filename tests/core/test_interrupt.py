"""A request to stop is noted, and obeyed between two steps."""

import os
import signal
import threading

import pytest

from hbir.core.interrupt import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_request_is_noted_and_the_second_obeyed(number: signal.Signals):
    before = signal.getsignal(number)
    noted = []
    with pytest.raises(KeyboardInterrupt), interruptible() as interrupt:
        noted.append(interrupt.requested)
        os.kill(os.getpid(), number)
        noted.append(interrupt.requested)
        os.kill(os.getpid(), number)
    assert noted == [False, True]
    assert interrupt.number == number
    assert signal.getsignal(number) is before


def test_what_a_launcher_passes_on_as_well_counts_once(monkeypatch: pytest.MonkeyPatch):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "2")
    with interruptible() as interrupt:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
    assert interrupt.requested
    monkeypatch.setattr("hbir.core.interrupt._PASSED_ON", 0.0)
    with pytest.raises(KeyboardInterrupt), interruptible():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_thread_runs_without_it():
    seen: list[bool] = []

    def work() -> None:
        with interruptible() as interrupt:
            seen.append(interrupt.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
