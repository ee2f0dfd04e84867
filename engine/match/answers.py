"""What may match a line, by what holds of its values, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.match.body import Held
from engine.match.demands import MISSING
from engine.match.fieldtests import NOTHING
from engine.match.judge import Judge
from engine.match.memory import Budget, Memory


@dataclass(slots=True)
class Answer:
    """What may match a line with some values, and what it must not have for that to be true.

    `spaced` says whether a key with a space would matter. Where `more` is not None, `places` are
    still to be decided, and it has the whole answers by what holds of the rest of the values;
    `held` is what held of the first of them.
    """

    spaced: bool
    found: tuple[Any, ...] = ()
    places: Sequence[int] = ()
    held: Held = NOTHING
    more: dict[tuple[Held | None, ...], Answer] | None = None


class Found(tuple[Any, ...]):
    """What may match lines with some values, where there is anything.

    `held` are the numbers of the tests that hold, of all that was asked of these values. That is
    each test of a rule that reads none of the `filled` fields, if its answer is remembered: `held`
    says why such a rule matches. What it says is kept in `why`, by the rule.
    """

    held: Held
    filled: frozenset[str]
    why: dict[Any, Any]


class Answers:
    """The answers for lines of one plan.

    `rules` are those that the judge has, `base` is what holds of every line; `known` are the
    answers for what holds of the first of a line's values.
    """

    def __init__(self, judge: Judge, rules: Sequence[Any], base: Held, budget: Budget) -> None:
        self._judge, self._rules, self._base, self._budget = judge, rules, base, budget
        self._memory = Memory[Answer](budget)
        self.known = self._memory.answers

    def early(self, key: tuple[Held, ...]) -> Answer:
        """The answer for what holds of the first of a line's values."""
        known = self.known.get(key)
        if known is not None:
            return known
        held = self._base.union(*key)
        late = self._judge.late
        places = self._judge.places(held)
        found = self._found([place for place in places if place not in late], held)
        places = [place for place in places if place in late]
        answer = Answer(_spaced(held), found, places, held, {} if places else None)
        return self._memory.keep(key, answer, 0)

    def whole(self, answer: Answer, key: tuple[Held, ...]) -> Answer:
        """The answer by what holds of the rest of the values."""
        assert answer.more is not None
        known = answer.more.get(key)
        if known is None:
            held = answer.held.union(*key)
            found = self._found(answer.places, held, answer.found)
            known = answer.more[key] = Answer(_spaced(held), found)
            self._budget.spend(0)
        return known

    def _found(
        self, places: Sequence[int], held: Held, before: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        """What may match, of some places, behind what was found before."""
        rules = self._rules
        found = Found((*before, *[rules[place] for place in self._judge.holding(places, held)]))
        if not found:
            return ()
        found.held, found.filled, found.why = held, self._judge.filled, {}
        return found


def _spaced(held: Held) -> bool:
    return not MISSING.isdisjoint(held)
