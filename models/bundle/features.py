"""Which features detectors of vectors look at, and the rows of windows that these make.

    features = Features(("counts", "levels"), texts, signals).fitted(windows)
    features.rows(windows)

Columns of several units are brought to mean 0 and spread 1, both learned on training windows. A
spread is at least `LEAST`: all of them are logarithms, shares and places on circles, and what
varied by less did not vary. What was learned stays as it is when a bundle learns on: rows of later
windows are in units of the first training, with columns for kinds that are new (`known`).

    counts              log(1 + how often each event occurs)
    figures             how much there was, how fast, how alike
    levels              smoothed shares of levels of log lines
    times               hour and weekday on circles, gaps between events
    words, characters   n-grams of the texts of the window's kinds
    counter:FIELD       log(1 + how much a field that counts up grew)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.base import UNKNOWN, Floats, State
from models.bundle.columns.base import Columns
from models.bundle.columns.counter import Counter
from models.bundle.columns.counts import Counts
from models.bundle.columns.figures import Figures
from models.bundle.columns.grams import Grams
from models.bundle.columns.levels import Levels
from models.bundle.columns.times import Times
from models.bundle.counted import folded
from models.errors import DataError, ModelError, StoreError
from models.feature.signal import COUNTER, LEVEL
from models.feature.windows import Window

COUNTS, FIGURES, LEVELS, TIMES = "counts", "figures", "levels", "times"
WORDS, CHARACTERS = "words", "characters"
NAMES = (COUNTS, FIGURES, LEVELS, TIMES, WORDS, CHARACTERS)
MOST_COUNTERS = 8
"""Fields that a model may follow: each is kept for every event of an open window."""
LEAST = 0.01
FARTHEST = 1e6
"""Spreads beyond which a value is no stranger: squares must stay finite."""


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """The features of these names, each once; none for what is looked at without a choice.

    Raises `ModelError` for a name that is none.
    """
    found = tuple(dict.fromkeys(names))
    for name in found:
        if name not in NAMES and not (name.startswith(COUNTER) and name[len(COUNTER) :].strip()):
            raise ModelError(f"no feature is called {name!r}; there are {', '.join(NAMES)} and "
                             f"{COUNTER}FIELD")  # fmt: skip
    if sum(name.startswith(COUNTER) for name in found) > MOST_COUNTERS:
        raise ModelError(f"a model follows {MOST_COUNTERS} counters at most")
    return () if found == (COUNTS,) else found


def signals(names: Sequence[str]) -> tuple[str, ...]:
    """What must be asked of each event for features of these names."""
    level = (LEVEL,) if LEVELS in names else ()
    return (*level, *(name for name in names if name.startswith(COUNTER)))


def seen_by(window: Window, events: int) -> Window:
    """The window as one who knows so many kinds of events sees it."""
    seen = tuple(event if event <= events else UNKNOWN for event in window.events)
    return replace(window, events=seen)


class Features:
    """The features of a bundle; `fitted` learns their scale."""

    def __init__(self, names: Sequence[str], texts: Sequence[str], offset: float = 0.0) -> None:
        """`texts` are those of the events from 1 on; `offset` is the clock's, in seconds."""
        self.names, self.texts, self.offset = tuple(names), texts, offset
        self.asked = signals(names)
        self._parts = [self._part(name) for name in names]
        self._mean: Floats = np.zeros(0)
        self._spread: Floats = np.zeros(0)
        self._place()

    def _part(self, name: str) -> Columns:
        if name.startswith(COUNTER):
            return Counter(name.removeprefix(COUNTER), self.asked.index(name))
        match name:
            case "figures":
                return Figures()
            case "levels":
                return Levels(self.asked.index(LEVEL))
            case "times":
                return Times(self.offset)
            case "words" | "characters":
                return Grams(name.removesuffix("s"), self.texts)
        return Counts(len(self.texts))

    def _place(self) -> None:
        """Number the groups of all columns, and say which part each is of."""
        groups: list[int] = []
        self._starts: list[tuple[int, int]] = []
        """Of each part its first column and its first group."""
        for part in self._parts:
            first = max(groups, default=-1) + 1
            self._starts.append((len(groups), first))
            groups += [first + group for group in part.groups()]
        self.groups: NDArray[np.intp] = np.array(groups, dtype=np.intp)

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return len(self.groups)

    def fitted(self, windows: Sequence[Window]) -> Self:
        """The same features, with a scale learned of `windows`."""
        made = type(self)(self.names, self.texts, self.offset)
        for part in made._parts:
            part.fit(windows)
        made._place()
        raw, scaled = made._raw(windows), made._scaled()
        known = np.isfinite(raw)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, raw, 0.0).sum(axis=0) / count
        apart = np.where(known, raw - mean, 0.0)
        spread = np.maximum(np.sqrt((apart**2).sum(axis=0) / count), LEAST)
        made._mean, made._spread = np.where(scaled, mean, 0.0), np.where(scaled, spread, 1.0)
        return made

    def known(self, texts: Sequence[str]) -> Self:
        """The same features and scale of those who know the events of `texts`, more or fewer.

        `texts` begin as those of these do. New kinds have a column of counts; n-grams of their
        texts have the weights that were learned.
        """
        made = type(self)(self.names, texts, self.offset)
        for part, own in zip(made._parts, self._parts, strict=True):
            part.restored(own.state())
        made._place()
        scaled = made._scaled()
        made._mean, made._spread = np.zeros(made.width), np.ones(made.width)
        # Columns that are brought to one scale are as many whatever events are known.
        made._mean[scaled] = self._mean[self._scaled()]
        made._spread[scaled] = self._spread[self._scaled()]
        return made

    def folded(self, rows: Floats, events: int) -> Floats:
        """Rows of these as those of who knows fewer events: others count with the unknown ones."""
        parts = [
            folded(rows[:, first : first + len(part.groups())], events)
            if isinstance(part, Counts)
            else rows[:, first : first + len(part.groups())]
            for part, (first, _) in zip(self._parts, self._starts, strict=True)
        ]
        return np.concatenate(parts, axis=1)

    def require(self, windows: Sequence[Window]) -> None:
        """`DataError` where one of them says nothing of any of the windows that were learned."""
        told = [why for part in self._parts if (why := part.lacking(windows))]
        if told:
            raise DataError("; ".join(told))

    def rows(self, windows: Sequence[Window]) -> Floats:
        """A row (n, width) of each; what a window does not say is what is usual."""
        raw = self._raw(windows)
        scaled = (np.where(np.isnan(raw), self._mean, raw) - self._mean) / self._spread
        rows: Floats = np.clip(scaled, -FARTHEST, FARTHEST)
        return rows

    def named(self, column: int) -> str:
        """What a column is called."""
        at = max(at for at, (first, _) in enumerate(self._starts) if first <= column)
        return self._parts[at].named(column - self._starts[at][0])

    def said(self, group: int, row: Floats, usually: Floats) -> tuple[str, str]:
        """What a group of columns is called, and what it is in words, by two rows."""
        at = max(at for at, (_, first) in enumerate(self._starts) if first <= group)
        inside = self.groups == group
        here, there = (
            each[inside] * self._spread[inside] + self._mean[inside] for each in (row, usually)
        )
        part, inner = self._parts[at], group - self._starts[at][1]
        return part.topic(inner), part.said(inner, here, there)

    def _raw(self, windows: Sequence[Window]) -> Floats:
        most = len(self.texts)
        if any(max(each.events, default=0) > most for each in windows):
            windows = [seen_by(each, most) for each in windows]
        return np.concatenate([part.rows(windows) for part in self._parts], axis=1)

    def _scaled(self) -> NDArray[np.bool_]:
        """Which columns are brought to one scale."""
        sizes = [len(part.groups()) for part in self._parts]
        return np.repeat([part.scaled for part in self._parts], sizes)

    def state(self) -> State:
        """All that `restore` needs beside what the plan and the templates say."""
        arrays = {"mean": self._mean, "spread": self._spread}
        facts = {}
        for name, part in zip(self.names, self._parts, strict=True):
            inner = part.state()
            facts[name] = {"parameters": dict(inner.parameters), "facts": dict(inner.facts)}
            arrays.update({f"{name}/{key}": array for key, array in inner.arrays.items()})
        return State({}, facts, arrays)

    def like(self, state: State) -> Self:
        """What `state` was taken of, features of the same names and events; `StoreError`."""
        return type(self).restore(state, self.names, self.texts, self.offset)

    @classmethod
    def restore(
        cls, state: State, names: Sequence[str], texts: Sequence[str], offset: float
    ) -> Self:
        """What `state` was taken of; `StoreError` if it does not hold together."""
        made = cls(names, texts, offset)
        try:
            for name, part in zip(made.names, made._parts, strict=True):
                told = state.facts[name]
                own = {key.removeprefix(f"{name}/"): array
                       for key, array in state.arrays.items()
                       if key.startswith(f"{name}/")}  # fmt: skip
                part.restored(State(told["parameters"], told["facts"], own))
            made._place()
            made._mean = np.asarray(state.arrays["mean"], dtype=np.float64)
            made._spread = np.asarray(state.arrays["spread"], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"the features do not hold together: {error!r}") from error
        for each in (made._mean, made._spread):
            if each.shape != (made.width,) or not np.isfinite(each).all():
                raise StoreError("the scale of the features does not fit them")
        if not (made._spread > 0).all():
            raise StoreError("a spread of a feature is not above 0")
        return made
