"""What comes next in a session, and how surprising it is: a long short-term memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np

from models.base import (
    Arrays,
    Detector,
    Floats,
    Reason,
    Session,
    Sessions,
    State,
    Takes,
    by_distinct,
    some,
)
from models.errors import ModelError
from models.sequence import recurrent, stored
from models.sequence.forward import Array
from models.sequence.lessons import MOST_EPOCHS, Generator, Lessons
from models.sequence.recurrent import Shape
from models.sequence.surprise import pool
from models.sequence.vocabulary import START, UNKNOWN, Tokens, Vocabulary
from models.sequence.windows import packed
from models.train.labels import labels, shares, surprise
from models.train.loop import Batch, Progress, Recipe, Tensors, train

RECIPE = Recipe(patience=MOST_EPOCHS, rate=1e-2, warm=0.05)
"""It learns to the end of its budget: what is held out falls most where the rate does."""
HIDDEN = 0.02
"""The share of events that training makes unknown, so that one unknown event upsets no others."""
DROPPED, DROPPED_STATES = 0.1, 0.2
"""The shares of an event's embedding, and of the states, that training leaves out."""
CUT = 256
"""Training goes back so many events at most; scoring remembers from a session's beginning."""
CELLS = 1024
"""Tokens of a batch at most."""
TOGETHER, ROWS = 1 << 19, 1 << 14
"""Tokens that are scored at a time, padding included, and sessions: both bound memory."""
OCCLUDED = 127
"""Events before a step that are asked about when they are hidden in turn."""
LIKELY, NAMED = 3, 0.01
"""How many expected events an explanation names at most, and how probable they are at least."""

PARAMETERS = (
    "pooling", "width", "states", "layers", "augment", "smoothing", "budget", "device", "seed",
)  # fmt: skip


class Lstm(Detector[Sessions]):
    """How surprising the steps of a session are to a recurrent network, in nats.

    It learns the probability of each event, and of the session's end, given all before it, as
    common sessions and rare ones come. `score` pools the surprises (-log p; `surprise.py`): their
    mean is what the source takes, minus the logarithm of the session's likelihood by its length.

    An event that training never saw is as surprising as one in all of its steps. `budget`: tokens
    that training may see. `augment` and `smoothing` are as for `gpt`.
    """

    name: ClassVar[str] = "lstm"
    takes: ClassVar[Takes] = Takes.SESSIONS
    learns_with: ClassVar[tuple[str, ...]] = ("torch",)
    source: ClassVar[str] = (
        "Hochreiter, Schmidhuber: Long Short-Term Memory (1997); Kim et al.: LSTM-Based "
        "System-Call Language Modeling and Robust Ensemble Method (2016)"
    )
    seeded: ClassVar[bool] = True
    budgeted: ClassVar[bool] = True
    costly: ClassVar[bool] = True

    def __init__(
        self,
        pooling: str = "mean",
        width: int = 64,
        states: int = 128,
        layers: int = 1,
        augment: float = 0.0,
        smoothing: float = 0.0,
        budget: int = 6_000_000,
        device: str = "auto",
        seed: int = 0,
    ) -> None:
        shares(augment=augment, smoothing=smoothing)
        self.augment, self.smoothing = augment, smoothing
        self.pooling, self.budget, self.device, self.seed = pooling, budget, device, seed
        self.width, self.states, self.layers = width, states, layers
        self._pool = pool(pooling)
        self._vocabulary = Vocabulary([])
        self._unknown = 0.0
        self._shape = Shape(len(self._vocabulary), width, states, layers)
        self._weights: Arrays | None = None
        self._training: dict[str, Any] = {}

    def fit(self, data: Sessions, progress: Callable[[Progress], None] = lambda _: None) -> Self:
        """Learn what follows what in `data`; needs PyTorch."""
        some(data)
        self._vocabulary = Vocabulary.of(data)
        self._unknown = math.log(sum(len(session) + 1 for session in data) + 1)
        self._shape = replace(self._shape, tokens=len(self._vocabulary))
        first = recurrent.initial(self._shape, np.random.default_rng(self.seed))
        return self._learn(data, first, RECIPE, progress)

    def partial_fit(self, data: Sessions) -> Self:
        """Go on learning from `data` alone, new events included, at a tenth of the rate.

        What is not in `data` is forgotten little by little: `train/replay.py` mixes the old in.
        """
        some(data)
        old, known = self._fitted(), len(self._vocabulary)
        self._vocabulary = self._vocabulary.with_others(data)
        self._unknown = math.log(math.exp(self._unknown) + sum(len(each) + 1 for each in data))
        self._shape = replace(self._shape, tokens=len(self._vocabulary))
        first = recurrent.initial(self._shape, np.random.default_rng(self.seed))
        for name, weights in old.items():
            # New events come after the old ones: in rows of `token`, in columns of the others.
            place = np.s_[:known] if name == "token" else np.s_[..., :known]
            first[name][place if name in ("token", "head", "offset") else ...] = weights
        return self._learn(data, first, replace(RECIPE, rate=RECIPE.rate / 10), lambda _: None)

    def score(self, data: Sessions) -> Floats:
        """The pooled surprise of each session, in nats."""
        return by_distinct(
            data, lambda each: np.array([self._pool(told) for told in self.surprises(each)])
        )

    def surprises(self, sessions: Sequence[Session]) -> list[Floats]:
        """Of each session the surprise at each event and at its end, (length + 1,), in nats."""
        rows = [self._vocabulary.tokens(session) for session in sessions]
        found: list[Floats] = [np.zeros(0)] * len(rows)
        for places in _together([len(row) for row in rows]):
            told = self._foretold([rows[at] for at in places])
            for at, each in zip(places, told, strict=True):
                found[at] = each
        return found

    def occlusion(self, session: Session, step: int) -> Floats:
        """By how much each event before `step` (from 0) moves what is foretold there, (step,).

        As of `gpt`: the total variation distance of what is foretold with the event and with an
        unknown one in its place. Of longer sessions the `OCCLUDED` events before the step are
        asked about, each with all before it remembered; what lies farther back has 0.
        """
        row = self._vocabulary.tokens(session)[: step + 1]
        before, row = np.split(row, [max(len(row) - OCCLUDED, 1)])
        rows = np.repeat(row[None], 1 + len(row), axis=0)
        np.fill_diagonal(rows[1:], UNKNOWN)
        found = np.zeros(step)
        if len(row):
            memory = recurrent.Memory.of(self._fitted(), self._shape, before)
            chances = np.exp(self._last(list(rows), memory))
            found[step - len(row) :] = 0.5 * np.abs(chances[1:] - chances[0]).sum(axis=1)
        return found

    def foreseen(
        self, session: Session, step: int, most: int = LIKELY
    ) -> list[tuple[int | None, float]]:
        """What is likeliest at `step` (from 0): events, None for the end, each with its chance."""
        row = self._vocabulary.tokens(session)[: step + 1]
        return self._vocabulary.likeliest(np.exp(self._last([row])[0]), most)

    def network(self) -> tuple[Arrays, Shape, Vocabulary]:
        """The weights, their shape, and the events of training; `ModelError` if not fitted."""
        return self._fitted(), self._shape, self._vocabulary

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The most surprising steps: how probable each was, and what was expected."""
        row = self._vocabulary.tokens(data[at])
        told = self.surprises([data[at]])[0]
        expected = [each[0] for _, each in self._chances([row[:-1]])]
        order = np.argsort(-told, kind="stable")[:most]
        return [self._reason(int(row[step + 1]), int(step), told, expected) for step in order]

    def state(self) -> State:
        """The weights, and the events of training."""
        facts = {
            "events": self._vocabulary.events,
            "unknown": self._unknown,
            "training": self._training,
        }
        parameters = {name: getattr(self, name) for name in PARAMETERS}
        return State(parameters, facts, dict(self._fitted()))

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._vocabulary = Vocabulary(state.facts["events"])
        made._unknown = float(state.facts["unknown"])
        made._training = dict(state.facts["training"])
        made._shape = replace(made._shape, tokens=len(made._vocabulary))
        made._weights = stored.checked(state.arrays, recurrent.sizes(made._shape))
        return made

    def _learn(
        self, data: Sessions, first: Arrays, recipe: Recipe, progress: Callable[[Progress], None]
    ) -> Self:
        rows = (self._vocabulary.tokens(session) for session in data)
        lessons = Lessons(rows, 1.0, self.seed, CUT, CELLS, self.augment)
        sure = labels(self._shape.tokens, self.smoothing)
        run = train(
            first,
            partial(_loss, self._shape),
            partial(lessons.epoch, partial(_batch, self._shape, True, sure)),
            lessons.held_out(partial(_batch, self._shape, False, {})),
            replace(recipe, epochs=lessons.epochs(self.budget), device=self.device),
            progress,
        )
        self._weights, self._training = run.weights, run.summary()
        return self

    def _fitted(self) -> Arrays:
        if self._weights is None:
            raise ModelError(f"{self.name} was not fitted yet")
        return self._weights

    def _chances(self, rows: Sequence[Tokens]) -> Iterator[tuple[int, Array]]:
        return recurrent.chances(self._fitted(), self._shape, rows)

    def _last(self, rows: Sequence[Tokens], memory: recurrent.Memory | None = None) -> Floats:
        """The logarithms of what is foretold after each of `rows`, all of a length, (n, tokens)."""
        for _, told in recurrent.chances(self._fitted(), self._shape, rows, memory):
            last = told
        return np.asarray(last, dtype=np.float64)

    def _foretold(self, rows: Sequence[Tokens]) -> list[Floats]:
        """Of each of `rows`, the longest first, the surprise at every token after its first."""
        came = np.full((max(map(len, rows)) - 1, len(rows)), UNKNOWN)
        for at, row in enumerate(rows):
            came[: len(row) - 1, at] = row[1:]
        told = np.zeros(came.shape)
        for step, (live, each) in enumerate(self._chances([row[:-1] for row in rows])):
            told[step, :live] = -each[np.arange(live), came[step, :live]]
        told[came == UNKNOWN] = self._unknown
        return [told[: len(row) - 1, at] for at, row in enumerate(rows)]

    def _reason(self, came: int, step: int, told: Floats, expected: Sequence[Array]) -> Reason:
        text = f"{self._vocabulary.word(came)} at step {step + 1} had probability "
        text += f"{math.exp(-told[step]):.2g}"
        chances = np.exp(expected[step])
        best = [int(each) for each in np.argsort(-chances, kind="stable")[:LIKELY]]
        likely = [
            f"{self._vocabulary.word(each)} ({chances[each]:.2g})"
            for each in best
            if chances[each] >= NAMED and each != came
        ]
        if likely:
            text += f"; expected {' or '.join(likely)}"
        return Reason(f"step {step + 1}", float(told[step]), text)


def _together(lengths: Sequence[int]) -> Iterator[list[int]]:
    """All places in groups of like length, the longest of each first."""
    for places in packed(lengths, TOGETHER, range(len(lengths))):
        for at in range(0, len(places), ROWS):
            yield places[at : at + ROWS][::-1]


def _loss(shape: Shape, weights: Tensors, batch: Tensors) -> tuple[Any, Any]:
    """The weighted surprise at the targets, and the weights."""
    given = weights["token"][batch["tokens"]] * batch["kept"]
    states = recurrent.hidden(weights, shape, given) * batch["kept_states"]
    logits = (states @ weights["head"] + weights["offset"]).float()
    return surprise(logits, batch)


def _batch(
    shape: Shape,
    learning: bool,
    sure: Batch,
    tokens: Tokens,
    weight: Floats,
    rng: Generator,
) -> Batch:
    given = tokens[:, :-1]
    hidden = rng.random(given.shape) < (HIDDEN if learning else 0.0)
    return {
        "tokens": np.where(hidden & (given != START), UNKNOWN, given),
        "targets": np.ascontiguousarray(tokens[:, 1:]),
        "weight": weight[:, 1:].astype(np.float32),
        "kept": _kept(len(tokens), shape.width, DROPPED if learning else 0.0, rng),
        "kept_states": _kept(len(tokens), shape.states, DROPPED_STATES if learning else 0.0, rng),
        **sure,
    }


def _kept(count: int, width: int, share: float, rng: Generator) -> Array:
    """Dropout that is the same at all steps of a row (Gal, Ghahramani 2016), (count, 1, width)."""
    kept = rng.random((count, 1, width)) >= share
    return (kept / (1 - share)).astype(np.float32)
