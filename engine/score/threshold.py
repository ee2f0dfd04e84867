"""From a budget of alerts a day to a p, and days on which more would come than that allows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine.score.model import Model
from models.bundle.bundle import DAY
from models.calibrate.budget import COMMON, Budget, budget

Moved = Callable[[str, str, float], float]
"""(model's name, entity, p of the budget) to the p that is asked of this entity: where verdicts of
people have their effect. What it returns is bounded by the one who gives it."""

MILD = 0.05
"""Up to this p a window is an anomaly where a rule matched in it, too."""


@dataclass(slots=True)
class Day:
    """What one day of event time had: windows stranger than the threshold, and those told of."""

    strange: int = 0
    told: int = 0
    least: float = 0.0
    """The smallest logarithm of p that was told."""

    @property
    def held(self) -> int:
        """Anomalies of which there is no alert."""
        return self.strange - self.told


@dataclass(slots=True)
class Counts:
    """What a model has done so far."""

    events: int = 0
    late: int = 0
    windows: int = 0
    strange: int = 0
    held: int = 0
    corroborated: int = 0
    days: int = 0
    """Days of event time in which windows were."""
    last: int = -1
    """The last of these, as days since 1970."""

    def day(self, start: float) -> None:
        """A window starts then; they come in the order of their starts."""
        day = int(start // DAY)
        if day > self.last:
            self.last = day
            self.days += 1


@dataclass(slots=True)
class Threshold:
    """The p that a budget gives, and the account of each day that is not over.

    A day may bring as many alerts as the upper end of the budget's error bar; what is over that
    is counted, unless it is stranger than all that was told that day.
    """

    model: Model
    alerts_a_day: float
    moved: Moved | None = None
    common: float = COMMON
    """No window with a p above this is strange, however large the budget."""
    budget: Budget = field(init=False)
    days: dict[int, Day] = field(default_factory=dict)

    def __post_init__(self) -> None:
        windows = self.model.windows_a_day()
        self.budget = budget(self.model.bundle.normal, windows, self.alerts_a_day, self.common)

    @property
    def most(self) -> int:
        """Alerts that one day may bring."""
        return math.ceil(max(self.budget.high, self.alerts_a_day))

    def of(self, entity: str) -> float:
        """The p that a window of this entity must fall to."""
        p = self.budget.p
        return p if self.moved is None else self.moved(self.model.name, entity, p)

    def day(self, start: float) -> Day:
        """The account of the day that a window starts in."""
        return self.days.setdefault(math.floor(start / DAY), Day())

    def admit(self, start: float, log_p: float) -> bool:
        """Charge an anomaly to its day; whether there is an alert of it."""
        day = self.day(start)
        day.strange += 1
        if day.told >= self.most and log_p >= day.least:
            return False
        day.told += 1
        day.least = min(day.least, log_p)
        return True

    def over(self, before: float) -> list[tuple[datetime, Day]]:
        """The days that are over before a moment, which are forgotten; each with its account."""
        numbers = sorted(n for n in self.days if (n + 1) * DAY <= before)
        return [(_start(n), self.days.pop(n)) for n in numbers]

    def save(self) -> list[Any]:
        """The days that are not over."""
        return [[n, day.strange, day.told, day.least] for n, day in sorted(self.days.items())]

    def restore(self, saved: Any) -> None:
        """Go on from there."""
        self.days = {n: Day(strange, told, least) for n, strange, told, least in saved}


def _start(day: int) -> datetime:
    return datetime.fromtimestamp(day * DAY, UTC)
