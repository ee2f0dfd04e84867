"""Counters that others keep and that begin again: bytes read, record numbers, requests served.

After a restart or a log rotation such a number falls back to a small one. That is no negative rate:
what it counted since then is the number itself, as Prometheus's `increase` has it. A small step
back, on the other hand, is a value that came out of order: it adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.base import Floats
from models.errors import DataError

RESTART = 0.5
"""Below this share of the highest value so far, a number has begun again."""


def increases(values: Sequence[float] | Floats) -> Floats:
    """What a counter grew by from each value to the next, an array (n,) that begins with 0.

    `DataError` for what is no finite number of 0 or more.
    """
    found, high = np.zeros(len(values)), 0.0
    for at, value in enumerate(map(float, values)):
        if not (np.isfinite(value) and value >= 0):
            raise DataError(f"a counter has finite values that are never below 0, not {value}")
        if at == 0 or value < RESTART * high:
            found[at], high = (value if at else 0.0), value
        elif value > high:
            found[at], high = value - high, value
    return found
