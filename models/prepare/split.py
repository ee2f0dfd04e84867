"""Data in parts: by time and by session, never by line.

Lines of one session resemble each other, and so do lines of one hour. A split at random puts
neighbours on both sides, and figures come out too good. All functions give positions in the data.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from models.errors import DataError


@dataclass(frozen=True, slots=True)
class Split:
    """Positions of training and test data, and of those that belong to neither."""

    train: list[int]
    test: list[int]
    torn: list[int]


def by_session(sessions: Sequence[Hashable], share: float, seed: int = 0) -> Split:
    """About `share` of the sessions for the test, each whole.

    A session's side depends on its name and the seed alone: more data move none to the other side.
    """
    _share(share)
    chosen = {each: _fraction(each, seed) < share for each in set(sessions)}
    sides: tuple[list[int], list[int]] = ([], [])
    for at, session in enumerate(sessions):
        sides[chosen[session]].append(at)
    return Split(sides[0], sides[1], [])


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


def folds(sessions: Sequence[Hashable], count: int, seed: int = 0) -> list[Split]:
    """`count` splits: each session is in the test of exactly one."""
    if not 2 <= count <= len(set(sessions)):
        raise DataError(f"{len(set(sessions))} sessions do not make {count} folds")
    order = sorted(set(sessions), key=lambda name: (_fraction(name, seed), repr(name)))
    fold = {name: at % count for at, name in enumerate(order)}
    splits = [Split([], [], []) for _ in range(count)]
    for at, session in enumerate(sessions):
        for number, split in enumerate(splits):
            (split.test if fold[session] == number else split.train).append(at)
    return splits


def rolling(times: Sequence[float], count: int) -> list[Split]:
    """`count` splits: each trains on all before a moment and tests on what follows up to the next.

    The data are cut into `count` + 1 parts of equal time.
    """
    if count < 1 or len(times) < 2:
        raise DataError("splits over time need two items or more, and one split or more")
    first, last = min(times), max(times)
    width = (last - first) / (count + 1)
    if not width > 0:
        raise DataError("all data are of one time")
    part = [min(count, int((time - first) / width)) for time in times]
    return [
        Split(
            [at for at, number in enumerate(part) if number < test],
            [at for at, number in enumerate(part) if number == test],
            [],
        )
        for test in range(1, count + 1)
    ]


def _fraction(name: Hashable, seed: int) -> float:
    """A number in [0, 1) that depends on the two alone. The name's type counts: 1 is not "1"."""
    text = f"{seed}\0{name!r}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=7).digest()) / 2**56


def _share(share: float) -> None:
    if not 0 < share < 1:
        raise DataError(f"the share of the test must be between 0 and 1, not {share}")
