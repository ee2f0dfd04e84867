"""Weights chosen without the labels that they are measured on: leave one technique out.

For each group of recordings that are labelled with the same techniques, the weights are those that
find most of the recordings that share no parent technique with it. What a group is found by is
thus never chosen on its own labels, or on near ones.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from engine.incident.rank import Weights
from vedette.evaluate.hybrid.credit import BUDGETS, Found
from vedette.evaluate.hybrid.recordings import Recording

GRID = tuple(
    Weights(*each)
    for each in itertools.product(
        (1.0, 0.5, 0.25), (1.0, 1.5, 2.0), (1.0, 2.0), (0.0, 1.0), (0.0, 0.25, 0.5), (0.0, 0.2)
    )
)
"""All that is tried: each of `Weights`, in their order."""
GOAL = BUDGETS[1:]
"""The budgets that count; what is found at both by the first and by the first three is added up."""

Measure = Callable[[Weights], dict[int, Found]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is found at each budget when no weights saw their own labels, and what was chosen."""

    found: dict[int, Found]
    weights: Counter[Weights]
    best: Weights
    """What all labels together would choose."""


def leave_one_out(
    recordings: Sequence[Recording], measure: Measure, grid: Sequence[Weights] = GRID
) -> Chosen:
    """Choose for each group of recordings by the others."""
    results = [measure(weights) for weights in grid]
    families = [frozenset(t.partition(".")[0] for t in r.techniques) for r in recordings]
    chosen: Counter[Weights] = Counter()
    picked = np.zeros(len(recordings), dtype=int)
    for family in sorted(set(families), key=sorted):
        others = np.array([not (family & each) for each in families])
        best = _best(results, others)
        picked[[each == family for each in families]] = best
        chosen[grid[best]] += 1
    everybody = np.ones(len(recordings), dtype=bool)
    found = {budget: _picked([r[budget] for r in results], picked) for budget in BUDGETS}
    return Chosen(found, chosen, grid[_best(results, everybody)])


def _best(results: Sequence[dict[int, Found]], counted: np.ndarray[tuple[int], np.dtype[np.bool_]]
          ) -> int:  # fmt: skip
    sums = [
        sum((found[b].first[counted].sum() + found[b].top[counted].sum()) for b in GOAL)
        for found in results
    ]
    return int(np.argmax(sums))


def _picked(each: Sequence[Found], at: np.ndarray[tuple[int], np.dtype[np.int_]]) -> Found:
    rows = np.arange(len(at))

    def of(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.asarray(np.stack([getattr(one, name) for one in each])[at, rows])

    return Found(*(of(each.name) for each in fields(Found)))
