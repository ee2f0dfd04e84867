"""What gathers the windows that a plan wants."""

from __future__ import annotations

from engine.score.limits import Limits
from engine.score.sessions import Sessions
from engine.score.sliding import Sliding
from engine.score.windows import Told, Windows
from models.bundle.plan import Plan


def opened(plan: Plan, limits: Limits, told: Told) -> Windows:
    """The open windows of a plan; `told` hears of every bound that bites."""
    if plan.gap is not None:
        return Sessions(plan.gap, plan.width, limits, told)
    if plan.step is not None:
        return Sliding(plan.width, plan.step, limits, told)
    return Windows(plan.width, limits, told)
