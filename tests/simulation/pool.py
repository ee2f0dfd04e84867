"""What reads pages and stores batches meanwhile, without threads: a seed says how quick it was."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from random import Random
from typing import Any


class Later(Future[Any]):
    """Work that is done when its result is wanted, at the latest."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self._work: Callable[[], Any] | None = work

    def run(self) -> None:
        """Do it now, unless it is done."""
        work, self._work = self._work, None
        if work is None:
            return
        try:
            self.set_result(work())
        except BaseException as error:
            self.set_exception(error)
            if not isinstance(error, Exception):
                raise  # a crash, which ends all at once

    def result(self, timeout: float | None = None) -> Any:
        self.run()
        return super().result(timeout)


class Meanwhile(Executor):
    """Does some work at once, some only when its result is wanted."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        later = Later(lambda: fn(*args, **kwargs))
        if self._rng.random() < 0.5:
            later.run()
        return later
