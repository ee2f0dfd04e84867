"""LogBERT: the hidden events of a session, and its distance from the centre of all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from models.base import Detector, Floats, Reason, Session, Sessions, State, Takes, by_distinct, some
from models.errors import ModelError
from models.sequence import forward, masked, stored
from models.sequence.forward import Shape
from models.sequence.lessons import Lessons
from models.sequence.stored import Trained
from models.sequence.surprise import pool
from models.sequence.vocabulary import CUT, END, SPECIAL, START, Tokens, Vocabulary
from models.sequence.windows import CELLS, equal, windows
from models.train import heavy
from models.train.labels import labels, shares
from models.train.loop import Progress, Recipe, Tensors, train

SHARE = 0.25
"""The share of events to be guessed in training; scoring hides every fourth."""
GROUPS = 4
SPHERE = 0.1
"""The weight of the distance from the centre in the loss: LogBERT's own."""
LIKELY, NAMED = 3, 0.01
"""How many expected events an explanation names at most, and how probable they are at least."""

PARAMETERS = (
    "pooling", "width", "layers", "heads", "context", "temper", "augment", "smoothing", "budget",
    "device", "seed",
)  # fmt: skip


class LogBert(Detector[Sessions]):
    """How surprising the events of a session are when hidden, and how far it is from the centre.

    A transformer that sees both sides guesses hidden events, and is to keep its state at the first
    token, which stands for the whole session, near a centre that is fixed before training (as in
    Deep SVDD; LogBERT moves it along). The score is the pooled surprise (-log p) of the events, in
    nats (`surprise.py`), plus the squared distance over that of training's mean, in that mean: a
    session as far out as they are on average adds 1. LogBERT itself counts the events that are not
    among the likeliest; surprise says the same without a number of candidates to choose.

    Longer sessions than `context` are scored in windows that overlap by half, and are as far out as
    the farthest of them. `temper`, `budget`, `augment` and `smoothing` are as for
    `gpt`.
    """

    name: ClassVar[str] = "logbert"
    takes: ClassVar[Takes] = Takes.SESSIONS
    learns_with: ClassVar[tuple[str, ...]] = ("torch",)
    source: ClassVar[str] = (
        "Guo, Yuan, Wu: LogBERT: Log Anomaly Detection via BERT (IJCNN 2021); "
        "Ruff et al.: Deep One-Class Classification (ICML 2018)"
    )
    seeded: ClassVar[bool] = True
    budgeted: ClassVar[bool] = True
    costly: ClassVar[bool] = True

    def __init__(
        self,
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
        shares(augment=augment, smoothing=smoothing)
        self.augment, self.smoothing = augment, smoothing
        self.pooling, self.temper, self.budget = pooling, temper, budget
        self.width, self.layers, self.heads, self.context = width, layers, heads, context
        self.device, self.seed = device, seed
        self._pool = pool(pooling)
        Shape(SPECIAL, width, layers, heads, context)  # refuses what does not go together
        self._vocabulary = Vocabulary([])
        self._unknown, self._far = 0.0, 1.0
        self._centre: forward.Array = np.zeros(width, np.float32)
        self._trained: Trained | None = None

    def fit(self, data: Sessions, progress: Callable[[Progress], None] = lambda _: None) -> Self:
        """Learn which events go together in `data`; needs PyTorch."""
        some(data)
        self._vocabulary = Vocabulary.of(data)
        self._unknown = math.log(sum(len(session) + 1 for session in data) + 1)
        rows = (part.tokens for part in self._parts(data, 0))
        lessons = Lessons(rows, self.temper, self.seed, augment=self.augment)
        width = lessons.width(self.width, self.heads)
        shape = Shape(
            len(self._vocabulary), width, self.layers, self.heads, self.context, causal=False
        )
        first = forward.initial(shape, np.random.default_rng(self.seed))
        self._centre = _whole(Trained(shape, first, {}), lessons.rows).mean(axis=0)
        make, sure = partial(masked.batch, shape, SHARE), labels(shape.tokens, self.smoothing)
        run = train(
            first,
            partial(loss, shape, heavy.torch().tensor(self._centre)),
            partial(lessons.epoch, partial(make, sure)),
            lessons.held_out(partial(make, {})),
            Recipe(epochs=lessons.epochs(self.budget), device=self.device),
            progress,
        )
        self._trained = Trained(shape, run.weights, run.summary())
        far = self._distances(lessons.rows)
        # Of identical sessions the mean may be nothing.
        self._far = max(float(np.average(far, weights=lessons.weights)), 1e-3)
        return self

    def score(self, data: Sessions) -> Floats:
        """The pooled surprise of each session in nats, plus its relative squared distance."""
        return by_distinct(data, self._scores)

    def surprises(self, sessions: Sequence[Session]) -> list[Floats]:
        """Of each session the surprise at each event when it is hidden, (length,), in nats."""
        return self._judged(list(sessions))[0]

    def distances(self, sessions: Sequence[Session]) -> Floats:
        """Of each session the squared distance from the centre, in the mean of training's, (n,)."""
        return self._judged(list(sessions))[1]

    def attention(self, session: Session) -> list[Floats]:
        """What each layer looks at, (heads, t, t), in the session's first window.

        Place 0 is the token of the whole session, i the event i - 1, the last one the end.
        """
        seen: list[forward.Array] = []
        first = next(self._parts([session], 0)).tokens
        forward.hidden(self._net.weights, self._net.shape, first[None], seen)
        return [each[0].astype(np.float64) for each in seen]

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The most surprising events and what was expected, and the distance where it is large."""
        session = data[at]
        told, far = (each[0] for each in self._judged([session]))
        reasons = [
            self._misplaced(session, int(step), float(told[step]))
            for step in np.argsort(-told, kind="stable")[:most]
        ]
        text = f"the session as a whole is {far:.2g} times as far from the centre as training's are"
        reasons.append(Reason("distance", float(far), text))
        return sorted(reasons, key=lambda reason: -reason.contribution)[:most]

    def state(self) -> State:
        """The weights, the centre, and the events of training."""
        facts = {"events": self._vocabulary.events, "unknown": self._unknown, "far": self._far}
        parameters = {name: getattr(self, name) for name in PARAMETERS}
        told = stored.state(parameters, facts, self._net)
        return State(told.parameters, told.facts, {**told.arrays, "centre": self._centre})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._vocabulary = Vocabulary(state.facts["events"])
        made._unknown, made._far = float(state.facts["unknown"]), float(state.facts["far"])
        made._trained = stored.restore(state, made._vocabulary)
        size = (made._trained.shape.width,)
        made._centre = stored.checked(state.arrays, {"centre": size})["centre"]
        return made

    @property
    def _net(self) -> Trained:
        if self._trained is None:
            raise ModelError(f"{self.name} was not fitted yet")
        return self._trained

    def _parts(self, sessions: Iterable[Session], overlap: int) -> Iterator[_Part]:
        """Windows of the sessions, each with the token of the whole before it and an end."""
        for at, session in enumerate(sessions):
            events = self._vocabulary.tokens(session)[1:-1]
            cut = list(windows(events, self.context - 2, overlap))
            for each in cut:
                end = END if each is cut[-1] else CUT
                yield _Part(at, each.old, np.array([START, *each.tokens, end], dtype=np.int64))

    def _scores(self, sessions: list[Session]) -> Floats:
        told, far = self._judged(sessions)
        pooled = np.array([self._pool(each) if len(each) else 0.0 for each in told])
        return np.asarray(far + pooled)

    def _judged(self, sessions: list[Session]) -> tuple[list[Floats], Floats]:
        parts = list(self._parts(sessions, self.context // 2))
        places: dict[bytes, int] = {}
        where = [places.setdefault(part.tokens.tobytes(), len(places)) for part in parts]
        # Sessions that differ share windows, where programs repeat themselves.
        rows = [np.frombuffer(each, dtype=np.int64) for each in places]
        found: list[list[Floats]] = [[] for _ in sessions]
        far = np.zeros(len(sessions))
        told = masked.surprises(self._net, rows, GROUPS, self._unknown)
        distances = self._distances(rows) / self._far
        for part, at in zip(parts, where, strict=True):
            found[part.session].append(told[at][part.old :])
            far[part.session] = max(far[part.session], distances[at])
        return [np.concatenate(each) for each in found], far

    def _distances(self, rows: Sequence[Tokens]) -> Floats:
        far = np.square(_whole(self._net, rows) - self._centre).sum(axis=1)
        return np.asarray(far, dtype=np.float64)

    def _misplaced(self, session: Session, step: int, told: float) -> Reason:
        part, at = self._around(session, step)
        guesses = masked.guesses(self._net, part, at)
        word = self._vocabulary.word(int(part[at]))
        text = f"{word} at step {step + 1}, when hidden, had probability {math.exp(-told):.2g}"
        best = [int(each) for each in np.argsort(-guesses)[:LIKELY]]
        likely = [each for each in best if guesses[each] >= NAMED and each != part[at]]
        if likely:
            named = (f"{self._vocabulary.word(each)} ({guesses[each]:.2g})" for each in likely)
            text += f"; expected {' or '.join(named)}"
        return Reason(f"step {step + 1}", told, text)

    def _around(self, session: Session, step: int) -> tuple[Tokens, int]:
        """The window in which the step is judged, and its place there."""
        first = 0
        for part in self._parts([session], self.context // 2):
            inner = len(part.tokens) - 2
            if step < first - part.old + inner:
                return part.tokens, 1 + step - (first - part.old)
            first += inner - part.old
        raise IndexError(step)


class _Part(NamedTuple):
    """A window of the session at a place, of which the first `old` events were judged before."""

    session: int
    old: int
    tokens: Tokens


def loss(shape: Shape, centre: Any, weights: Tensors, batch: Tensors) -> tuple[Any, Any]:
    """The weighted surprise at the hidden events, and the distance of the first state."""
    total, weight, states = masked.loss(shape, weights, batch)
    far = (states[:, 0].float() - centre.to(states.device)).square().sum(-1)
    share = batch["weight"].sum(-1)
    return total + SPHERE * (far * share).sum(), weight


def _whole(net: Trained, rows: Sequence[Tokens]) -> forward.Array:
    """The states of the first tokens, (n, d)."""
    found = np.zeros((len(rows), net.shape.width), np.float32)
    for places in equal([len(row) for row in rows], CELLS):
        tokens = np.stack([rows[at] for at in places])
        found[places] = forward.hidden(net.weights, net.shape, tokens)[:, 0]
    return found
