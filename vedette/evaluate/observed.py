"""A public set as events for `vedette models`: one session is one window, in the set's order.

Most sets tell no times, so all sessions are given some: a window each, one after the other, first
those to learn from and then those to score.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from models.bundle.observation import Observation
from vedette.evaluate.part import Part, PublicSet
from vedette.evaluate.sets.registry import SETS, load

START = 946_684_800.0
"""When the first session is held to be, in seconds since 1970: the beginning of the year 2000."""
KIND = "event.action"
"""The field that says the kind of an event."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The part of a set that is learned, or the one that is scored, in windows of `width` seconds.

    `attacks` are the windows, by entity and start, that the set labels as attacks.
    """

    public: PublicSet
    width: float
    learn: bool

    @classmethod
    def load(cls, name: str, data: Path | None, width: float, *, learn: bool) -> Observed:
        """The set `name` below the folder `data`; `InputError` without that, or if it is wrong."""
        if data is None:
            raise InputError(
                f"{name} is a public set, and nothing says where it lies",
                field="--data",
                expected="the folder of public data, with logs/ in it",
            )
        return cls(load(name, data), width, learn=learn)

    def observations(self) -> Iterator[Observation]:
        """Its events; equal kinds share their fields."""
        fields: dict[str, dict[str, str]] = {}
        for entity, start, words, _ in self._windows():
            for word in words:
                yield Observation(entity, start, fields.setdefault(word, {KIND: word}))

    def attacks(self) -> set[tuple[str, float]]:
        """The windows that are labelled, as (entity, start)."""
        return {(entity, start) for entity, start, _, family in self._windows() if family}

    def _windows(self) -> Iterator[tuple[str, float, tuple[str, ...], str]]:
        for trial in self.public.trials:
            alone = trial.name == self.public.name
            entity = f"set={self.public.name}" + ("" if alone else f"/{trial.name}")
            part = trial.train if self.learn else trial.test
            learned = max(len(each.train) for each in self.public.trials)
            first = math.ceil(START / self.width) + (0 if self.learn else learned)
            for at, (words, family) in enumerate(zip(_words(part), part.families, strict=True)):
                yield entity, (first + at) * self.width, words, family


def is_set(name: str) -> bool:
    """Whether a public set has that name."""
    return name in SETS


def _words(part: Part) -> Iterator[tuple[str, ...]]:
    if part.texts is not None:
        yield from part.texts
    else:
        yield from (tuple(map(str, session)) for session in part.sessions)
