"""How likely the next event is after those before it, learned from counts of n-grams.

Witten and Bell's smoothing, interpolated: after a context seen c times with t different successors,
a successor seen k times has the probability (k + t·q) / (c + t), where q is its probability after
the context without its oldest event. Below single events every event that training had, and one
that it had not, are equally likely. The probabilities after a context add up to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, Session, State
from models.baseline.grams import (
    BLOCK,
    Counts,
    Hashes,
    Padded,
    blocks,
    counted,
    hashes,
    looked_up,
    merged,
    padded,
)

Table = tuple[Hashes, Counts]

_NONE: Table = (np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64))


class Backoff:
    """Counts of the n-grams up to `order`, of their contexts, and of what follows these."""

    def __init__(self, order: int) -> None:
        self.order = order
        self.grams: list[Table] = [_NONE] * order
        self.contexts: list[Table] = [_NONE] * (order - 1)
        self.followers: list[Table] = [_NONE] * (order - 1)
        """For each context how many different events followed it."""
        self.total = 0

    def learn(self, sessions: Sequence[Session]) -> None:
        """Count what `sessions` hold, beside what is counted."""
        for block in blocks(sessions, BLOCK):
            self._learn(padded(block, max(self.order - 1, 1)))

    def surprise(self, data: Padded, order: int | None = None) -> Floats:
        """How unlikely each event and END of `data` is, in nats, shape (len(places),).

        With `order`, by that alone which the n-grams up to it tell.
        """
        longest = order or self.order
        rows = hashes(data.events, longest)
        kinds = len(self.grams[0][0])
        seen = looked_up(self.grams[0], rows[0][data.places])
        chance = (seen + kinds / (kinds + 1)) / (self.total + kinds)
        for n in range(1, longest):
            context = rows[n - 1][data.places - 1]
            times = looked_up(self.contexts[n - 1], context)
            followers = looked_up(self.followers[n - 1], context)
            seen = looked_up(self.grams[n], rows[n][data.places])
            known = times > 0
            below = np.where(known, times + followers, 1)
            chance = np.where(known, (seen + followers * chance) / below, chance)
        surprise: Floats = -np.log(chance)
        return surprise

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything learned, for `State`."""
        out: dict[str, NDArray[Any]] = {"total": np.array([self.total], dtype=np.int64)}
        for word in ("grams", "contexts", "followers"):
            for n, (keys, counts) in enumerate(getattr(self, word)):
                out[f"{word}-{n}"], out[f"{word}-{n}-counts"] = keys, counts
        return out

    @classmethod
    def restore(cls, order: int, state: State) -> Backoff:
        """The one whose `arrays` those in `state` are."""
        made = cls(order)
        made.total = int(state.arrays["total"][0])
        for word in ("grams", "contexts", "followers"):
            tables = getattr(made, word)
            tables[:] = [_table(state.arrays, f"{word}-{n}") for n in range(len(tables))]
        return made

    def _learn(self, data: Padded) -> None:
        rows = hashes(data.events, self.order)
        self.total += len(data.places)
        self.grams[0] = merged(self.grams[0], counted(rows[0][data.places]))
        for n in range(1, self.order):
            context, gram = rows[n - 1][data.places - 1], rows[n][data.places]
            distinct, first = np.unique(gram, return_index=True)
            new = context[first][looked_up(self.grams[n], distinct) == 0]
            self.followers[n - 1] = merged(self.followers[n - 1], counted(new))
            self.contexts[n - 1] = merged(self.contexts[n - 1], counted(context))
            self.grams[n] = merged(self.grams[n], counted(gram))


def _table(arrays: Mapping[str, NDArray[Any]], name: str) -> Table:
    return arrays[name].astype(np.uint64), arrays[f"{name}-counts"].astype(np.int64)
