"""What comes next in a session, and how surprising it is: a small GPT over event numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from models.base import Detector, Floats, Reason, Session, Sessions, State, Takes, by_distinct, some
from models.errors import DataError, ModelError
from models.sequence import forward, network, stored
from models.sequence.forward import Shape
from models.sequence.lessons import Generator, Lessons
from models.sequence.stored import Trained
from models.sequence.surprise import pool
from models.sequence.vocabulary import SPECIAL, UNKNOWN, Tokens, Vocabulary
from models.sequence.windows import CELLS, Window, equal, windows
from models.train.labels import labels, shares, surprise
from models.train.loop import Batch, Progress, Recipe, Tensors, train

HIDDEN = 0.02
"""The share of events that training makes unknown, so that one unknown event upsets no others."""
LIKELY, NAMED = 3, 0.01
"""How many expected events an explanation names at most, and how probable they are at least."""

ORDER, COUNTS = "order", "counts"
VIEWS = {"order": (ORDER,), "counts": (COUNTS,), "both": (ORDER, COUNTS)}

PARAMETERS = (
    "view", "pooling", "width", "layers", "heads", "context", "temper", "augment", "smoothing",
    "budget", "device", "seed",
)  # fmt: skip


class Gpt(Detector[Sessions]):
    """How surprising the steps of a session are to a causal transformer, in nats.

    It learns the probability of each event, and of the session's end, given all before it in the
    window; and the same of a session's events sorted, which is the probability of their counts. One
    network does both, told apart by the first token. `score` pools the surprises (-log p) of either
    view (`surprise.py` says how) and adds the two. Why both: where work is concurrent, the order of
    lines is partly chance, and only next events cannot tell rare chance from what went wrong; what
    goes wrong mostly leaves something out or adds something, which both views see.

    An event that training never saw is as surprising as one in all of its steps. Each different
    window is learned from once an epoch, weighted with its count to the power `temper`: what
    repeats costs no time, and below 1 what is common does not drown what is rare. Early stopping is
    by different sequences that were held out, for it is those that a site's next day brings.
    `context` is the longest window; longer sessions are scored in windows that overlap by half.
    `budget`: tokens that training may see. `augment`: beside each window, training sees a copy of
    which about that share of events is dropped, swapped, repeated or followed by another one.
    `smoothing`: the share of each label that goes to all tokens alike.
    """

    name: ClassVar[str] = "gpt"
    takes: ClassVar[Takes] = Takes.SESSIONS
    learns_with: ClassVar[tuple[str, ...]] = ("torch",)
    source: ClassVar[str] = (
        "Radford et al.: Improving Language Understanding by Generative Pre-Training (2018); "
        "Karpathy: minGPT; for logs Du et al.: DeepLog (CCS 2017), with a transformer for the LSTM"
    )
    seeded: ClassVar[bool] = True
    budgeted: ClassVar[bool] = True
    costly: ClassVar[bool] = True

    def __init__(
        self,
        view: str = "both",
        pooling: str = "max",
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        context: int = 128,
        temper: float = 0.5,
        augment: float = 0.0,
        smoothing: float = 0.0,
        budget: int = 1_500_000,
        device: str = "auto",
        seed: int = 0,
    ) -> None:
        if view not in VIEWS:
            raise DataError(f"no view is called {view!r}; there are {', '.join(VIEWS)}")
        shares(augment=augment, smoothing=smoothing)
        self.view, self.pooling, self.temper, self.budget = view, pooling, temper, budget
        self.augment, self.smoothing = augment, smoothing
        self.width, self.layers, self.heads, self.context = width, layers, heads, context
        self.device, self.seed = device, seed
        self._pool = pool(pooling)
        Shape(SPECIAL, width, layers, heads, context)  # refuses what does not go together
        self._vocabulary = Vocabulary([])
        self._unknown = 0.0
        self._trained: Trained | None = None

    def fit(self, data: Sessions, progress: Callable[[Progress], None] = lambda _: None) -> Self:
        """Learn what follows what in `data`, and how often what occurs; needs PyTorch."""
        some(data)
        self._vocabulary = Vocabulary.of(data)
        self._unknown = math.log(sum(len(session) + 1 for session in data) + 1)
        lessons = self._lessons(data)
        width = lessons.width(self.width, self.heads)
        shape = Shape(len(self._vocabulary), width, self.layers, self.heads, self.context)
        first = forward.initial(shape, np.random.default_rng(self.seed))
        return self._learn(lessons, Trained(shape, first, {}), Recipe(), progress)

    def partial_fit(self, data: Sessions) -> Self:
        """Go on learning from `data` alone, new events included, at a tenth of the rate.

        What is not in `data` is forgotten little by little: `train/replay.py` mixes the old in.
        """
        some(data)
        old, known = self.trained, len(self._vocabulary)
        self._vocabulary = self._vocabulary.with_others(data)
        self._unknown = math.log(math.exp(self._unknown) + sum(len(each) + 1 for each in data))
        shape = replace(old.shape, tokens=len(self._vocabulary))
        first = forward.initial(shape, np.random.default_rng(self.seed))
        for name, weights in old.weights.items():
            # New events come after the old ones: in rows of `token`, in columns of `head`.
            place = np.s_[:known] if name == "token" else np.s_[..., :known]
            first[name][place if name in ("token", "head") else ...] = weights
        recipe = Recipe(rate=Recipe().rate / 10)
        lessons = self._lessons(data)
        return self._learn(lessons, Trained(shape, first, {}), recipe, lambda _: None)

    def score(self, data: Sessions) -> Floats:
        """The pooled surprise of each session, in nats, summed over its views."""
        return by_distinct(data, self._scores)

    def surprises(self, sessions: Sequence[Session], view: str = ORDER) -> list[Floats]:
        """Of each session the surprise at each event and at its end, (length + 1,), in nats.

        In the view `counts` the steps are those of the sorted events, and of the end of each part.
        """
        found: list[list[Floats]] = [[] for _ in sessions]
        parts = list(self._parts(sessions, view, self.context // 2))
        where: dict[bytes, int] = {}
        for part in parts:
            where.setdefault(part.window.tokens.tobytes(), len(where))
        told = self._foretold([np.frombuffer(each, dtype=np.int64) for each in where])
        for session, (tokens, old) in parts:
            found[session].append(told[where[tokens.tobytes()]][old:])
        return [np.concatenate(each) for each in found]

    def attention(self, session: Session) -> list[Floats]:
        """What each layer looks at, (heads, steps, steps), in the session's first window.

        Row i is the step that foretells event i (from 0); column 0 is the start, j event j - 1.
        """
        first = next(windows(self._vocabulary.tokens(session), self.context, 0, 1))
        seen: list[forward.Array] = []
        forward.hidden(self.trained.weights, self.trained.shape, first.tokens[None, :-1], seen)
        return [each[0].astype(np.float64) for each in seen]

    def occlusion(self, session: Session, step: int) -> Floats:
        """By how much each event before `step` (from 0) moves what is foretold there, (step,).

        The total variation distance of what is foretold with the event and with an unknown one in
        its place: 0 for none, 1 at most. Events outside of the step's window move nothing.
        """
        context = self.before(session, step)[:-1]
        hidden = np.repeat(context[None], len(context), axis=0)
        np.fill_diagonal(hidden, UNKNOWN)
        chances = np.exp(self._chances(np.vstack([context, hidden]))[:, -1])
        return self.along(step, 0.5 * np.abs(chances[1:] - chances[0]).sum(axis=1))

    def attended(self, session: Session, step: int) -> Floats:
        """How much of its attention `step` (from 0) gives each event before it, (step,).

        The mean of the heads of the first layer: there a place still is its event alone, and later
        layers look at mixtures. The start's share is left out, so they add up to less than 1.
        """
        seen: list[forward.Array] = []
        context = self.before(session, step)[:-1]
        forward.hidden(self.trained.weights, self.trained.shape, context[None], seen)
        return self.along(step, seen[0][0].mean(axis=0)[-1])

    def foreseen(
        self, session: Session, step: int, most: int = LIKELY
    ) -> list[tuple[int | None, float]]:
        """What is likeliest at `step` (from 0): events, None for the end, each with its chance."""
        context = self.before(session, step)[:-1]
        chances = np.exp(self._chances(context[None])[0, -1].astype(np.float64))
        return self._vocabulary.likeliest(chances, most)

    def before(self, session: Session, step: int) -> Tokens:
        """The tokens that foretell `step` (from 0), as many as a window holds, and its own."""
        return self._vocabulary.tokens(session)[: step + 2][-self.context - 1 :]

    def along(self, step: int, told: Any) -> Floats:
        """What is `told` of the tokens before `step`, at the places of its events, (step,)."""
        found = np.zeros(step + 1)
        found[step + 1 - len(told) :] = told
        return found[1:]

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The most surprising steps: how probable each was, what was expected, resting on what."""
        found = [each for view in VIEWS[self.view] for each in self._reasons(data[at], view, most)]
        return sorted(found, key=lambda reason: -reason.contribution)[:most]

    def state(self) -> State:
        """The weights, and the events of training."""
        facts = {"events": self._vocabulary.events, "unknown": self._unknown}
        return stored.state({name: getattr(self, name) for name in PARAMETERS}, facts, self.trained)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._vocabulary = Vocabulary(state.facts["events"])
        made._unknown = float(state.facts["unknown"])
        made._trained = stored.restore(state, made._vocabulary)
        return made

    @property
    def trained(self) -> Trained:
        """The network; `ModelError` if there is none yet."""
        if self._trained is None:
            raise ModelError(f"{self.name} was not fitted yet")
        return self._trained

    def _lessons(self, data: Sessions) -> Lessons:
        rows = (
            part.window.tokens for view in VIEWS[self.view] for part in self._parts(data, view, 0)
        )
        return Lessons(rows, self.temper, self.seed, augment=self.augment)

    def _learn(
        self,
        lessons: Lessons,
        first: Trained,
        recipe: Recipe,
        progress: Callable[[Progress], None],
    ) -> Self:
        make, sure = partial(_batch, first.shape.counts), labels(first.shape.tokens, self.smoothing)
        run = train(
            first.weights,
            partial(loss, first.shape),
            partial(lessons.epoch, partial(make, HIDDEN, sure)),
            lessons.held_out(partial(make, 0.0, {})),
            replace(recipe, epochs=lessons.epochs(self.budget), device=self.device),
            progress,
        )
        self._trained = Trained(first.shape, run.weights, run.summary())
        return self

    def _parts(self, sessions: Iterable[Session], view: str, overlap: int) -> Iterator[_Part]:
        for at, session in enumerate(sessions):
            if view == COUNTS:
                for tokens in self._vocabulary.counted(session, self.context):
                    yield _Part(at, Window(tokens, 0))
            else:
                for each in windows(self._vocabulary.tokens(session), self.context, overlap, 1):
                    yield _Part(at, each)

    def _scores(self, sessions: list[Session]) -> Floats:
        views = [self.surprises(sessions, view) for view in VIEWS[self.view]]
        return np.array([sum(map(self._pool, told)) for told in zip(*views, strict=True)])

    def _foretold(self, rows: list[Tokens]) -> list[Floats]:
        """Of each row the surprise at every token after its first."""
        found: list[Floats] = [np.zeros(0)] * len(rows)
        for places in equal([len(row) for row in rows], CELLS):
            tokens = np.stack([rows[at] for at in places])
            came = tokens[:, 1:]
            chances = np.take_along_axis(self._chances(tokens[:, :-1]), came[..., None], axis=2)
            told = np.where(came == UNKNOWN, self._unknown, -chances[..., 0].astype(np.float64))
            for at, each in zip(places, told, strict=True):
                found[at] = each
        return found

    def _chances(self, tokens: Tokens) -> forward.Array:
        net = self.trained
        states = forward.hidden(net.weights, net.shape, tokens)
        return forward.log_softmax(states @ net.weights["head"])

    def _reasons(self, session: Session, view: str, most: int) -> Iterator[Reason]:
        told = self.surprises([session], view)[0]
        for step in map(int, np.argsort(-told, kind="stable")[:most]):
            reason = self._misplaced if view == ORDER else self._miscounted
            yield reason(session, step, float(told[step]))

    def _misplaced(self, session: Session, step: int, told: float) -> Reason:
        tokens = self._vocabulary.tokens(session)
        word = f"{self._vocabulary.word(tokens[step + 1])} at step {step + 1}"
        text = self._words(word, told, tokens[: step + 1], tokens[step + 1])
        moved = self.occlusion(session, step)
        if len(moved) and moved.max() >= NAMED:
            at = int(moved.argmax())
            text += f"; most of that rests on event {session[at]} at step {at + 1}"
        return Reason(f"step {step + 1}", told, text)

    def _miscounted(self, session: Session, step: int, told: float) -> Reason:
        parts = self._vocabulary.counted(session, self.context)
        while step >= len(parts[0]) - 1:
            step -= len(parts.pop(0)) - 1
        before, came = parts[0][: step + 1], parts[0][step + 1]
        word = f"counted without order, {self._vocabulary.word(came)}"
        if step:
            times = int((before == before[-1]).sum())
            word += f" after {times} of {self._vocabulary.word(before[-1])}"
        return Reason(
            f"count of {self._vocabulary.word(came)}", told, self._words(word, told, before, came)
        )

    def _words(self, word: str, told: float, before: Tokens, came: int) -> str:
        chances = np.exp(self._chances(before[None, -self.context :])[0, -1])
        text = f"{word} had probability {math.exp(-told):.2g}"
        best = [int(at) for at in np.argsort(-chances)[:LIKELY]]
        likely = [at for at in best if chances[at] >= NAMED and at != came]
        if not likely:
            return text
        expected = (f"{self._vocabulary.word(at)} ({chances[at]:.2g})" for at in likely)
        return f"{text}; expected {' or '.join(expected)}"


class _Part(NamedTuple):
    """A window of the session at a place."""

    session: int
    window: Window


def loss(shape: Shape, weights: Tensors, batch: Tensors) -> tuple[Any, Any]:
    """The weighted surprise at the targets, and the weights."""
    states = network.hidden(weights, shape, batch["tokens"], batch["counts"])
    logits = (states @ weights["head"]).float()
    return surprise(logits, batch)


def _batch(
    most: int, share: float, sure: Batch, tokens: Tokens, weight: Floats, rng: Generator
) -> Batch:
    given = np.where(rng.random(tokens[:, :-1].shape) < share, UNKNOWN, tokens[:, :-1])
    return {
        "tokens": given,
        "counts": forward.occurrences(given, most),
        "targets": np.ascontiguousarray(tokens[:, 1:]),
        "weight": weight[:, 1:].astype(np.float32),
        **sure,
    }
