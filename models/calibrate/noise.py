"""How near two scores are that are the same: rounding depends on what is computed beside them.

Sums of floats come out otherwise in another order, and a matrix product takes another order where
it has more rows. Where normals are all alike, their scores differ by that alone, and so would
those of what is just like them: no p may rest on it.
"""

from __future__ import annotations

import numpy as np

from models.base import Floats

NOISE = 1e-6
"""Of a score, and at least of 1. Networks compute in floats of 32 bits, which have seven digits."""


def noise(scores: Floats) -> Floats:
    """Up to what difference each score (n,) is the same as another."""
    return NOISE * (1.0 + np.abs(scores))
