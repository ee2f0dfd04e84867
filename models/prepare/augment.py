"""Sessions changed a little: events dropped, swapped with the next, inserted or repeated.

For training that must stand noise, such as a lost or doubled line. Xie et al. and Wei, Zou: EDA:
Easy Data Augmentation (EMNLP 2019) do the same to words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from models.base import Session, Sessions
from models.errors import DataError


def drop(session: Session, share: float, rng: Generator) -> Session:
    """Without about `share` of its events; one stays at least."""
    keep = rng.random(len(session)) >= share
    if len(session) and not keep.any():
        keep[rng.integers(len(session))] = True
    return tuple(event for event, kept in zip(session, keep, strict=True) if kept)


def swap(session: Session, share: float, rng: Generator) -> Session:
    """With about `share` of its events exchanged with the next one."""
    events = list(session)
    for at in np.flatnonzero(rng.random(max(0, len(events) - 1)) < share):
        events[at], events[at + 1] = events[at + 1], events[at]
    return tuple(events)


def insert(session: Session, share: float, rng: Generator, events: Session) -> Session:
    """With one of `events` after about `share` of its own."""
    if not events:
        raise DataError("there are no events to insert")
    after = rng.random(len(session)) < share
    new = rng.integers(len(events), size=len(session))
    pairs = zip(session, after, new, strict=True)
    return tuple(e for event, yes, at in pairs for e in ((event, events[at]) if yes else (event,)))


def repeat(session: Session, share: float, rng: Generator) -> Session:
    """With about `share` of its events twice in a row."""
    twice = rng.random(len(session)) < share
    return tuple(e for event, yes in zip(session, twice, strict=True) for e in (event,) * (1 + yes))


def augmented(
    sessions: Sessions, share: float = 0.1, times: int = 1, seed: int | Sequence[int] = 0
) -> list[Session]:
    """`times` changed copies of each session, one kind of change each, chosen at random.

    Inserted are events of the sessions themselves, as often as they occur. An empty session stays
    as it is.
    """
    if not 0 <= share <= 1 or times < 0:
        raise DataError(f"share must be from 0 to 1 and times 0 or more, not {share} and {times}")
    rng = np.random.default_rng(seed)
    events = tuple(event for session in sessions for event in session)
    found: list[Session] = []
    for session in sessions:
        for _ in range(times):
            kind = rng.integers(4) if session else 0
            found.append(_changed(session, int(kind), share, rng, events))
    return found


def _changed(session: Session, kind: int, share: float, rng: Generator, events: Session) -> Session:
    if kind == 0:
        return drop(session, share, rng)
    if kind == 1:
        return swap(session, share, rng)
    return repeat(session, share, rng) if kind == 2 else insert(session, share, rng, events)
