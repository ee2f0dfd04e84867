"""What to ask of lines of JSON that have one channel and event id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import orjson

from engine.lazy import lazy
from engine.match.answers import Answer, Answers
from engine.match.body import Held
from engine.match.decoder import UNFIT, WHOLE, Decode, Values, decoder
from engine.match.demands import MISSING, Demands, Fixed, Key, Made, Path
from engine.match.fieldtests import LONGEST_KEPT, NOTHING, FieldTests
from engine.match.guard import Finds, guard, nativewords, rarest, wordfinder
from engine.match.judge import Judge
from engine.match.keywords import verbatim
from engine.match.memory import Budget, Memory
from engine.match.reading import Reading


class LinePlan:
    """Reads the values of a few keys of a line, and says which rules may match it.

    `rules` are those that the judge has, `demands` what a line must be like, and `fixed` the
    values that it must have; `order` are the paths of an event of this kind, in which those of
    others are likely to come. `missed` is called for each line of which the native reader did not
    know the answer.

    `decode` gives the values of the keys, UNSET where a line has none; raises one of `UNFIT`.
    `held` has what holds of the values seen of each of the first of them, and `known` the answers
    for that. `reading` does all of it at once, where there is a native reader.
    """

    def __init__(
        self,
        judge: Judge,
        rules: Sequence[Any],
        demands: Demands,
        fixed: Fixed,
        order: Sequence[Path],
        budget: Budget,
        missed: Callable[[], None],
        *,
        native: bool,
    ) -> None:
        self.stretches = _stretches(judge)
        """What to look for in a line for the rules' keywords; None when a line cannot tell."""
        self._dotted = demands.dotted
        asked = demands.tests
        self.with_keywords = tuple(rules[place] for place in judge.with_keywords)
        """What may match a line besides its answer, when that has some of the words looked for."""
        late = {tests.field for tests in judge.rest}
        rank = {path: place for place, path in enumerate(order)}

        def in_order(keys: Iterable[Key]) -> list[Key]:
            # as in the line: the decoder then need not search for them
            return sorted(keys, key=lambda key: _rank(key, rank))

        soon = [key for key, tests in asked.items() if any(t.field not in late for t in tests)]
        first, rest = in_order(soon), in_order(asked.keys() - soon)
        self._decoders: Callable[[], tuple[Decode, Decode]] = lambda: (
            decoder(first, demands, fixed, order, whole=True),
            decoder(rest, demands, {}, order, whole=False),
        )
        self._first = [_Slot(key, asked[key], budget) for key in first]
        self._rest = [_Slot(key, asked[key], budget) for key in rest]
        self.held = [slot.memory.answers for slot in self._first]
        self._rest_held = [slot.memory.answers for slot in self._rest]
        self._answers = Answers(judge, rules, demands.base, budget)
        self.known = self._answers.known
        self._finds: dict[bool, Finds] = {}
        self.words = wordfinder(self.stretches) if self.stretches is not None else None
        """Looks for the rules' keywords alone, where there are any."""
        self.reading: Reading | None = None
        if native and self.stretches is not None:
            fields = {tests.field for tests in (*judge.first, *judge.rest)}
            slots = (*self._first, *self._rest)
            with suppress(ValueError):  # it asks for more than is read so
                self.reading = Reading(
                    first,
                    rest,
                    fields,
                    demands,
                    fixed,
                    [slot.raws.answers for slot in slots],
                    [slot.asks() for slot in slots],
                    self._answers,
                    missed,
                    nativewords(self.stretches) or self.words,
                    self.with_keywords,
                )

    @lazy
    def decode(self) -> Decode:
        """Reads the values of the first keys of a whole line."""
        return self._decoders()[0]

    @lazy
    def _decode_rest(self) -> Decode:
        return self._decoders()[1]

    def fits(self, line: bytes) -> bool:
        """Whether a line can be read by this plan."""
        if self.reading and self.reading.learn(line, self.reading.read(line)) is not None:
            return True
        try:
            self.decode(line)
        except UNFIT:
            return False
        return True

    def answer(self, values: Values, seen: Sequence[Held | None]) -> Answer | None:
        """The answer for values that `known` has none for; None when they cannot tell.

        `seen` is what `held` says of the first of them.
        """
        key = _hold([slot.held for slot in self._first], values, seen)
        return None if key is None or self.stretches is None else self._answers.early(key)

    def more(self, answer: Answer, line: bytes) -> Answer | None:
        """The answer by the rest of a line's values; None when they cannot tell."""
        try:
            values = self._decode_rest(line)
        except UNFIT:
            return None
        asks = [slot.held for slot in self._rest]
        key = _hold(asks, values, tuple(map(GET, self._rest_held, values)))
        return None if key is None else self._answers.whole(answer, key)

    def finds(self, answer: Answer, line: bytes) -> int:
        """What a line has of what would make an answer void, or add rules with keywords."""
        finds = self._finds.get(answer.spaced)
        if finds is None:
            # each is made when it is needed, and shared: that takes long
            stretches = self.stretches or frozenset()
            finds = guard(stretches, spaced=answer.spaced, dotted=self._dotted)
            self._finds[answer.spaced] = finds
        return finds(line)


GET: Any = dict.get
"""Asks one dictionary after the other for one value each, without a step of the interpreter."""


def _rank(key: Key, rank: Mapping[Path, int]) -> tuple[bool, int, Path]:
    path = key.parts[0] if isinstance(key, Made) else key
    return isinstance(key, Made), rank.get(path, len(rank)), path


class _Slot:
    """A key: the tests of its value, and what holds of the values seen."""

    def __init__(self, key: Key, tests: Sequence[FieldTests], budget: Budget) -> None:
        self._made = key if isinstance(key, Made) else None
        self._tests, self._budget = tests, budget
        self._alone = tests[0] if self._made is None and len(tests) == 1 else None
        self.memory = Memory[Held](budget)
        self.raws = Memory[Held](budget)
        """What holds of values by their bytes in a line."""
        self._same = Memory[Held](budget)
        """One of those that are equal: then to compare them is to see that they are the same."""

    def asks(self) -> Callable[[bytes | None], Held | None]:
        """`held_raw`, in C as far as it can be."""
        if self._alone is None:
            return self.held_raw
        from engine.match.finder import Purse, Values

        tests, kept = self._alone, (self.raws.answers, self._same.answers)
        purse, forget = self._budget.purse, self._budget.forget
        assert isinstance(purse, Purse)
        return Values(
            tests.by_finder, *kept, purse, forget, tests.more, self.held_raw, LONGEST_KEPT
        ).held_raw

    def held(self, value: Any) -> Held | None:
        """What holds of a value not seen before; None when that cannot be told."""
        length = len(value) if type(value) is str else 0
        if self._made is not None:
            length = sum(len(part) for part in value if type(part) is str)
        held = self._asked(value)
        if held is None or length > LONGEST_KEPT:
            return held
        return self.memory.keep(value, held, length)

    def held_raw(self, raw: bytes | None) -> Held | None:
        """As `held`, for a value as it stands in a line."""
        held, length = self._asked_raw(raw), len(raw or b"")
        if held is None or length > LONGEST_KEPT:
            return held
        same = self._same.answers.get(held)
        if same is None:
            same = self._same.keep(held, held, 0)
        return self.raws.keep(raw, same, length)

    def _asked_raw(self, raw: bytes | None) -> Held | None:
        if raw is None:
            return self._asked(None)
        if self._alone is not None and (held := self._alone.raw(raw)) is not None:
            return held
        return self._asked(orjson.loads(raw if self._made is None else b"[" + raw + b"]"))

    def _asked(self, value: Any) -> Held | None:
        if self._made is not None and value is not None:  # with none of its parts there is nothing
            value = self._made.value(value)
        if type(value) is int and not -WHOLE < value < WHOLE:
            return None
        if value is None or value is msgspec.UNSET:
            return MISSING.union(*(tests.fresh(()) for tests in self._tests))
        if len(self._tests) == 1:
            return self._tests[0].fresh((value,))
        return NOTHING.union(*(tests.fresh((value,)) for tests in self._tests))


def _hold(
    asks: Sequence[Callable[[Any], Held | None]], values: Values, known: Sequence[Held | None]
) -> tuple[Held, ...] | None:
    """What holds of each value, as far as it is not known; None when that cannot be told of one."""
    key = list(known)
    for place, held in enumerate(known):
        if held is None:
            held = key[place] = asks[place](values[place])
            if held is None:
                return None
    return tuple(key)  # type: ignore[arg-type] # none of them is None


def _stretches(judge: Judge) -> frozenset[str] | None:
    if judge.keywords is None:
        return None
    found = frozenset(rarest(verbatim(literal)) for literal in judge.keywords)
    return None if "" in found else found
