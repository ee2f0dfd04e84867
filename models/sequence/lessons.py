"""What a network learns from, and in which order: different windows, weighted, some held out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np

from models.base import Floats
from models.prepare.augment import augmented
from models.sequence.vocabulary import COUNTED, Tokens, in_order
from models.sequence.windows import distinct, packed, padded, split
from models.sequence.windows import pieces as pieces_of
from models.train.loop import Batch

HELD_OUT = 0.1
MOST_CELLS, LEAST_CELLS = 2048, 512
LEAST_TOKENS = 4 * LEAST_CELLS
"""Of fewer tokens an epoch has each window several times: a step an epoch teaches little."""
FEW_TOKENS = 8192
"""With fewer tokens than these a network of half the width learns as much, in less time."""
MOST_EPOCHS, LEAST_EPOCHS = 60, 4

Generator: TypeAlias = np.random.Generator
Make: TypeAlias = Callable[[Tokens, Floats, Generator], Batch]
"""A batch from padded tokens (n, t) and the weight of each (n, t), 0 where it is padding."""


class Lessons:
    """Each different row once an epoch, its count to the power `temper` as its weight.

    With `cut`, rows are cut into pieces of so many targets at most once it is settled which are
    held out, so that no row is learned in part and held out in part. `cells`: tokens of a batch.
    With `augment`, whatever is learned comes with a copy, made anew each time, of which about that
    share is changed: its events, not its first and last token. What is held out stays as it is.
    """

    def __init__(
        self,
        rows: Iterable[Tokens],
        temper: float,
        seed: int,
        cut: int | None = None,
        cells: int = MOST_CELLS,
        augment: float = 0.0,
    ) -> None:
        whole, counts = distinct(rows)
        learned, held = split(len(whole), HELD_OUT, np.random.default_rng(seed))
        self.seed, self.augment = seed, augment
        pieces = [[row] if cut is None else pieces_of(row, cut) for row in whole]
        of = np.repeat(np.arange(len(whole)), [len(each) for each in pieces])
        self.rows = [piece for each in pieces for piece in each]
        self.weights = counts[of] ** temper
        self.lengths = [len(row) for row in self.rows]
        starts = np.searchsorted(of, np.arange(len(whole) + 1)).tolist()
        self.learned, self.held = (
            [at for each in places for at in range(starts[each], starts[each + 1])]
            for places in (learned, held)
        )
        self.tokens = sum(self.lengths[at] for at in self.learned)
        self.repeats = min(-(-LEAST_TOKENS // max(self.tokens, 1)), 64)
        # Few data need small batches, else an epoch is but a step or two.
        self.cells = min(max(self.tokens // 16, LEAST_CELLS), cells)

    def epochs(self, budget: int) -> int:
        """How often all can be seen until `budget` tokens are."""
        seen = self.tokens * self.repeats * (2 if self.augment else 1)
        return min(max(budget // seen, LEAST_EPOCHS), MOST_EPOCHS)

    def width(self, wanted: int, heads: int) -> int:
        """The width `wanted`, or half of it where there is little to learn from."""
        few = self.tokens < FEW_TOKENS and wanted % (2 * heads) == 0
        return wanted // 2 if few else wanted

    def epoch(self, make: Make, number: int) -> list[Batch]:
        """The batches of an epoch, in an order of its own."""
        rng = np.random.default_rng([self.seed, number])
        learned = self.learned * self.repeats
        order = [learned[at] for at in rng.permutation(len(learned))]
        rows, weights = self.rows, self.weights
        if self.augment:
            order += range(len(rows), len(rows) + len(learned))
            rows = [*rows, *self._changed(learned, number)]
            weights = np.concatenate([weights, weights[learned]])
            order = [order[at] for at in rng.permutation(len(order))]
        batches = packed([len(row) for row in rows], self.cells, order)
        rng.shuffle(batches)
        return [_batch(make, rows, weights, places, rng) for places in batches]

    def held_out(self, make: Make) -> list[Batch]:
        """The batches that are only ever measured on."""
        rng = np.random.default_rng(self.seed)
        batches = packed(self.lengths, self.cells, self.held * min(self.repeats, 4))
        return [_batch(make, self.rows, self.weights, places, rng) for places in batches]

    def _changed(self, places: list[int], number: int) -> list[Tokens]:
        """A changed copy of each of the rows, none longer than the longest row."""
        most = max(self.lengths)
        inner = [tuple(self.rows[at][1:-1].tolist()) for at in places]
        found = []
        copies = augmented(inner, self.augment, seed=[self.seed, number, 1])
        for at, copy in zip(places, copies, strict=True):
            row, changed = self.rows[at], np.array(copy, dtype=np.int64)
            if row[0] == COUNTED:
                changed = in_order(changed)
            found.append(np.concatenate([row[:1], changed, row[-1:]])[:most])
        return found


def _batch(
    make: Make, rows: Sequence[Tokens], weights: Floats, places: list[int], rng: Generator
) -> Batch:
    tokens, real = padded([rows[at] for at in places])
    return make(tokens, real * weights[places][:, None], rng)
