"""Sessions by the rules between counts that they break: as many opened as closed, say."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Detector, Floats, Reason, Session, Sessions, State, Takes, by_distinct, some
from models.baseline.words import times
from models.errors import DataError, StoreError

RATIOS = ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2))
"""The multiples of two counts that are compared."""
EVENTS = 200
"""Events between which rules are looked for, the most frequent ones."""

Numbers = NDArray[np.int64]


class Invariants(Detector[Sessions]):
    """The sum of -ln of how often training broke each linear rule that a session breaks, in nats.

    A rule is a*x = b*y + c for the counts x and y of two events, or x = c for one, with small a
    and b, that at least `support` of training's sessions keep; 0.98 is the paper's. A session that
    was never seen but keeps the rules is normal: more copies of a block make more of everything.
    An event that training never had breaks the rule that there is none of it.
    """

    name: ClassVar[str] = "invariants"
    takes: ClassVar[Takes] = Takes.SESSIONS
    source: ClassVar[str] = (
        "Lou, Fu, Yang, Xu, Li: Mining Invariants from Console Logs for System Problem Detection "
        "(2010)"
    )

    def __init__(self, support: float = 0.98) -> None:
        if not 0.5 < support <= 1:
            raise DataError(f"a support is above 0.5 and at most 1, not {support}")
        self.support = support
        self._columns: dict[int, int] = {}
        self._rules: Numbers = np.zeros((0, 5), dtype=np.int64)
        """Rows of columns i and j, and a, b, c: a * count i - b * count j = c; b is 0 for one."""
        self._weights: Floats = np.zeros(0)
        self._new = 0.0

    def fit(self, data: Sessions) -> Self:
        """Find the rules that `data` keep."""
        some(data)
        counts = Counter(event for session in data for event in session)
        self._columns = {event: at for at, (event, _) in enumerate(counts.most_common(EVENTS))}
        repeats = Counter(data)
        rows = self._vectors(list(repeats))
        many = np.fromiter(repeats.values(), dtype=np.int64)
        self._new = float(-np.log(0.5 / (len(data) + 1)))
        single, free = self._alone(rows, many)
        found = np.array(single + self._pairs(rows, many, free), dtype=np.int64).reshape(-1, 6)
        self._rules = found[:, :5]
        self._weights = -np.log((found[:, 5] + 0.5) / (len(data) + 1))
        return self

    def score(self, data: Sessions) -> Floats:
        """The weights of the rules that each session breaks."""
        return by_distinct(data, self._scores)

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The weightiest rules that it breaks, and the events that training never had."""
        session = data[at]
        broken = self._broken(self._vectors([session]))[0]
        names = list(self._columns)
        reasons = [self._reason(rule, names, session) for rule in np.flatnonzero(broken).tolist()]
        reasons += [
            Reason(f"event {event}", self._new, f"event {event} never came before")
            for event in sorted(set(session) - set(self._columns))
        ]
        reasons.sort(key=lambda reason: (-reason.contribution, reason.feature))
        return reasons[:most] or [Reason("rules", 0.0, "it keeps all rules between counts")]

    def state(self) -> State:
        """The rules and their weights."""
        arrays = {"rules": self._rules, "weights": self._weights}
        facts = {"events": list(self._columns), "new": self._new}
        return State({"support": self.support}, facts, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._columns = {int(event): at for at, event in enumerate(state.facts["events"])}
        made._rules, made._weights = state.arrays["rules"], state.arrays["weights"]
        made._new = float(state.facts["new"])
        places = made._rules[:, :2]
        if len(places) != len(made._weights) or bool(
            ((places < 0) | (places >= max(1, len(made._columns)))).any()
        ):
            raise StoreError("its rules are of events that it does not know")
        return made

    def _alone(self, rows: Numbers, many: Numbers) -> tuple[list[list[int]], list[int]]:
        """The rules of single events, and the columns without one."""
        rules, free = [], []
        for column in range(len(self._columns)):
            value, broken = _usual(rows[:, column], many)
            if broken <= (1 - self.support) * many.sum():
                rules.append([column, column, 1, 0, value, broken])
            else:
                free.append(column)
        return rules, free

    def _pairs(self, rows: Numbers, many: Numbers, free: list[int]) -> list[list[int]]:
        """The best rule of each two events that have none alone, if there is one."""
        rules = []
        for at, one in enumerate(free):
            for two in free[at + 1 :]:
                found = [
                    [one, two, a, b, *_usual(a * rows[:, one] - b * rows[:, two], many)]
                    for a, b in RATIOS
                ]
                best = min(found, key=lambda rule: rule[5])
                if best[5] <= (1 - self.support) * many.sum():
                    rules.append(best)
        return rules

    def _scores(self, sessions: list[Session]) -> Floats:
        unseen = [len(set(session) - self._columns.keys()) for session in sessions]
        scores: Floats = self._broken(self._vectors(sessions)) @ self._weights
        return scores + self._new * np.array(unseen)

    def _broken(self, rows: Numbers) -> NDArray[np.bool_]:
        """Which rules each of `rows` breaks, shape (n, rules)."""
        one, two, a, b, c = self._rules.T
        broken: NDArray[np.bool_] = a * rows[:, one] - b * rows[:, two] != c
        return broken

    def _vectors(self, sessions: list[Session]) -> Numbers:
        rows = np.zeros((len(sessions), max(1, len(self._columns))), dtype=np.int64)
        for row, session in zip(rows, sessions, strict=True):
            for event, count in Counter(session).items():
                column = self._columns.get(event)
                if column is not None:
                    row[column] = count
        return rows

    def _reason(self, rule: int, names: list[int], session: Session) -> Reason:
        i, j, a, b, c = self._rules[rule].tolist()
        here = f"event {names[i]} occurs {times(session.count(names[i]))}"
        if b == 0:
            text = f"{here}, where {c} is the rule"
        else:
            right = f"{b} x event {names[j]}" + (f" {'+' if c > 0 else '-'} {abs(c)}" if c else "")
            text = (
                f"{here} and event {names[j]} {times(session.count(names[j]))}, "
                f"where {a} x event {names[i]} = {right} is the rule"
            )
        return Reason(f"rule {rule + 1}", float(self._weights[rule]), text)


def _usual(values: Numbers, many: Numbers) -> tuple[Any, Any]:
    """The weighted median of `values`, which a majority is if there is one, and how many differ."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(many[order])
    middle = int(values[order[np.searchsorted(total, (total[-1] + 1) // 2)]])
    return middle, int(many[values != middle].sum())
