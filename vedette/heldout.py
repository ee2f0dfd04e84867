"""How often a model would have alerted on later normals: the last windows, held out and scored.

The last share of the windows is not learned. A model of what lies before scores them, and what was
asked for is told beside what came: at some p, and at some budgets of alerts a day, with a 95 %
interval: from a bootstrap in which the windows of an hour stay together
(`evaluate/bootstrap.py`), and never narrower than the exact binomial one, as few hours tell little.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.score.model import Model
from models.base import Floats
from models.bundle.bundle import DAY, Bundle, Scored
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.calibrate.binomial import interval
from models.prepare.split import at_time, by_time
from vedette import __version__
from vedette.bundles import iso
from vedette.evaluate.bootstrap import achieved

TARGETS = (0.05, 0.01, 0.005, 0.001)
"""What p is asked of the windows."""
BUDGETS = (1.0, 5.0)
"""Alerts a day."""
ALONE = 0.01
"""What p is asked of each detector alone."""
MILD = TARGETS[0]
"""Up to this p, windows say which detector drives them."""
HOUR = 3600.0
UNDER, OVER = "under half", "over twice"

Weight = Callable[[str], float]
"""How many windows of an entity one of them stands for."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was asked for, and what came, with its 95 % bounds: shares of windows, or alerts a day.

    `p` is the threshold, `windows` are those up to it. `marked` where that is under half of what
    was asked for or over twice; `sure` where the bounds leave it out. `counted` is false where p is
    below what the normals of training can show: it rests on the fitted tail.
    """

    target: float
    p: float
    achieved: float
    low: float
    high: float
    windows: int
    marked: str
    sure: bool
    counted: bool


@dataclass(frozen=True, slots=True)
class Alone:
    """A detector by itself: its share of windows with an own p up to `ALONE`, as in `Row`."""

    name: str
    achieved: float
    low: float
    high: float
    marked: str
    sure: bool


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What came of `windows` of the last `days`, by a model of the `learned` ones before `start`.

    `drives`: of the windows with a fused p up to `MILD`, how many have their smallest p by each
    detector.
    """

    share: float
    start: float
    days: float
    windows: int
    learned: int
    targets: tuple[Row, ...]
    budgets: tuple[Row, ...]
    detectors: tuple[Alone, ...]
    drives: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """The same as JSON holds it, numbers cut to six digits."""
        told = asdict(self) | {"start": iso(self.start)}
        cut: dict[str, Any] = _cut(told)
        return cut


def parted(
    observations: Sequence[Observation], width: float, share: float
) -> tuple[list[Observation], float]:
    """What lies before the last `share` of the windows, and when these begin.

    Windows are of `width` seconds; none has a part on either side. Raises `DataError`.
    """
    names = [(seen.entity, seen.time // width) for seen in observations]
    windows = sorted({*names}, key=lambda name: name[1])
    times = [number * width for _, number in windows]
    start = min((times[at] for at in by_time(times, windows, share=share).test), default=0.0)
    split = at_time([seen.time for seen in observations], names, start)
    return [observations[at] for at in split.train], start


def held_out(
    observations: Sequence[Observation],
    plan: Plan,
    share: float,
    told: Callable[[str], None] = lambda _: None,
    weight: Weight = lambda _: 1.0,
) -> tuple[HeldOut, Bundle, list[Observation]]:
    """The figures, the model of what lies before, and what that learned.

    Windows of a sample stand for as many as `weight` says. Raises `DataError` where too little is
    left to learn from.
    """
    before, start = parted(observations, plan.width, share)
    bundle = Bundle.fit(before, plan, told, __version__)
    # All are cut into windows, so that what counts the windows before has these.
    every = bundle.windows(observations)
    later = bundle.score_windows([window for window in every if window.start >= start])
    learned = math.fsum(weight(str(window.entity)) for window in every if window.start < start)
    first, last = (at(seen.time for seen in before) for at in (min, max))
    days = (max(each.window.end for each in later) - start) / DAY
    scale = Scale(later, [weight(str(each.window.entity)) for each in later], plan.width, days)
    a_day = Model("", "", bundle, {
        "from": iso(first), "to": iso(last), "sampled": {"of": learned},
    }).windows_a_day()  # fmt: skip
    normals = len(bundle.normal)
    fused = np.array([each.log_p for each in later])
    budgets = [(asked, min(asked / a_day, 1.0)) for asked in BUDGETS]
    figures = HeldOut(
        share, start, days, len(later), bundle.learned,
        tuple(scale.row(fused, p, p, 1.0, normals) for p in TARGETS),
        tuple(scale.row(fused, asked, p, scale.a_day, normals) for asked, p in budgets),
        tuple(_alone(bundle, name, later, scale) for name in plan.first),
        dict(Counter(
            min(each.by, key=lambda name: each.by[name])
            for each in later if each.log_p <= math.log(MILD)
        ).most_common()),
    )  # fmt: skip
    return figures, bundle, before


class Scale:
    """The windows that were held out, what each stands for, and which are alike."""

    def __init__(
        self, later: Sequence[Scored], weights: Sequence[float], width: float, days: float
    ) -> None:
        self._weights: Floats = np.array(weights)
        self._hours = [each.window.start // max(HOUR, width) for each in later]
        self._normal = np.zeros(len(later), dtype=np.bool_)
        self.a_day = float(self._weights.sum()) / days
        """Windows a day."""

    def row(self, log_p: Floats, target: float, p: float, times: float, normals: int) -> Row:
        """What came at a threshold, `times` the share of windows."""
        flagged = log_p <= math.log(p)
        found = achieved(flagged, self._normal, self._weights, self._hours)
        hits = int(flagged.sum())
        # Where windows weigh, the binomial bounds are as much larger as the rate is.
        heavier = found.fpr / (hits / len(flagged)) if hits else 1.0
        least, most = (heavier * each for each in interval(hits, len(flagged)))
        low, high = min(found.fpr_bounds[0], least), max(found.fpr_bounds[1], most)
        came, low, high = (times * each for each in (found.fpr, low, min(high, 1.0)))
        marked = UNDER if came < target / 2 else OVER if came > target * 2 else ""
        sure = not low <= target <= high
        counted = p * (normals + 1) >= 1
        return Row(target, p, came, low, high, hits, marked, sure, counted)


def _alone(bundle: Bundle, name: str, later: Sequence[Scored], scale: Scale) -> Alone:
    own = np.array([each.by[name] for each in later])
    row = scale.row(own, ALONE, ALONE, 1.0, bundle.parts[name].calibrator.count)
    return Alone(name, row.achieved, row.low, row.high, row.marked, row.sure)


def _cut(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _cut(each) for key, each in value.items()}
    return [_cut(each) for each in value] if isinstance(value, list | tuple) else value
