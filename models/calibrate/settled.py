"""Which normals a calibration counts: those after a recording has settled.

A recording often begins with what never comes again: machines start, accounts are made, every kind
of event is new. Such a beginning takes the strangest places among the normals, and a threshold set
by it lets less pass for an alert than was asked for.

Source: Heidelberger and Welch, Simulation Run Length Control in the Presence of an Initial
Transient (Operations Research 31, 1983): while the rest is not stationary at the level .05 (a
Cramér-von Mises test of the cumulative sum), a further tenth of the beginning is left out, up to
half. Level, tenths and half are theirs, and so is what follows where the last half is not
stationary either: no beginning is to blame, as in a week that ends with a quiet weekend, and
nothing is left out. The test's distribution is taken from the order of blocks, drawn by chance, so
that items that belong together need not be independent.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.base import Floats

LEVEL = 0.05
TENTHS = 5
DRAWS = 199


def settled(log_p: Floats, blocks: Sequence[Hashable]) -> NDArray[np.bool_]:
    """Which of the normals (n,), in the order of time, come after the beginning.

    `log_p` says how strange each is by a detector that left it out; its logarithm counts, since the
    strangest matter. Items of one block (a host's hours) stay together.
    """
    places: dict[Hashable, int] = {}
    at = np.array([places.setdefault(block, len(places)) for block in blocks], dtype=np.intp)
    rng = np.random.default_rng(0)
    for tenth in range(TENTHS + 1):
        kept: NDArray[np.bool_] = at >= len(places) * tenth // 10
        if _chance(-log_p[kept], at[kept], rng) > LEVEL:
            return kept
    return np.ones(len(at), dtype=np.bool_)


def _chance(strange: Floats, at: NDArray[np.intp], rng: np.random.Generator) -> float:
    """The share of orders of the blocks whose cumulative sum strays as far as the one seen."""
    apart: Floats = np.bincount(at - at[0], strange - strange.mean()).astype(np.float64)
    seen = _stray(apart)
    if seen <= 1e-18 * len(strange):
        return 1.0
    # Equal sums in another order may differ in their last digits.
    drawn = [_stray(rng.permutation(apart)) >= seen * (1 - 1e-9) for _ in range(DRAWS)]
    return (sum(drawn) + 1) / (DRAWS + 1)


def _stray(apart: Floats) -> float:
    return float((np.cumsum(apart) ** 2).sum())
