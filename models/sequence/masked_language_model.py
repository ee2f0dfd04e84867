"""How well the words of a message go together: a masked language model over message text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import ClassVar, Self

import numpy as np

from models.base import Detector, Floats, Reason, State, Takes, Texts, by_distinct, some
from models.errors import ModelError
from models.sequence import forward, masked, stored
from models.sequence.forward import Shape
from models.sequence.lessons import Lessons
from models.sequence.stored import Trained
from models.sequence.surprise import pool
from models.sequence.vocabulary import CUT, END, START, Tokens
from models.sequence.windows import windows
from models.sequence.words import Words
from models.train.loop import Progress, Recipe, Tensors, train

SHARE = 0.15
GROUPS = 8
"""Training has 15 % guessed, drawn anew each epoch; scoring hides every eighth token."""
SPELLED = 0.05
"""The share of texts that training sees spelled, so that letters are known too."""
MOST_TOKENS = 512
"""Tokens of a text that are judged."""
LIKELY, NAMED = 3, 0.01
"""How many expected words an explanation names at most, and how probable they are at least."""

PARAMETERS = (
    "pooling", "width", "layers", "heads", "context", "temper", "budget", "device", "seed",
)  # fmt: skip


class MaskedLanguageModel(Detector[Texts]):
    """The logarithm of a message's pseudo-perplexity: its tokens' mean surprise when hidden.

    A transformer guesses hidden tokens from both sides, with masks drawn anew each epoch and no
    other task (RoBERTa). Tokens are the words of training; others are spelled, and numbers are all
    alike. Where each token would be hidden alone, every eighth is, so that a text of any length
    takes eight passes. The score is in nats; `pooling` may be another of `surprise.py`. `temper`
    and `budget` are as for `gpt`.
    """

    name: ClassVar[str] = "masked-language-model"
    takes: ClassVar[Takes] = Takes.TEXTS
    learns_with: ClassVar[tuple[str, ...]] = ("torch",)
    source: ClassVar[str] = (
        "Liu et al.: RoBERTa (2019); Salazar et al.: Masked Language Model Scoring (ACL 2020)"
    )
    seeded: ClassVar[bool] = True
    budgeted: ClassVar[bool] = True
    costly: ClassVar[bool] = True

    def __init__(
        self,
        pooling: str = "mean",
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        context: int = 128,
        temper: float = 0.5,
        budget: int = 1_500_000,
        device: str = "auto",
        seed: int = 0,
    ) -> None:
        self.pooling, self.temper, self.budget = pooling, temper, budget
        self.width, self.layers, self.heads, self.context = width, layers, heads, context
        self.device, self.seed = device, seed
        self._pool = pool(pooling)
        self._words = Words([])
        self._unknown = 0.0
        self._trained: Trained | None = None

    def fit(self, data: Texts, progress: Callable[[Progress], None] = lambda _: None) -> Self:
        """Learn which words go together in `data`; needs PyTorch."""
        some(data)
        self._words = Words.of(data)
        lessons = Lessons(self._lessons(data), self.temper, self.seed)
        width = lessons.width(self.width, self.heads)
        shape = Shape(len(self._words), width, self.layers, self.heads, self.context, causal=False)
        self._unknown = math.log(float(lessons.weights @ lessons.lengths) + 1)
        make = partial(masked.batch, shape, SHARE, {})
        run = train(
            forward.initial(shape, np.random.default_rng(self.seed)),
            partial(_loss, shape),
            partial(lessons.epoch, make),
            lessons.held_out(make),
            Recipe(epochs=lessons.epochs(self.budget), device=self.device),
            progress,
        )
        self._trained = Trained(shape, run.weights, run.summary())
        return self

    def score(self, data: Texts) -> Floats:
        """The pooled surprise of each text, in nats; 0 of one without words."""
        return by_distinct(data, self._scores)

    def surprises(self, texts: Sequence[str]) -> list[Floats]:
        """Of each text the surprise at each token when it is hidden, in nats."""
        rows = [self._words.tokens(text)[:MOST_TOKENS] for text in texts]
        parts = [(at, *part) for at, row in enumerate(rows) for part in self._parts(row)]
        told = masked.surprises(self._net, [row for _, _, row in parts], GROUPS, self._unknown)
        found: list[list[Floats]] = [[] for _ in texts]
        for (at, old, _), each in zip(parts, told, strict=True):
            found[at].append(each[old:])
        return [np.concatenate(each) for each in found]

    def explain(self, data: Texts, at: int, most: int = 3) -> list[Reason]:
        """The most surprising words, and what was expected."""
        tokens = self._words.tokens(data[at])[:MOST_TOKENS]
        told = self.surprises([data[at]])[0]
        if not tokens:
            return [Reason("no words", 0.0, "the text has no words")]
        steps = [int(step) for step in np.argsort(-told, kind="stable")[:most]]
        return [self._reason(tokens, step, float(told[step])) for step in steps]

    def state(self) -> State:
        """The weights, and the words and letters of training."""
        facts = {"words": self._words.names, "unknown": self._unknown}
        return stored.state({name: getattr(self, name) for name in PARAMETERS}, facts, self._net)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._words = Words(state.facts["words"])
        made._unknown = float(state.facts["unknown"])
        made._trained = stored.restore(state, made._words)
        return made

    @property
    def _net(self) -> Trained:
        if self._trained is None:
            raise ModelError(f"{self.name} was not fitted yet")
        return self._trained

    def _lessons(self, texts: Iterable[str]) -> Iterator[Tokens]:
        rng = np.random.default_rng(self.seed)
        for text in texts:
            row = self._words.tokens(text)[:MOST_TOKENS]
            if rng.random() < SPELLED:
                row = [letter for token in row for letter in self._words.spelled(token)]
            for _, part in self._parts(row[:MOST_TOKENS]):
                yield part

    def _parts(self, row: list[int]) -> Iterator[tuple[int, Tokens]]:
        cut = list(windows(np.array(row, dtype=np.int64), self.context - 2, self.context // 4))
        for each in cut:
            end = END if each is cut[-1] else CUT
            yield each.old, np.array([START, *each.tokens, end], dtype=np.int64)

    def _scores(self, texts: list[str]) -> Floats:
        return np.array([self._pool(each) if len(each) else 0.0 for each in self.surprises(texts)])

    def _reason(self, tokens: list[int], step: int, told: float) -> Reason:
        size = self.context - 2
        first = min(max(step - size // 2, 0), max(len(tokens) - size, 0))
        row = np.array([START, *tokens[first : first + size], END], dtype=np.int64)
        guesses = masked.guesses(self._net, row, 1 + step - first)
        word = self._words.word(tokens[step])
        text = f"{_shown(word)} had probability {math.exp(-told):.2g} where it stands"
        best = [int(each) for each in np.argsort(-guesses)[:LIKELY]]
        likely = [each for each in best if guesses[each] >= NAMED and each != tokens[step]]
        if likely:
            named = (f"{_shown(self._words.word(each))} ({guesses[each]:.2g})" for each in likely)
            text += f"; expected {' or '.join(named)}"
        return Reason(f"word {step + 1}", told, text)


def _loss(shape: Shape, weights: Tensors, batch: Tensors) -> tuple[object, object]:
    return masked.loss(shape, weights, batch)[:2]


def _shown(word: str) -> str:
    return f"the letter {word[1:]!r}" if word.startswith(" ") else repr(word)
