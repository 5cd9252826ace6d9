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


def test_a_thread_runs_without_it():
    seen: list[bool] = []

    def work() -> None:
        with interruptible() as interrupt:
            seen.append(interrupt.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
