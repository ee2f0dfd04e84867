"""How the p-values of a bundle's detectors become one, calibrated on cross-fitted normals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.base import Floats
from models.bundle.plan import Plan
from models.calibrate.groups import GroupedCalibrator, time_of_week
from models.combine.fusion import Fusion
from models.combine.validator import Validator


@dataclass(frozen=True, slots=True)
class Joined:
    """The rule, the log p (n,) of the normals that calibrated it, and what the plan asks beside."""

    fusion: Fusion
    normal: Floats
    validator: Validator | None = None
    weekly: GroupedCalibrator | None = None

    @classmethod
    def fit(cls, plan: Plan, log_p: Floats, again: Floats, starts: Sequence[float]) -> Joined:
        """Learn from normals: the log p (n, d) of the detectors of the first stage.

        `again` (n,) are the raw scores of the validator, where there is one, `starts` the windows'.
        """
        fusion = Fusion(plan.rule).fit(log_p)
        normal, validator, weekly = fusion.log_p(log_p), None, None
        if plan.week is not None:
            parts = parts_of_week(starts, plan.week)
            weekly = GroupedCalibrator().fit(fusion.statistic(log_p), parts)
            normal = weekly.log_p(fusion.statistic(log_p), parts)
        if plan.validator:
            validator = Validator().fit(normal, again.__getitem__)
            normal = validator.log_p(normal, again.__getitem__)
        return cls(fusion, normal, validator, weekly)


def parts_of_week(starts: Sequence[float], offset: float) -> list[str]:
    """The part of the week of each window, `offset` hours east of UTC."""
    return [time_of_week(start, offset) for start in starts]
