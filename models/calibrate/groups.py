"""Calibration by group: a domain controller and a laptop, a working day and a Sunday night.

A group keeps a calibration of its own where it has enough normals and where it holds up: fitted on
one half of them, it must bring the other half nearer to uniform than the pooled one does, both
ways. Everywhere else the pooled one speaks.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, State, some
from models.calibrate.calibrator import Calibrator
from models.calibrate.cross import take
from models.errors import DataError, StoreError

FEWEST = 200
"""Normals below which a group has no calibration of its own."""
WORKDAY = range(7, 19)
"""The hours, in UTC plus the site's offset, that count as day."""


def time_of_week(second: float, offset: float = 0.0) -> str:
    """One of four parts of the week, `offset` hours east of UTC: coarse, so that each fills up."""
    moment = datetime.fromtimestamp(second + offset * 3600, UTC)
    day = "weekend" if moment.weekday() >= 5 else "weekday"
    return f"{day} {'day' if moment.hour in WORKDAY else 'night'}"


def uniformity(p: Floats) -> float:
    """The greatest distance between the shares of `p` and those of a uniform one (Kolmogorov)."""
    if not len(p):
        return 0.0
    ordered, steps = np.sort(p), np.arange(len(p) + 1) / len(p)
    return float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))


class GroupedCalibrator:
    """A pooled calibration, and one for each group that is better off with its own."""

    def __init__(self, fewest: int = FEWEST) -> None:
        self.fewest = fewest
        self.pooled = Calibrator()
        self.own: dict[str, Calibrator] = {}

    def fit(self, scores: Floats, groups: Sequence[Hashable]) -> Self:
        """Learn the scores (n,) of normals, each of the group named at its place."""
        some(scores)
        if len(scores) != len(groups):
            raise DataError(f"{len(groups)} groups are told for {len(scores)} scores")
        self.pooled = Calibrator().fit(scores)
        names = np.array([str(group) for group in groups])
        self.own = {}
        for name in np.unique(names):
            of_group = scores[names == name]
            if len(of_group) >= self.fewest and self._holds_up(of_group):
                self.own[str(name)] = Calibrator().fit(of_group)
        return self

    def log_p(self, scores: Floats, groups: Sequence[Hashable], middle: bool = False) -> Floats:
        """The logarithm of each score's p among its group, or among all."""
        logs = self.pooled.log_p(scores, middle)
        names = np.array([str(group) for group in groups])
        for name, calibrator in self.own.items():
            inside = names == name
            logs[inside] = calibrator.log_p(take(scores, inside), middle)
        return logs

    def extrapolated(self, scores: Floats, groups: Sequence[Hashable]) -> NDArray[np.bool_]:
        """Which scores are above those of all normals that their p is told by."""
        found = self.pooled.extrapolated(scores)
        names = np.array([str(group) for group in groups])
        for name, calibrator in self.own.items():
            inside = names == name
            found[inside] = calibrator.extrapolated(take(scores, inside))
        return found

    def state(self) -> State:
        """All that was learned; see `restore`."""
        parts = {"pooled": self.pooled, **{f"own{at}": c for at, c in enumerate(self.own.values())}}
        return State(
            {"fewest": self.fewest},
            {"groups": list(self.own), "share": self.pooled.share},
            {f"{at}.{key}": a for at, c in parts.items() for key, a in c.state().arrays.items()},
        )

    @classmethod
    def restore(cls, state: State) -> Self:
        """The calibrator that `state` was taken of; `StoreError` if it cannot be."""
        try:
            made = cls(**state.parameters)
            parameters = {"share": state.facts["share"]}
            names = [str(name) for name in state.facts["groups"]]
        except (KeyError, TypeError) as error:
            raise StoreError(f"is no calibration by group: {error}") from error
        parts = [_part(state, parameters, at) for at in ("pooled", *_places(names))]
        made.pooled, made.own = parts[0], dict(zip(names, parts[1:], strict=True))
        return made

    def _holds_up(self, scores: Floats) -> bool:
        """Whether the group's own calibration is nearer to uniform on what it did not see."""
        rng = np.random.default_rng(0)
        halves = scores[::2], scores[1::2]
        own = [
            uniformity(Calibrator().fit(one).random_p(other, rng))
            for one, other in (halves, halves[::-1])
        ]
        return max(own) < uniformity(self.pooled.random_p(scores, rng))


def _places(names: Sequence[str]) -> list[str]:
    return [f"own{at}" for at in range(len(names))]


def _part(state: State, parameters: dict[str, object], at: str) -> Calibrator:
    keys = {key: f"{at}.{key}" for key in ("values", "above", "tail")}
    if any(key not in state.arrays for key in keys.values()):
        raise StoreError(f"is no calibration by group: it lacks {at!r}")
    return Calibrator.restore(
        State(parameters, {}, {key: state.arrays[name] for key, name in keys.items()})
    )
