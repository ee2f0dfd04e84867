"""How likely an anomaly is right, learned from verdicts on earlier ones of its model.

A logistic regression, or boosted trees, over what each detector says, all of them together, the
rules that matched in the window, and how often the entity's alerts were right by the verdicts
before, which is the ordered target statistic of Prokhorenkova et al.: CatBoost (NeurIPS 2018).
Where nobody trained one, confidence is what the tally alone makes of 1 - p.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.feedback.subject import Subject
from engine.feedback.tally import Tally
from engine.feedback.verdict import Verdict
from models.base import Floats, State
from models.combine.boosting import Boosting
from models.combine.supervised import Logistic
from models.errors import DataError, StoreError
from models.prepare.balance import NONE, balanced

FEWEST = 20
"""Verdicts that are learned from at least."""
GUESS = 0.5
SMALLEST = 1e-300
OTHERS = ("all together", "rules that matched", "earlier verdicts")
"""What is told beside the detectors."""
LOGISTIC, BOOSTING = "logistic", "boosting"
METHODS = (LOGISTIC, BOOSTING)
"""What may learn from verdicts."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned for a model: by `count` verdicts, `true` of them true."""

    model: str
    detectors: tuple[str, ...]
    inner: Logistic | Boosting
    count: int
    true: int
    weights: tuple[float, ...]
    """How much each feature moves log odds: see `moves`."""
    balance: str = NONE
    """How verdicts were weighed by whether they are true."""

    @classmethod
    def fit(
        cls, model: str, verdicts: Sequence[Verdict], balance: str = NONE, method: str = LOGISTIC
    ) -> Self:
        """Learn from the verdicts on a model's anomalies; those on others are left out.

        `balance`, one of `models.prepare.balance.HOW`, weighs true and false ones while features
        are learned; how likely an anomaly is right is told for verdicts as they came. `method` is
        one of `METHODS`. `DataError` where there are fewer than `FEWEST`, or all are alike;
        boosting wants two of either kind.
        """
        told = [each for each in verdicts if each.counts and each.subject.source == model
                and each.subject.detectors]  # fmt: skip
        told.sort(key=lambda each: each.time)
        if len(told) < FEWEST:
            raise DataError(
                f"too few verdicts on anomalies of {model}: {len(told)}, and {FEWEST} are needed"
            )
        detectors = tuple(sorted({name for each in told for name in each.subject.detectors or ()}))
        # By those before alone, as when it is asked later. All but its own would tell the answer:
        # where a true one is left out, fewer are true.
        rows = np.array([_row(each.subject, detectors, Tally.of(told[:at]))
                         for at, each in enumerate(told)])  # fmt: skip
        labels = np.array([each.true for each in told])
        inner, moves = FITS[method](rows, labels, balanced(labels.tolist(), balance))
        return cls(model, detectors, inner, len(told), int(labels.sum()), moves, balance)

    @property
    def method(self) -> str:
        """Which of `METHODS` learned it."""
        return BOOSTING if isinstance(self.inner, Boosting) else LOGISTIC

    def probability(self, subject: Subject, tally: Tally) -> float:
        """How likely an anomaly is right."""
        row = np.array([_row(subject, self.detectors, tally)])
        return float(self.inner.probability(row)[0])

    def because(self, subject: Subject, tally: Tally) -> list[str]:
        """In words, the three features at most that move how likely an anomaly is right."""
        row = _row(subject, self.detectors, tally)
        return [each.text for each in self.inner.explain(row, (*self.detectors, *OTHERS))]

    def state(self) -> State:
        """All that `restore` needs."""
        inner = self.inner.state()
        facts = {"model": self.model, "detectors": list(self.detectors), "count": self.count,
                 "true": self.true, self.method: dict(inner.facts),
                 **({"moves": list(self.weights)} if self.method == BOOSTING else {}),
                 **({} if self.balance == NONE else {"balance": self.balance})}  # fmt: skip
        return State(dict(inner.parameters), facts, inner.arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """What `state` was taken of; `StoreError` if it cannot be."""
        facts = state.facts
        try:
            inner, moves = _restored(state)
            detectors = tuple(map(str, facts["detectors"]))
            made = cls(str(facts["model"]), detectors, inner, int(facts["count"]),
                       int(facts["true"]), moves, str(facts.get("balance", NONE)))  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"was not learned from verdicts: {error!r}") from error
        if {inner.columns, len(moves)} != {len(detectors) + len(OTHERS)}:
            raise StoreError("was not learned from verdicts: its weights are for something else")
        return made

    def moves(self) -> list[tuple[str, float]]:
        """Each feature's name with how much it moves the log odds, largest first.

        Of a regression that is the weight of one standard deviation of it. Trees have no weights:
        of them it is the mean over the verdicts of how far the log odds are, up or down, from what
        they were with the feature's median in its place.
        """
        named = zip((*self.detectors, *OTHERS), self.weights, strict=True)
        return sorted(named, key=lambda pair: -abs(pair[1]))


Fit = tuple[Logistic | Boosting, tuple[float, ...]]


def _logistic(rows: Floats, labels: NDArray[np.bool_], weights: Floats | None) -> Fit:
    made = Logistic().fit(rows, labels, weights)
    if weights is not None:
        made.unweighed(labels, weights)
    return made, tuple(made.weights.tolist())


def _boosting(rows: Floats, labels: NDArray[np.bool_], weights: Floats | None) -> Fit:
    made = Boosting().calibrated(rows, labels, weights)
    return made, tuple(np.abs(made.moves(rows)).mean(axis=0).tolist())


FITS = {LOGISTIC: _logistic, BOOSTING: _boosting}


def _restored(state: State) -> Fit:
    facts = state.facts
    if BOOSTING in facts:
        inner = State(state.parameters, facts[BOOSTING], state.arrays)
        return Boosting.restore(inner), tuple(map(float, facts["moves"]))
    logistic = Logistic.restore(State(state.parameters, facts[LOGISTIC], state.arrays))
    return logistic, tuple(map(float, logistic.weights))


def _row(subject: Subject, detectors: Sequence[str], tally: Tally) -> Floats:
    known = subject.detectors or {}
    share = tally.precision(subject.source, GUESS, subject.entity)
    return np.array([
        *(math.log(max(known.get(name, 1.0), SMALLEST)) for name in detectors),
        math.log(max(1.0 if subject.fused is None else subject.fused, SMALLEST)),
        math.log1p(subject.corroborated),
        math.log(share / (1 - share)),
    ])  # fmt: skip
