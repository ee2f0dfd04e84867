"""Data in parts: by time and by session, never by line.

Lines of one session resemble each other, and so do lines of one hour. A split at random puts
neighbours on both sides, and figures come out too good. All functions give positions in the data.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from models.errors import DataError


@dataclass(frozen=True, slots=True)
class Split:
    """Positions of training and test data, and of those that belong to neither."""

    train: list[int]
    test: list[int]
    torn: list[int]


def by_time(
    times: Sequence[float], sessions: Sequence[Hashable] | None = None, *, share: float
) -> Split:
    """The last `share` of the data for the test: all from the time on at which it begins.

    Sessions that have begun before and go on after are torn: they belong to neither side.
    """
    _share(share)
    if not len(times):
        return Split([], [], [])
    moment = sorted(times)[min(len(times) - 1, int(len(times) * (1 - share)))]
    return at_time(times, sessions, moment)


def at_time(times: Sequence[float], sessions: Sequence[Hashable] | None, moment: float) -> Split:
    """What lies before `moment` for training, the rest for the test; sessions as in `by_time`."""
    names = range(len(times)) if sessions is None else sessions
    if len(names) != len(times):
        raise DataError(f"{len(names)} sessions do not go with {len(times)} times")
    before = {name for name, time in zip(names, times, strict=True) if time < moment}
    after = {name for name, time in zip(names, times, strict=True) if not time < moment}
    split = Split([], [], [])
    for at, name in enumerate(names):
        if name in before and name in after:
            split.torn.append(at)
        else:
            (split.train if name in before else split.test).append(at)
    return split


def _share(share: float) -> None:
    if not 0 < share < 1:
        raise DataError(f"the share of the test must be between 0 and 1, not {share}")
