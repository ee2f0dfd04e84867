"""Learning more without forgetting: new data with a sample of the old, and a look back.

memory = Memory(2000, seed=0)
memory.add(first); model.fit(first)
done = update(model, new, memory, quality)      quality: higher is better, on OLD data
model = done.model                              the old one where it came out worse
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from models.base import Detector, Floats, Online
from models.errors import DataError, ModelError

Item = TypeVar("Item")
Model = TypeVar("Model", bound=Detector[Any])

MOST_LOST = 0.01
"""The quality on old data that an update may cost."""


class Memory(Generic[Item]):
    """A sample of all that was ever added, each item as likely in it as any other."""

    def __init__(self, size: int, seed: int = 0) -> None:
        if size < 1:
            raise DataError(f"a memory holds one item at least, not {size}")
        self.size = size
        self.items: list[Item] = []
        self.seen = 0
        self._rng = np.random.default_rng(seed)

    def add(self, items: Iterable[Item]) -> None:
        """Show it `items`: Vitter's algorithm R decides which stay."""
        for item in items:
            self.seen += 1
            if len(self.items) < self.size:
                self.items.append(item)
            elif (at := int(self._rng.integers(self.seen))) < self.size:
                self.items[at] = item


@dataclass(frozen=True, slots=True)
class Update(Generic[Model]):
    """What an update gave: the model to go on with, and the quality on old data around it."""

    model: Model
    before: float
    after: float
    kept: bool

    def summary(self) -> dict[str, Any]:
        """As JSON, for a manifest or a table."""
        return {"before": self.before, "after": self.after, "kept": self.kept}


def update(
    model: Model,
    new: Sequence[Item],
    memory: Memory[Item],
    quality: Callable[[Model], float],
    most_lost: float = MOST_LOST,
) -> Update[Model]:
    """Let a copy of `model` learn `new` beside what `memory` holds, and keep it if it may stay.

    It may where `quality`, measured on old data, falls by at most `most_lost`; then the memory is
    shown `new` too. Else the model is the old one, with its weights as they were. Where there are
    labels, `quality` is PR-AUC (`ranking`); where there are none, `foreseen`.
    """
    before = quality(model)
    learned = learning(model, [*memory.items, *new])
    after = quality(learned)
    kept = before - after <= most_lost
    if kept:
        memory.add(new)
    return Update(learned if kept else model, before, after, kept)


def learning(model: Model, data: Sequence[Any]) -> Model:
    """A copy of `model` that has learned `data`, too; `ModelError` if it cannot."""
    learned = type(model).restore(model.state())
    _learn(learned, data)
    return learned


def _learn(model: object, data: Sequence[Any]) -> None:
    if not isinstance(model, Online):
        name = getattr(model, "name", "this")
        raise ModelError(f"{name} cannot learn beside what it knows: it has no partial_fit")
    model.partial_fit(data)


def ranking(normal: Any, strange: Any) -> Callable[[Detector[Any]], float]:
    """The PR-AUC (average precision) with which a model tells `strange` from `normal`."""

    def measured(model: Detector[Any]) -> float:
        return average_precision(model.score(normal), model.score(strange))

    return measured


def foreseen(normal: Any) -> Callable[[Detector[Any]], float]:
    """Minus the mean score of old `normal` data, in the units of the score."""

    def measured(model: Detector[Any]) -> float:
        return -float(model.score(normal).mean())

    return measured


def average_precision(normal: Floats, strange: Floats) -> float:
    """The area under precision over recall, by steps; equal scores are one step."""
    scores = np.concatenate([normal, strange])
    order = np.argsort(-scores, kind="stable")
    hits = np.concatenate([np.zeros(len(normal)), np.ones(len(strange))])[order]
    last = np.append(np.diff(scores[order]) != 0, True)
    found = np.cumsum(hits)[last]
    alerts = (np.flatnonzero(last) + 1).astype(np.float64)
    gained = np.diff(np.append(0.0, found))
    return float((gained * found / alerts).sum() / max(len(strange), 1))
