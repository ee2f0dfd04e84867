"""How far two samples of the same source lie apart by chance: the measure of what is drift.

Tables of critical values ("a PSI above 0.2 is large") hold for one number of bins and one size of
sample. Here then and now are shuffled into each other, again and again, and measured each time.
Windows close in time are alike, so whole blocks of neighbours are shuffled, not single values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import Floats
from models.errors import DataError

Places = NDArray[np.intp]
Measure = Callable[[Places, Places], float]
"""How far apart two samples are, given the places of their items in all, then first, now second."""


def permuted(
    measure: Measure, before: int, now: int, times: int = 199, block: int = 1, seed: int = 0
) -> tuple[float, float]:
    """The measure of the first `before` items against the `now` after them, and its p.

    `times` shuffles of blocks of `block` neighbours; p is (1 + those as far apart) / (times + 1).
    """
    if min(before, now) < 1:
        raise DataError("drift needs something from then and something from now")
    if min(times, block) < 1:
        raise DataError("times and block are 1 or more")
    places, rng = np.arange(before + now), np.random.default_rng(seed)
    value = measure(places[:before], places[before:])
    far = 0
    for _ in range(times):
        mixed = _shuffled(places, block, rng)
        far += measure(mixed[:before], mixed[before:]) >= value - 1e-12
    return value, (1 + far) / (times + 1)


def _shuffled(places: Places, block: int, rng: np.random.Generator) -> Places:
    if block == 1:
        return rng.permutation(places)
    # A random start, so that borders between blocks fall everywhere.
    turned = np.roll(places, int(rng.integers(block)))
    parts: list[NDArray[Any]] = [turned[at : at + block] for at in range(0, len(turned), block)]
    return np.concatenate([parts[at] for at in rng.permutation(len(parts))])


def kept(values: Floats, most: int, seed: int) -> Floats:
    """At most `most` rows of `values`, in their order, drawn by `seed`."""
    if len(values) <= most:
        return values
    return values[np.sort(np.random.default_rng(seed).permutation(len(values))[:most])]
