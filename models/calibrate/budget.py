"""A threshold from a budget of false alarms: "at most 5 alerts a day"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.base import Floats
from models.calibrate.binomial import interval
from models.errors import DataError

COMMON = 0.05
"""No budget of people is large enough for a p above this: what every twentieth normal window is
like is not strange, however few windows a day has."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What p must fall to for an alert, and how many alerts a day that makes.

    `a_day` is what was counted on normals, `low` and `high` its exact 95 % interval. `counted` is
    false where the rate is below what so many normals can show: it rests on the fitted tail.
    """

    p: float
    asked: float
    a_day: float
    low: float
    high: float
    counted: bool


def budget(
    log_p: Floats, windows_a_day: float, alerts_a_day: float, most: float = COMMON
) -> Budget:
    """The largest p that keeps to the budget, and at most `most`.

    `log_p` (n,) are those of normals, cross-fitted; `windows_a_day` is how many windows of
    entities are scored in a day. `DataError` where the numbers make no rate.
    """
    if windows_a_day <= 0 or alerts_a_day <= 0:
        raise DataError("windows and alerts a day must be more than 0")
    rate = min(alerts_a_day / windows_a_day, most)
    hits, count = int((log_p <= np.log(rate)).sum()), len(log_p)
    low, high = interval(hits, count)
    return Budget(
        p=rate,
        asked=alerts_a_day,
        a_day=hits / count * windows_a_day if count else 0.0,
        low=low * windows_a_day,
        high=high * windows_a_day,
        counted=rate * (count + 1) >= 1,
    )
