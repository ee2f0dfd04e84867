"""One p of several detectors', uniform on normals however the detectors depend on each other."""

from __future__ import annotations

from typing import Self

import numpy as np

from models.base import Floats, Reason, State, matrix
from models.calibrate.calibrator import Calibrator
from models.combine.rules import RULES
from models.errors import DataError, StoreError

BEYOND = 10.0
"""How much rarer than the rarest that was counted a detector may call something."""


class Fusion:
    """A rule of `rules.py`, calibrated on the p-values of cross-fitted normals.

    Because it is calibrated by what the rule gives on normals, it needs no assumption of how the
    detectors depend on each other, and five copies of one detector do no harm but to weigh more.

    A p below 1 / (n + 1) of n normals is a guess by a fitted tail. Of several detectors the one
    with the lightest tail would outvote all others by it, so a guess counts for `beyond` times
    less than what was counted at most; 1 trusts no guess, infinity every one.
    """

    def __init__(self, rule: str = "cauchy", beyond: float = BEYOND) -> None:
        if rule not in RULES:
            raise DataError(f"no rule is called {rule!r}; there are {', '.join(RULES)}")
        if not beyond >= 1:
            raise DataError(f"beyond is at least 1, and {beyond} is not")
        self.rule, self.beyond = rule, beyond
        self.calibrator = Calibrator()
        self.columns = 0
        self._lowest = 0.0

    def fit(self, log_p: Floats) -> Self:
        """Learn what the rule gives on normals; `log_p` (n, d) is that of detectors in columns."""
        rows = matrix(log_p)
        self.columns = rows.shape[1]
        self._lowest = float(-np.log(len(rows) + 1) - np.log(self.beyond))
        self.calibrator.fit(self.statistic(rows))
        return self

    def log_p(self, log_p: Floats) -> Floats:
        """The logarithm of the fused p, shape (n,)."""
        return self.calibrator.log_p(self.statistic(log_p))

    def statistic(self, log_p: Floats) -> Floats:
        """What the rule gives before calibration: finer where fused p-values tie."""
        return RULES[self.rule](np.maximum(matrix(log_p, self.columns), self._lowest))

    def explain(self, log_p: Floats, names: list[str], most: int = 3) -> list[Reason]:
        """The detectors with the smallest p of one item, whose `log_p` is (d,)."""
        order = np.argsort(log_p, kind="stable")[:most]
        return [
            Reason(
                names[at],
                float(-log_p[at]),
                f"{names[at]} finds it stranger than {100 * -np.expm1(log_p[at]):.2f} % of normal",
            )
            for at in order
        ]

    def state(self) -> State:
        """All that was learned; see `restore`."""
        inner = self.calibrator.state()
        return State(
            {"rule": self.rule, "beyond": self.beyond},
            {"columns": self.columns, "lowest": self._lowest},
            inner.arrays,
        )

    @classmethod
    def restore(cls, state: State) -> Self:
        """The fusion that `state` was taken of; `StoreError` if it cannot be."""
        try:
            made = cls(**state.parameters)
            made.columns = int(state.facts["columns"])
            made._lowest = float(state.facts["lowest"])
        except (DataError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"is no fusion: {error}") from error
        made.calibrator = Calibrator.restore(State({}, {}, state.arrays))
        return made
