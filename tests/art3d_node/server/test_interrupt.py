"""Stopping a step from another thread, and what must not be stopped."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from art3d_node.server.workers import interrupt
from host_bridge.core.errors import CancelledError


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    interrupt.install()
    yield
    signal.signal(signal.SIGUSR1, before)


class Job:
    """Work that somebody may cancel."""

    cancelled = False

    def check(self) -> None:
        if self.cancelled:
            raise CancelledError("nobody waits")

    def cancel_after(self, seconds: float) -> threading.Thread:
        def cancel() -> None:
            time.sleep(seconds)
            self.cancelled = True
            interrupt.poke()

        thread = threading.Thread(target=cancel)
        thread.start()
        return thread


def test_a_step_stops_at_once() -> None:
    job = Job()
    thread = job.cancel_after(0.05)
    with pytest.raises(CancelledError), interrupt.stoppable(job.check):
        time.sleep(30.0)
    thread.join()


def test_a_poke_before_the_step_is_not_lost() -> None:
    job = Job()
    job.cancelled = True
    with pytest.raises(CancelledError), interrupt.stoppable(job.check):
        pytest.fail("the step began")


def test_outside_a_step_nothing_is_raised() -> None:
    job = Job()
    with interrupt.stoppable(job.check):
        pass
    job.cancelled = True
    interrupt.poke()
    time.sleep(0.01)


def test_a_poke_for_another_job_changes_nothing() -> None:
    with interrupt.stoppable(lambda: None):
        interrupt.poke()
        time.sleep(0.01)


def test_another_thread_works_to_its_end() -> None:
    done = []

    def work() -> None:
        with interrupt.stoppable(lambda: None):
            interrupt.poke()
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
