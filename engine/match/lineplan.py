"""What to ask of lines of JSON that have one channel and event id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from engine.layout import Layout
from engine.match.body import Held
from engine.match.fieldtests import LONGEST_KEPT, NOTHING, FieldTests
from engine.match.guard import Finds, guard, rarest
from engine.match.judge import Judge
from engine.match.keywords import verbatim
from engine.match.memory import Budget, Memory
from engine.normalise import ALIASES

ASKED_AS = str | int | float | None | msgspec.UnsetType
"""What a value may be; a line with any other, `true` and `false` too, is not judged here.

Without these, values that are equal in Python, 1 and 1.0, are equal to every rule.
"""

WHOLE = 1 << 63
"""Whole numbers from here on are rounded by the parser that events go through."""

MISSING: Held = frozenset({-1})
"""Marks, among the numbers of tests that hold, that a field is missing or null."""

Values = tuple[Any, ...]


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

    `rules` are those that the judge has, `fixed` keys with the values that they must have,
    `absent` fields that would route the event elsewhere, and `document` an event of this kind:
    its keys are likely to come in the order of others', and say by which names its fields go.

    `decode` gives the values of the keys, UNSET where a line has none; raises one of `UNFIT`.
    `held` has what holds of the values seen of each of the first of them, and `known` the answers
    for that.
    """

    def __init__(
        self,
        judge: Judge,
        rules: Sequence[Any],
        fixed: Mapping[str, Sequence[str | int]],
        absent: Sequence[str],
        document: Mapping[str, Any],
        budget: Budget,
    ) -> None:
        self._judge, self._rules, self._budget = judge, rules, budget
        self.stretches = _stretches(judge)
        """What to look for in a line for the rules' keywords; None when a line cannot tell."""
        found = self.stretches or frozenset()
        self._guards = guard(found, spaced=False), guard(found, spaced=True)
        asked = _Asked(judge, absent, Layout(tuple(document)))
        self._base = asked.base
        self.with_keywords = tuple(rules[place] for place in judge.with_keywords)
        """What may match a line besides its answer, when that has some of the words looked for."""
        late = {tests.field for tests in judge.rest}
        order = {key: place for place, key in enumerate(document)}

        def in_order(keys: Iterable[str]) -> list[str]:
            # as in the line: the decoder then need not search for them
            return sorted(keys, key=lambda key: (order.get(key, len(order)), key))

        soon = [k for k, tests in asked.tests.items() if any(t.field not in late for t in tests)]
        first, rest = in_order(soon), in_order(asked.tests.keys() - soon)
        self.decode = decoder(first, asked, fixed)
        self._decode_rest = decoder(rest, asked, {})
        self._first = [_Slot(asked.tests[key], budget) for key in first]
        self._rest = [_Slot(asked.tests[key], budget) for key in rest]
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
        return self._guards[not MISSING.isdisjoint(held)]


GET: Any = dict.get
"""Asks one dictionary after the other for one value each, without a step of the interpreter."""


class _Slot:
    """A key: the tests of its value, and what holds of the values seen."""

    def __init__(self, tests: Sequence[FieldTests], budget: Budget) -> None:
        self._tests = tests
        self.memory = Memory[Held](budget)

    def held(self, value: Any) -> Held | None:
        """What holds of a value not seen before; None when that cannot be told."""
        if type(value) is int and not -WHOLE < value < WHOLE:
            return None
        if value is None or value is msgspec.UNSET:
            held = MISSING.union(*(tests.fresh(()) for tests in self._tests))
        elif len(self._tests) == 1:
            held = self._tests[0].fresh((value,))
        else:
            held = NOTHING.union(*(tests.fresh((value,)) for tests in self._tests))
        length = len(value) if type(value) is str else 0
        return held if length > LONGEST_KEPT else self.memory.keep(value, held, length)


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


class _Asked:
    """Which keys of a line give the values of fields, and which may not be there.

    A field with other names has the value of the first of them that is there. A plan is for
    lines in which that is the same one as in the line it was made for: `there` must be, `never`
    may not. `apart` are keys that may hold no object, for fields could be inside it; `base` is
    what holds of fields that have no key at all.
    """

    def __init__(self, judge: Judge, absent: Sequence[str], layout: Layout) -> None:
        self.tests: dict[str, list[FieldTests]] = {}
        self.there: set[str] = set()
        self.never = set(absent)
        self.apart: set[str] = set()
        self.base: Held = NOTHING
        for tests in (*judge.first, *judge.rest):
            name = tests.field
            self.apart.update(name[:at] for at, char in enumerate(name) if char == ".")
            names = (name, *ALIASES.get(name, ()))
            place = layout.place(name)
            if name not in ALIASES:
                self.tests.setdefault(name, []).append(tests)
            elif place in names:
                self.tests.setdefault(place, []).append(tests)
                self.there.add(place)
                self.never.update(names[: names.index(place)])
            else:
                self.base |= MISSING | tests.fresh(())
                self.never.update(names)


UNFIT = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding raises on a line that is no JSON, or whose values are none that are judged here."""


def decoder(
    keys: Sequence[str], asked: _Asked, fixed: Mapping[str, Sequence[str | int]]
) -> Callable[[bytes], Values]:
    """What reads the values of some keys of a JSON object, UNSET for one that it does not have.

    The object must be as asked for, and have one of the fixed values each; else it raises one of
    `UNFIT`.
    """
    required = {*fixed, *asked.there.intersection(keys)}
    fields: list[tuple[str, Any]] = []
    for key in keys:
        if key in asked.never:  # it is a field itself, and the name of another one
            fields.append((key, msgspec.UnsetType))
        else:
            fields.append((key, ASKED_AS))
    fields += [(key, ASKED_AS) for key in sorted(asked.apart.difference(keys, fixed))]
    fields += [(key, Literal[tuple(values)]) for key, values in fixed.items()]
    never = sorted(asked.never.difference(keys, fixed, asked.apart))
    fields += [(key, Literal["\0"]) for key in never]
    struct = msgspec.defstruct(
        "Values",
        [
            (f"value{place}", kind, msgspec.UNSET)
            if key not in required
            else (f"value{place}", kind)
            for place, (key, kind) in enumerate(fields)
        ],
        rename={f"value{place}": key for place, (key, _) in enumerate(fields)},
        kw_only=True,
        gc=False,
    )
    decode, astuple = msgspec.json.Decoder(struct).decode, msgspec.structs.astuple
    return lambda line: astuple(decode(line))


def _stretches(judge: Judge) -> frozenset[str] | None:
    if judge.keywords is None:
        return None
    found = frozenset(rarest(verbatim(literal)) for literal in judge.keywords)
    return None if "" in found else found
