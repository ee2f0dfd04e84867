"""The same work by one process and by two, from the same state of a warm engine."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence

from tests.bench.corpus import Lines
from tests.bench.engine import Engine


def speedup(engine: Engine, lines: Lines) -> float | None:
    """How many times sooner two processes are through some lines than one; None without fork.

    Each begins as a copy of this process, with all that its engine has learnt.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        return None
    half = len(lines) // 2
    one = _elapsed(engine, [lines])
    two = _elapsed(engine, [lines.part(0, half), lines.part(half, len(lines))])
    return one / two


def _elapsed(engine: Engine, shares: Sequence[Lines]) -> float:
    """Seconds of wall clock until every share is done by a process of its own."""
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=engine.run, args=("share", share)) for share in shares]
    started = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    elapsed = time.monotonic() - started
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a worker failed")
    return elapsed
