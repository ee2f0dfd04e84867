"""The wish to end a run."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from vedette.stop import Stop


@pytest.fixture
def stop() -> Iterator[Stop]:
    wish = Stop()
    before = signal.signal(signal.SIGALRM, lambda *_: wish.set())
    yield wish
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_it_waits_no_longer_than_asked(stop: Stop) -> None:
    began = time.monotonic()
    assert stop.wait(0.02) is False
    assert stop.wait(0.0) is False
    assert stop.wait(-5.0) is False
    assert 0.02 <= time.monotonic() - began < 2
    assert not stop.is_set()


def test_a_signal_ends_the_wait_at_once(stop: Stop) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    began = time.monotonic()
    assert stop.wait(30) is True
    assert time.monotonic() - began < 5
    assert stop.is_set()


def test_another_thread_ends_the_wait_too(stop: Stop) -> None:
    threading.Timer(0.05, stop.set).start()
    assert stop.wait(30) is True


def test_once_set_it_stays_set_however_often_it_is_asked(stop: Stop) -> None:
    stop.set()
    stop.set()
    assert [stop.wait(30) for _ in range(4)] == [True] * 4


def test_signals_by_the_thousand_never_lock_it_up(stop: Stop) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    for _ in range(3000):
        stop.wait(0.0002)
        stop._set = False  # wish again, so that the waits go on
    assert stop.wait(5) is True


def test_woken_it_waits_no_longer_and_is_no_wish_to_end(stop: Stop) -> None:
    threading.Timer(0.05, stop.wake).start()
    began = time.monotonic()
    assert stop.wait(30) is False
    assert time.monotonic() - began < 5
    assert not stop.is_set()
