"""What comes next in a session, and how surprising it is: a small GPT over event numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from models.base import Detector, Floats, Reason, Session, Sessions, State, Takes, by_distinct, some
from models.errors import ModelError
from models.sequence import forward, network, stored
from models.sequence.forward import Shape
from models.sequence.lessons import Generator, Lessons
from models.sequence.stored import Trained
from models.sequence.surprise import pool
from models.sequence.vocabulary import UNKNOWN, Tokens, Vocabulary
from models.sequence.windows import CELLS, Window, equal, windows
from models.train import heavy
from models.train.loop import Batch, Progress, Recipe, Tensors, train

HIDDEN = 0.02
"""The share of events that training makes unknown, so that one unknown event upsets no others."""
LIKELY = 3
"""How many expected events an explanation names."""

PARAMETERS = (
    "pooling", "width", "layers", "heads", "context", "temper", "budget", "device", "seed",
)  # fmt: skip


class Gpt(Detector[Sessions]):
    """How surprising the steps of a session are to a causal transformer, in nats.

    It learns the probability of each event, and of the session's end, given all before it in the
    window. `score` pools the surprises (-log p) of a session: `max` by default (`surprise.py` says
    what each is for). An event that training never saw is as surprising as one in all of its steps.

    Each different window is learned from once an epoch, weighted with its count to the power
    `temper`: what repeats costs no time, and below 1 what is common does not drown what is rare.
    Early stopping is by different sequences that were held out, for it is those that a site's next
    day brings. `context` is the longest window; longer sessions are scored in windows that overlap
    by half. `budget`: tokens that training may see.
    """

    name: ClassVar[str] = "gpt"
    takes: ClassVar[Takes] = Takes.SESSIONS
    source: ClassVar[str] = (
        "Radford et al.: Improving Language Understanding by Generative Pre-Training (2018); "
        "Karpathy: minGPT; for logs Du et al.: DeepLog (CCS 2017), with a transformer for the LSTM"
    )
    seeded: ClassVar[bool] = True

    def __init__(
        self,
        pooling: str = "max",
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        context: int = 128,
        temper: float = 1.0,
        budget: int = 1_500_000,
        device: str = "auto",
        seed: int = 0,
    ) -> None:
        self.pooling, self.temper, self.budget = pooling, temper, budget
        self.width, self.layers, self.heads, self.context = width, layers, heads, context
        self.device, self.seed = device, seed
        self._pool = pool(pooling)
        self._vocabulary = Vocabulary([])
        self._unknown = 0.0
        self._trained: Trained | None = None

    def fit(self, data: Sessions, progress: Callable[[Progress], None] = lambda _: None) -> Self:
        """Learn what follows what in `data`; needs PyTorch."""
        some(data)
        self._vocabulary = Vocabulary.of(data)
        self._unknown = math.log(sum(len(session) + 1 for session in data) + 1)
        shape = Shape(len(self._vocabulary), self.width, self.layers, self.heads, self.context)
        lessons = Lessons(self._lessons(data), self.temper, self.seed)
        make = partial(_batch, shape.counts)
        run = train(
            forward.initial(shape, np.random.default_rng(self.seed)),
            partial(loss, shape),
            partial(lessons.epoch, partial(make, HIDDEN)),
            lessons.held_out(partial(make, 0.0)),
            Recipe(epochs=lessons.epochs(self.budget), device=self.device),
            progress,
        )
        self._trained = Trained(shape, run.weights, run.summary())
        return self

    def score(self, data: Sessions) -> Floats:
        """The pooled surprise of each session, in nats."""
        return by_distinct(data, self._scores)

    def surprises(self, sessions: Sequence[Session]) -> list[Floats]:
        """Of each session the surprise at each event and at its end, (length + 1,), in nats."""
        found = [np.zeros(len(session) + 1) for session in sessions]
        cut = list(self._cut(sessions))
        for places in equal([len(each.window.tokens) for each in cut], CELLS):
            chances = self._chances(np.stack([cut[at].window.tokens[:-1] for at in places]))
            for row, at in zip(chances, places, strict=True):
                session, first, (tokens, old) = cut[at]
                told = self._surprises(row[old:], tokens[old + 1 :])
                found[session][first : first + len(told)] = told
        return found

    def attention(self, session: Session) -> list[Floats]:
        """What each layer looks at, (heads, steps, steps), in the session's first window.

        Row i is the step that foretells event i (from 0); column 0 is the start, j event j - 1.
        """
        first = next(windows(self._vocabulary.tokens(session), self.context, self._overlap, 1))
        seen: list[forward.Array] = []
        forward.hidden(self._net.weights, self._net.shape, first.tokens[None, :-1], seen)
        return [each[0].astype(np.float64) for each in seen]

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The most surprising steps: how probable each was, what was expected, resting on what."""
        session = data[at]
        told = self.surprises([session])[0]
        steps = np.argsort(-told, kind="stable")[:most]
        return [self._reason(session, int(step), float(told[step])) for step in steps]

    def occlusion(self, session: Session, step: int) -> Floats:
        """By how much each event before `step` (from 0) moves what is foretold there, (step,).

        The total variation distance of what is foretold with the event and with an unknown one in
        its place: 0 for none, 1 at most. Events outside of the step's window move nothing.
        """
        context = self._before(session, step)
        hidden = np.repeat(context[None], len(context), axis=0)
        np.fill_diagonal(hidden, UNKNOWN)
        chances = np.exp(self._chances(np.vstack([context, hidden]))[:, -1])
        moved = np.zeros(step + 1)
        moved[step + 1 - len(context) :] = 0.5 * np.abs(chances[1:] - chances[0]).sum(axis=1)
        return moved[1:]

    def state(self) -> State:
        """The weights, and the events of training."""
        facts = {"events": self._vocabulary.events, "unknown": self._unknown}
        return stored.state({name: getattr(self, name) for name in PARAMETERS}, facts, self._net)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._vocabulary = Vocabulary(state.facts["events"])
        made._unknown = float(state.facts["unknown"])
        made._trained = stored.restore(state, made._vocabulary)
        return made

    @property
    def _net(self) -> Trained:
        if self._trained is None:
            raise ModelError(f"{self.name} was not fitted yet")
        return self._trained

    @property
    def _overlap(self) -> int:
        return self.context // 2

    def _lessons(self, data: Sessions) -> Iterator[Tokens]:
        for session in data:
            for each in windows(self._vocabulary.tokens(session), self.context, 0, 1):
                yield each.tokens

    def _scores(self, sessions: list[Session]) -> Floats:
        return np.array([self._pool(each) for each in self.surprises(sessions)])

    def _cut(self, sessions: Sequence[Session]) -> Iterator[_Part]:
        for at, session in enumerate(sessions):
            first = 0
            for each in windows(self._vocabulary.tokens(session), self.context, self._overlap, 1):
                yield _Part(at, first, each)
                first += len(each.tokens) - 1 - each.old

    def _chances(self, tokens: Tokens) -> forward.Array:
        net = self._net
        return forward.log_softmax(
            forward.hidden(net.weights, net.shape, tokens) @ net.weights["head"]
        )

    def _surprises(self, chances: forward.Array, came: Tokens) -> Floats:
        told = -chances[np.arange(len(came)), came].astype(np.float64)
        told[came == UNKNOWN] = self._unknown
        return told

    def _before(self, session: Session, step: int) -> Tokens:
        return self._vocabulary.tokens(session)[: step + 1][-self.context :]

    def _reason(self, session: Session, step: int, told: float) -> Reason:
        came = self._vocabulary.tokens(session)[step + 1]
        chances = np.exp(self._chances(self._before(session, step)[None])[0, -1])
        likely = [at for at in np.argsort(-chances)[:LIKELY] if chances[at] >= 0.01 and at != came]
        text = f"{self._vocabulary.word(came)} at step {step + 1} had probability "
        text += f"{math.exp(-told):.2g}"
        if likely:
            expected = (f"{self._vocabulary.word(at)} ({chances[at]:.2g})" for at in likely)
            text += f"; expected {' or '.join(expected)}"
        moved = self.occlusion(session, step)
        if len(moved) and moved.max() >= 0.01:
            at = int(moved.argmax())
            text += f"; most of that rests on event {session[at]} at step {at + 1}"
        return Reason(f"step {step + 1}", told, text)


class _Part(NamedTuple):
    """A window of the session at a place, and the step that is the first new one in it."""

    session: int
    first: int
    window: Window


def loss(shape: Shape, weights: Tensors, batch: Tensors) -> tuple[Any, Any]:
    """The weighted surprise at the targets, and the weights."""
    states = network.hidden(weights, shape, batch["tokens"], batch["counts"])
    logits = (states @ weights["head"]).float()
    told = heavy.torch().nn.functional.cross_entropy(
        logits.flatten(0, 1), batch["targets"].flatten(), reduction="none"
    )
    weighed = batch["weight"].flatten()
    return (told * weighed).sum(), weighed.sum()


def _batch(most: int, share: float, tokens: Tokens, weight: Floats, rng: Generator) -> Batch:
    given = np.where(rng.random(tokens[:, :-1].shape) < share, UNKNOWN, tokens[:, :-1])
    return {
        "tokens": given,
        "counts": forward.occurrences(given, most),
        "targets": np.ascontiguousarray(tokens[:, 1:]),
        "weight": weight[:, 1:].astype(np.float32),
    }
