"""How likely an anomaly is right, learned from verdicts on earlier ones of its model.

A logistic regression over what each detector says, all of them together, the rules that matched in
the window, and how often the entity's alerts were right by the verdicts before, which is the
ordered target statistic of Prokhorenkova et al.: CatBoost (NeurIPS 2018). Where nobody trained one,
confidence is what the tally alone makes of 1 - p.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from engine.feedback.subject import Subject
from engine.feedback.tally import Tally
from engine.feedback.verdict import Verdict
from models.base import Floats, State
from models.combine.supervised import Logistic
from models.errors import DataError, StoreError
from models.prepare.balance import NONE, balanced

FEWEST = 20
"""Verdicts that are learned from at least."""
GUESS = 0.5
SMALLEST = 1e-300
OTHERS = ("all together", "rules that matched", "earlier verdicts")
"""What is told beside the detectors."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned for a model: by `count` verdicts, `true` of them true."""

    model: str
    detectors: tuple[str, ...]
    logistic: Logistic
    count: int
    true: int
    balance: str = NONE
    """How verdicts were weighed by whether they are true."""

    @classmethod
    def fit(cls, model: str, verdicts: Sequence[Verdict], balance: str = NONE) -> Self:
        """Learn from the verdicts on a model's anomalies; those on others are left out.

        `balance`, one of `models.prepare.balance.HOW`, weighs true and false ones while features
        are learned; how likely an anomaly is right is told for verdicts as they came.
        `DataError` where there are fewer than `FEWEST`, or all are alike.
        """
        told = [each for each in verdicts if each.counts and each.subject.source == model
                and each.subject.detectors]  # fmt: skip
        told.sort(key=lambda each: each.time)
        if len(told) < FEWEST:
            raise DataError(
                f"too few verdicts on anomalies of {model}: {len(told)}, and {FEWEST} are needed"
            )
        detectors = tuple(sorted({name for each in told for name in each.subject.detectors or ()}))
        rows = []
        for at, each in enumerate(told):
            # By those before alone, as when it is asked later. All but its own would tell the
            # answer: where a true one is left out, fewer are true.
            rows.append(_row(each.subject, detectors, Tally.of(told[:at])))
        labels = np.array([each.true for each in told])
        weights = balanced(labels.tolist(), balance)
        logistic = Logistic().fit(np.array(rows), labels, weights)
        if weights is not None:
            logistic.unweighed(labels, weights)
        return cls(model, detectors, logistic, len(told), int(labels.sum()), balance)

    def probability(self, subject: Subject, tally: Tally) -> float:
        """How likely an anomaly is right."""
        row = np.array([_row(subject, self.detectors, tally)])
        return float(self.logistic.probability(row)[0])

    def state(self) -> State:
        """All that `restore` needs."""
        inner = self.logistic.state()
        facts = {"model": self.model, "detectors": list(self.detectors), "count": self.count,
                 "true": self.true, "logistic": dict(inner.facts),
                 **({} if self.balance == NONE else {"balance": self.balance})}  # fmt: skip
        return State(dict(inner.parameters), facts, inner.arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """What `state` was taken of; `StoreError` if it cannot be."""
        facts = state.facts
        try:
            logistic = Logistic.restore(State(state.parameters, facts["logistic"], state.arrays))
            detectors = tuple(map(str, facts["detectors"]))
            made = cls(str(facts["model"]), detectors, logistic, int(facts["count"]),
                       int(facts["true"]), str(facts.get("balance", NONE)))  # fmt: skip
            sizes = {len(state.arrays[key]) for key in ("mean", "scale", "weights")}
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"was not learned from verdicts: {error!r}") from error
        if sizes != {len(detectors) + len(OTHERS)}:
            raise StoreError("was not learned from verdicts: its weights are for something else")
        return made

    def moves(self) -> list[tuple[str, float]]:
        """Each feature's name with the weight of one standard deviation of it, largest first."""
        weights: Any = self.logistic.state().arrays["weights"]
        named = zip((*self.detectors, *OTHERS), map(float, weights), strict=True)
        return sorted(named, key=lambda pair: -abs(pair[1]))


def _row(subject: Subject, detectors: Sequence[str], tally: Tally) -> Floats:
    known = subject.detectors or {}
    share = tally.precision(subject.source, GUESS, subject.entity)
    return np.array([
        *(math.log(max(known.get(name, 1.0), SMALLEST)) for name in detectors),
        math.log(max(1.0 if subject.fused is None else subject.fused, SMALLEST)),
        math.log1p(subject.corroborated),
        math.log(share / (1 - share)),
    ])  # fmt: skip
