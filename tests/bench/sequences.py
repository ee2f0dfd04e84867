"""How many sessions a second networks score, where they repeat: python -m tests.bench.sequences

Made up: each session opens, does some work in a few orders, and closes; common ones come often.
Prints sessions, how many differ, and of each network sessions per second of CPU time, the best of
three. What does not transfer: the rate goes with the number of *different* sessions and with their
length.
"""

from __future__ import annotations

import time

import numpy as np

from models.sequence.gpt import Gpt
from models.sequence.lstm import Lstm

SESSIONS = 50_000
KINDS = 4_000


def made(count: int, seed: int) -> list[tuple[int, ...]]:
    """Sessions of about 20 events from `KINDS` kinds, by a law of Zipf."""
    rng = np.random.default_rng(0)
    kinds = [
        (1, 2, *(int(event) for event in rng.integers(3, 25, rng.integers(10, 25))), 25)
        for _ in range(KINDS)
    ]
    share = 1 / np.arange(1, KINDS + 1)
    picked = np.random.default_rng(seed).choice(KINDS, count, p=share / share.sum())
    return [kinds[at] for at in picked]


def main() -> None:
    """Fit briefly, for the weights do not matter here, and time."""
    sessions = made(SESSIONS, 2)
    print(f"{len(sessions):,} sessions, {len(set(sessions)):,} different")
    for model in (Gpt(budget=1), Lstm(budget=1)):
        model.fit(made(2_000, 1))
        best = min(timed(model, sessions) for _ in range(3))
        print(f"{model.name}: {len(sessions) / best:,.0f} sessions per second of CPU time")


def timed(model: Gpt | Lstm, sessions: list[tuple[int, ...]]) -> float:
    """Seconds of CPU time to score `sessions`."""
    start = time.process_time()
    model.score(sessions)
    return time.process_time() - start


if __name__ == "__main__":
    main()
