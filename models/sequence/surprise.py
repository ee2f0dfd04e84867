"""From how surprising each step of a session is to one number for the session.

`max`   the most surprising step. One step is enough: a session that breaks off, an event that never
        comes there. What training allows in any order surprises a little at many steps, and adds
        up to nothing.
`mean`  the mean of all: for long traces of which much is strange and no step alone is.
`top`   the mean of the most surprising tenth of the steps, at least one: `max` for short sessions,
        nearer `mean` for long ones.
`sum`   minus the logarithm of the session's probability. Grows with length.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from models.base import Floats
from models.errors import DataError

SHARE = 0.1
"""The share of steps that `top` takes."""


def top(surprises: Floats) -> float:
    """The mean of the largest tenth, rounded up to at least one."""
    count = math.ceil(len(surprises) * SHARE)
    return float(np.partition(surprises, -count)[-count:].mean())


POOLS: dict[str, Callable[[Floats], float]] = {
    "max": lambda surprises: float(surprises.max()),
    "mean": lambda surprises: float(surprises.mean()),
    "top": top,
    "sum": lambda surprises: float(surprises.sum()),
}


def pool(name: str) -> Callable[[Floats], float]:
    """The one of that name; `DataError` lists them."""
    if name not in POOLS:
        raise DataError(f"no pooling is called {name!r}; there are {', '.join(POOLS)}")
    return POOLS[name]
