"""Fewer data: a fair sample of a stream, no entity too often, nothing too short or too rare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from models.base import UNKNOWN, Session, Sessions
from models.errors import DataError

Item = TypeVar("Item")


def reservoir(items: Iterable[Item], size: int, seed: int = 0) -> list[Item]:
    """`size` of a stream's items, each with equal chance, in the order of the stream.

    Vitter: Random Sampling with a Reservoir (1985), algorithm R. Memory is that of the sample.
    """
    _least(size)
    rng = np.random.default_rng(seed)
    kept: list[tuple[int, Item]] = []
    for at, item in enumerate(items):
        if at < size:
            kept.append((at, item))
        elif (place := int(rng.integers(at + 1))) < size:
            kept[place] = (at, item)
    return [item for _, item in sorted(kept, key=lambda pair: pair[0])]


def at_most(groups: Sequence[Hashable], most: int, seed: int = 0) -> list[int]:
    """Positions of at most `most` items of each group, chosen at random, in order."""
    _least(most)
    rng = np.random.default_rng(seed)
    of: dict[Hashable, list[int]] = {}
    for at, group in enumerate(groups):
        of.setdefault(group, []).append(at)
    chosen: list[int] = []
    for members in of.values():
        few = len(members) <= most
        chosen += members if few else rng.choice(members, most, replace=False).tolist()
    return sorted(chosen)


def distinct(items: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """The position of the first of each kind of equal items, and how many there are of it."""
    first: dict[Hashable, int] = {}
    for at, item in enumerate(items):
        first.setdefault(item, at)
    counts = Counter(items)
    return list(first.values()), [counts[item] for item in first]


def long_enough(sessions: Sessions, least: int) -> list[int]:
    """Positions of the sessions with `least` events or more."""
    return [at for at, session in enumerate(sessions) if len(session) >= least]


def without_rare(sessions: Sessions, least: int) -> list[Session]:
    """The sessions, with each event that is in fewer than `least` of them made unknown (0)."""
    found = Counter(event for session in sessions for event in set(session))
    return [
        tuple(event if found[event] >= least else UNKNOWN for event in session)
        for session in sessions
    ]


def _least(size: int) -> None:
    if size < 1:
        raise DataError(f"a sample has one item or more, not {size}")
