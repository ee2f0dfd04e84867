"""Charts around one mean: Shewhart's for large steps, EWMA and CUSUM for small ones that last."""

from __future__ import annotations

from abc import abstractmethod
from copy import copy
from typing import ClassVar, Self

import numpy as np

from models.base import Floats, State, some
from models.baseline.chart import Chart, Points, series, spread
from models.errors import DataError, StoreError


class _Control(Chart):
    """A chart around the mean of training, with the standard deviation of training.

    Not the moving range, which textbooks take: counts of neighbouring windows are alike in logs,
    and it would be too small.
    """

    def __init__(self) -> None:
        self._mean, self._spread = 0.0, 1.0

    def fit(self, data: Floats) -> Self:
        """Take mean and standard deviation of `data`."""
        some(data)
        values = series(data)
        self._mean, self._spread = float(values.mean()), spread(values)
        self._restart()
        return self.partial_fit(values)

    def state(self) -> State:
        """Mean, standard deviation, and where the chart stands."""
        learned = np.array([self._mean, self._spread, *self._standing()])
        return State(self._parameters(), {}, {"learned": learned})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._mean, made._spread, *standing = series(state.arrays["learned"]).tolist()
        if made._spread <= 0:
            raise StoreError(f"a spread of {made._spread} cannot be")
        made._stand(*standing)
        return made

    def later(self, windows: int) -> Self:  # noqa: ARG002 # a chart with a rhythm goes by it
        """The chart begun anew: what it had added up is long over."""
        made = copy(self)
        made._restart()
        return made

    @abstractmethod
    def partial_fit(self, data: Floats) -> Self:
        """Move on behind `data`; mean and standard deviation stay those of `fit`."""

    def _parameters(self) -> dict[str, float]:
        return {}

    def _restart(self) -> None:
        """Begin the chart anew."""

    def _standing(self) -> list[float]:
        return []

    def _stand(self) -> None:
        """Stand where `_standing` said."""

    def _flat(self, values: Floats, spread: float) -> Points:
        return Points(values, np.full(len(values), self._mean), np.full(len(values), spread))


class Shewhart(_Control):
    """How many standard deviations of training a count lies off training's mean."""

    name: ClassVar[str] = "shewhart"
    source: ClassVar[str] = "Shewhart: Economic Control of Quality of Manufactured Product (1931)"

    def partial_fit(self, data: Floats) -> Self:
        """Nothing to do: the chart has no memory."""
        series(data)
        return self

    def chart(self, data: Floats) -> Points:
        """The counts around the mean."""
        return self._flat(data, self._spread)


class Ewma(_Control):
    """How far an exponentially weighted average of counts lies off training's mean.

    In standard deviations that the average has in the long run. The newest count weighs `weight`;
    0.2 finds shifts of about one standard deviation soonest (Montgomery 2012, 9.2).
    """

    name: ClassVar[str] = "ewma"
    source: ClassVar[str] = "Roberts: Control Chart Tests Based on Geometric Moving Averages (1959)"
    plotted: ClassVar[str] = "average of the last counts"

    def __init__(self, weight: float = 0.2) -> None:
        super().__init__()
        if not 0 < weight <= 1:
            raise DataError(f"a weight is above 0 and at most 1, not {weight}")
        self.weight = weight
        self._average = 0.0

    def partial_fit(self, data: Floats) -> Self:
        """Move the average on behind `data`."""
        values = series(data)
        if len(values):
            self._average = float(self._averages(values)[-1])
        return self

    def chart(self, data: Floats) -> Points:
        """The averages around the mean."""
        narrow = self._spread * np.sqrt(self.weight / (2 - self.weight))
        return self._flat(self._averages(data), float(narrow))

    def _averages(self, values: Floats) -> Floats:
        out, average = np.empty(len(values)), self._average
        for at, value in enumerate(values.tolist()):
            average += self.weight * (value - average)
            out[at] = average
        return out

    def _parameters(self) -> dict[str, float]:
        return {"weight": self.weight}

    def _restart(self) -> None:
        self._average = self._mean

    def _standing(self) -> list[float]:
        return [self._average]

    def _stand(self, average: float = 0.0) -> None:
        self._average = average


class Cusum(_Control):
    """The larger of two sums: of what counts had more than normal, and of what they had less.

    In standard deviations of training. Each count may lie `slack` off unpunished, so the sums fall
    back to 0 when all is well; 0.5 finds a shift of one standard deviation soonest. One count adds
    `most` at the most, or a single burst would hide all that follows for hours.
    """

    name: ClassVar[str] = "cusum"
    source: ClassVar[str] = (
        "Page: Continuous Inspection Schemes (1954); capped as in Hawkins, Olwell: Cumulative Sum "
        "Charts and Charting for Quality Improvement (1998)"
    )
    plotted: ClassVar[str] = "sum of deviations"
    least: ClassVar[float] = -np.inf

    def __init__(self, slack: float = 0.5, most: float = 6.0) -> None:
        super().__init__()
        if not 0 <= slack < most:
            raise DataError("slack is 0 or more, and less than most")
        self.slack, self.most = slack, most
        self._high, self._low = 0.0, 0.0

    def partial_fit(self, data: Floats) -> Self:
        """Move the sums on behind `data`."""
        *_, (self._high, self._low) = self._sums(series(data))
        return self

    def chart(self, data: Floats) -> Points:
        """The sum that is farther off 0, above or below it."""
        sums = self._sums(data)[1:]
        values = [high if high >= low else -low for high, low in sums]
        nothing = np.zeros(len(values))
        return Points(np.array(values), nothing, nothing + 1)

    def _sums(self, values: Floats) -> list[tuple[float, float]]:
        off = np.clip((values - self._mean) / self._spread, -self.most, self.most)
        sums = [(self._high, self._low)]
        for each in off.tolist():
            high, low = sums[-1]
            sums.append((max(0.0, high + each - self.slack), max(0.0, low - each - self.slack)))
        return sums

    def _parameters(self) -> dict[str, float]:
        return {"slack": self.slack, "most": self.most}

    def _restart(self) -> None:
        self._high = self._low = 0.0

    def _standing(self) -> list[float]:
        return [self._high, self._low]

    def _stand(self, high: float = 0.0, low: float = 0.0) -> None:
        self._high, self._low = high, low
