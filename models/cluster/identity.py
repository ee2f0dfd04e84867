"""The same cluster keeps its number when clusters are made anew: by what both have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

import numpy as np

from models.cluster.points import Numbers


def matched(before: Iterable[Hashable], after: Numbers, enough: float = 0.5) -> dict[int, int]:
    """Which cluster of `after` is which of `before`, as {new: old}.

    Both give the cluster of the same items; a negative number is no cluster. Pairs are made from
    the largest overlap down, each cluster once, while the overlap is at least the share `enough` of
    the smaller of the two.
    """
    pairs = [
        (old, int(new))
        for old, new in zip(before, after, strict=True)
        if isinstance(old, int | np.integer) and old >= 0 and new >= 0
    ]
    olds, news = Counter(old for old, _ in pairs), Counter(new for _, new in pairs)
    found: dict[int, int] = {}
    taken: set[int] = set()
    for (old, new), count in sorted(Counter(pairs).items(), key=lambda each: (-each[1], each[0])):
        if new in found or old in taken or count < enough * min(olds[old], news[new]):
            continue
        found[new] = int(old)
        taken.add(int(old))
    return found


def renamed(ids: Numbers, same: dict[int, int], following: int) -> tuple[dict[int, int], int]:
    """A number for each of `ids`: that in `same`, else the next, and what then follows."""
    names = {}
    for each in ids.tolist():
        if each in same:
            names[each] = same[each]
        else:
            names[each] = following
            following += 1
    return names, following
