"""The same work by one process and by two, from the same state of a warm engine."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from tests.bench.corpus import Lines
from tests.bench.engine import Engine

SETTLING = 5
"""Of how many lines one is read by each process before the clock starts."""
PATIENCE = 600
"""Seconds that one process waits for the others."""


@dataclass(frozen=True)
class Speedup:
    """How many times sooner two processes are through some lines than one.

    `begun` counts from when processes are made, `going` from when each has read some lines. A
    process that is forked copies each page of memory that it first writes to, and counting who
    holds an object is to write: it does so once, however long it goes on.
    """

    begun: float
    going: float


def speedup(engine: Engine, lines: Lines) -> Speedup | None:
    """None without fork. Each process begins as a copy of this one, with all that it has learnt."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return None
    begin = len(lines) // SETTLING
    settling, rest = lines.part(0, begin), lines.part(begin, len(lines))
    return Speedup(begun=_ratio(engine, None, lines), going=_ratio(engine, settling, rest))


def _ratio(engine: Engine, settling: Lines | None, lines: Lines) -> float:
    half = len(lines) // 2
    one = _elapsed(engine, settling, [lines])
    return one / _elapsed(engine, settling, [lines.part(0, half), lines.part(half, len(lines))])


def _elapsed(engine: Engine, settling: Lines | None, shares: Sequence[Lines]) -> float:
    """Seconds of wall clock until every share is done by a process of its own.

    With lines to settle by, each reads all of these first, and the clock starts when all have.
    """
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(len(shares) + 1)
    workers = [
        context.Process(target=_work, args=(engine, settling, share, ready)) for share in shares
    ]
    started = time.monotonic()
    for worker in workers:
        worker.start()
    if settling is not None:
        ready.wait(PATIENCE)
        started = time.monotonic()
    for worker in workers:
        worker.join()
    elapsed = time.monotonic() - started
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a worker failed")
    return elapsed


def _work(engine: Engine, settling: Lines | None, share: Lines, ready: Barrier) -> None:
    if settling is not None:
        engine.run("to settle", settling)
        ready.wait(PATIENCE)
    engine.run("share", share)
