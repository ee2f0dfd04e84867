"""Waiting and trying again when a cluster is busy or briefly away."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from connectors.search.port import RequestError
from engine.errors import VedetteError

log = logging.getLogger(__name__)
T = TypeVar("T")
_system = random.SystemRandom()


QUIET = 1.0
"""Seconds below which nobody is told of a wait: a busy cluster now and then is nothing to read."""

LOOK = 0.2
"""Seconds from one look to the next whether a wait is to end early."""


def never() -> bool:
    """No wait ends early."""
    return False


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential backoff with jitter: up to `limit` waits, from `first` to `longest` seconds.

    Each wait lies between half and the whole of its step, so that instances that failed
    together do not come back together. Once `ended` says so, nothing is waited for any more.
    """

    limit: int = 7
    first: float = 0.5
    longest: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = _system.random
    ended: Callable[[], bool] = never

    @classmethod
    def until(cls, ended: Callable[[], bool]) -> Retry:
        """One whose waits end early, soon after `ended` says so."""

        def sleep(seconds: float) -> None:
            end = time.monotonic() + seconds
            while not ended() and (left := end - time.monotonic()) > 0:
                time.sleep(min(left, LOOK))

        return cls(sleep=sleep, ended=ended)

    def call(self, action: Callable[[], T]) -> T:
        """Run `action` until it succeeds, fails for good, or the waits are used up."""
        patience = Patience(self)
        while True:
            try:
                return action()
            except RequestError as error:
                if not error.transient:
                    raise
                patience.wait(error)


class Patience:
    """The waits of one operation."""

    def __init__(self, retry: Retry) -> None:
        self.retry, self.used = retry, 0

    def wait(self, error: RequestError) -> None:
        """Wait once more; raise `error` when the waits are used up, or are to end."""
        if self.used >= self.retry.limit or self.retry.ended():
            raise error
        step = min(self.retry.longest, self.retry.first * 2**self.used)
        self.used += 1
        pause = step * (1 + self.retry.jitter()) / 2
        if pause >= QUIET:
            log.warning("%s; asked again in %.1f s, wait %d of %d", error, pause, self.used,
                        self.retry.limit)  # fmt: skip
        self.retry.sleep(pause)
        if self.retry.ended():
            raise error

    def renew(self) -> None:
        """Start anew after progress."""
        self.used = 0


@contextmanager
def told_as(error: type[VedetteError], doing: str) -> Iterator[None]:
    """Turn a cluster's refusal into the engine's error, saying what was being done."""
    try:
        yield
    except RequestError as refusal:
        raise error(f"{doing}: {refusal}") from refusal
