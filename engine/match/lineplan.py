"""What to ask of lines of JSON that have one channel and event id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.match.body import Held
from engine.match.decoder import UNFIT, WHOLE, Values, decoder
from engine.match.demands import MISSING, Demands, Fixed, Key, Made, Path
from engine.match.fieldtests import LONGEST_KEPT, NOTHING, FieldTests
from engine.match.guard import Finds, guard, rarest
from engine.match.judge import Judge
from engine.match.keywords import verbatim
from engine.match.memory import Budget, Memory


@dataclass(slots=True)
class Answer:
    """What may match a line with some values, and what it must not have for that to be true.

    Where `more` is not None, `places` are still to be decided, and it has the whole answers by what
    holds of the rest of the values; `held` is what held of the first of them.
    """

    finds: Finds
    found: tuple[Any, ...] = ()
    places: Sequence[int] = ()
    held: Held = NOTHING
    more: dict[tuple[Held | None, ...], Answer] | None = None


class LinePlan:
    """Reads the values of a few keys of a line, and says which rules may match it.

    `rules` are those that the judge has, `demands` what a line must be like, and `fixed` the
    values that it must have; `order` are the paths of an event of this kind, in which those of
    others are likely to come.

    `decode` gives the values of the keys, UNSET where a line has none; raises one of `UNFIT`.
    `held` has what holds of the values seen of each of the first of them, and `known` the answers
    for that.
    """

    def __init__(
        self,
        judge: Judge,
        rules: Sequence[Any],
        demands: Demands,
        fixed: Fixed,
        order: Sequence[Path],
        budget: Budget,
    ) -> None:
        self._judge, self._rules, self._budget = judge, rules, budget
        self.stretches = _stretches(judge)
        """What to look for in a line for the rules' keywords; None when a line cannot tell."""
        self._dotted = demands.dotted
        self._base, asked = demands.base, demands.tests
        self.with_keywords = tuple(rules[place] for place in judge.with_keywords)
        """What may match a line besides its answer, when that has some of the words looked for."""
        late = {tests.field for tests in judge.rest}
        rank = {path: place for place, path in enumerate(order)}

        def in_order(keys: Iterable[Key]) -> list[Key]:
            # as in the line: the decoder then need not search for them
            return sorted(keys, key=lambda key: _rank(key, rank))

        soon = [key for key, tests in asked.items() if any(t.field not in late for t in tests)]
        first, rest = in_order(soon), in_order(asked.keys() - soon)
        self.decode = decoder(first, demands, fixed, order, whole=True)
        self._decode_rest = decoder(rest, demands, {}, order, whole=False)
        self._first = [_Slot(key, asked[key], budget) for key in first]
        self._rest = [_Slot(key, asked[key], budget) for key in rest]
        self.held = [slot.memory.answers for slot in self._first]
        self._rest_held = [slot.memory.answers for slot in self._rest]
        self._answers = Memory[Answer](budget)
        self.known = self._answers.answers

    def answer(self, values: Values, seen: Sequence[Held | None]) -> Answer | None:
        """The answer for values that `known` has none for; None when they cannot tell.

        `seen` is what `held` says of the first of them.
        """
        key = _hold(self._first, values, seen)
        if key is None or self.stretches is None:
            return None
        known = self.known.get(key)
        if known is not None:
            return known
        held = self._base.union(*key)
        late = self._judge.late
        places = self._judge.places(held)
        found = self._found([place for place in places if place not in late], held)
        places = [place for place in places if place in late]
        answer = Answer(self._finds(held), found, places, held, {} if places else None)
        return self._answers.keep(key, answer, 0)

    def more(self, answer: Answer, line: bytes) -> Answer | None:
        """The answer by the rest of a line's values; None when they cannot tell."""
        assert answer.more is not None
        try:
            values = self._decode_rest(line)
        except UNFIT:
            return None
        key = _hold(self._rest, values, tuple(map(GET, self._rest_held, values)))
        if key is None:
            return None
        known = answer.more.get(key)
        if known is None:
            held = answer.held.union(*key)
            found = answer.found + self._found(answer.places, held)
            known = answer.more[key] = Answer(self._finds(held), found)
            self._budget.spend(0)
        return known

    def _found(self, places: Sequence[int], held: Held) -> tuple[Any, ...]:
        return tuple(self._rules[place] for place in self._judge.holding(places, held))

    def _finds(self, held: Held) -> Finds:
        # each is made when it is needed, and shared: that takes long
        found, spaced = self.stretches or frozenset(), not MISSING.isdisjoint(held)
        return guard(found, spaced=spaced, dotted=self._dotted)


GET: Any = dict.get
"""Asks one dictionary after the other for one value each, without a step of the interpreter."""


def _rank(key: Key, rank: Mapping[Path, int]) -> tuple[bool, int, Path]:
    path = key.parts[0] if isinstance(key, Made) else key
    return isinstance(key, Made), rank.get(path, len(rank)), path


class _Slot:
    """A key: the tests of its value, and what holds of the values seen."""

    def __init__(self, key: Key, tests: Sequence[FieldTests], budget: Budget) -> None:
        self._made = key if isinstance(key, Made) else None
        self._tests = tests
        self.memory = Memory[Held](budget)

    def held(self, value: Any) -> Held | None:
        """What holds of a value not seen before; None when that cannot be told."""
        key, length = value, len(value) if type(value) is str else 0
        if self._made is not None:
            length = sum(len(part) for part in value if type(part) is str)
            value = self._made.value(value)
        if type(value) is int and not -WHOLE < value < WHOLE:
            return None
        if value is None or value is msgspec.UNSET:
            held = MISSING.union(*(tests.fresh(()) for tests in self._tests))
        elif len(self._tests) == 1:
            held = self._tests[0].fresh((value,))
        else:
            held = NOTHING.union(*(tests.fresh((value,)) for tests in self._tests))
        return held if length > LONGEST_KEPT else self.memory.keep(key, held, length)


def _hold(
    slots: Sequence[_Slot], values: Values, known: Sequence[Held | None]
) -> tuple[Held, ...] | None:
    """What holds of each value, as far as it is not known; None when that cannot be told of one."""
    key = list(known)
    for place, held in enumerate(known):
        if held is None:
            held = key[place] = slots[place].held(values[place])
            if held is None:
                return None
    return tuple(key)  # type: ignore[arg-type] # none of them is None


def _stretches(judge: Judge) -> frozenset[str] | None:
    if judge.keywords is None:
        return None
    found = frozenset(rarest(verbatim(literal)) for literal in judge.keywords)
    return None if "" in found else found
