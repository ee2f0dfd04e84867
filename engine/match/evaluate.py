"""The fast evaluator: each distinct value of a field is looked at once.

Log values repeat. For every field the tests of a group of rules ask of it are run together on a
value, and which of them held, mostly none, is remembered. A rule is then considered only when
one of the tests that it cannot do without has held, so that cost follows hits and not rules.

`engine.match.reference` says what is right; this must agree with it on every event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from engine.event import Event
from engine.match import reference
from engine.match.body import Body, Held
from engine.match.expression import Test
from engine.match.fieldtests import NOTHING, FieldTests
from engine.match.memory import Budget
from engine.match.numbers import Cover, Numbers
from engine.match.pattern import fold
from engine.match.predicates import Text, as_text


class Ruleset:
    """Bodies that are evaluated together on events of the same log sources.

    `first` are the fields with a test that some body cannot do without, `rest` the others;
    `keywords` the tests of every value, None when there are none.
    """

    def __init__(self, bodies: Sequence[Body], numbers: Numbers, budget: Budget) -> None:
        self._bodies = bodies
        self._considered: dict[int, int | list[int]] = {}
        """Places by number; nearly all have one alone."""
        self._always: list[int] = []
        for place, cover in enumerate(choose(bodies)):
            if cover is None:
                self._always.append(place)
            else:
                for number in cover[1]:
                    before = self._considered.setdefault(number, place)
                    if type(before) is list:
                        before.append(place)
                    elif before != place:
                        self._considered[number] = [before, place]  # type: ignore[list-item]
        asked = numbers.by_field([body.asked for body in bodies])
        keywords = asked.pop(None, {})
        self.keywords = KeywordTests(list(keywords.items())) if keywords else None
        fields = {
            name: FieldTests(name, tests, numbers, budget)
            for name, tests in asked.items()
            if name is not None
        }
        needed = [name for name in fields if not self._considered.keys().isdisjoint(asked[name])]
        self.first = tuple(fields[name] for name in needed)
        self.rest = tuple(tests for name, tests in fields.items() if name not in needed)
        others = frozenset(tests.field for tests in self.rest)
        self.late = frozenset(
            place for place, body in enumerate(bodies) if not others.isdisjoint(body.fields)
        )
        """Places of the bodies that read a field of `rest`."""

    def held(self, event: Event) -> Held:
        """The numbers of all tests that hold, of those whose answers are remembered."""
        held = self.keywords.held(event) if self.keywords else NOTHING
        fields = (*self.first, *self.rest)
        return held.union(*(field.held(event.values(field.field)) for field in fields))

    def candidates(self, event: Event) -> Iterator[tuple[int, Callable[[], bool]]]:
        """Places of the bodies that may hold, each with what decides it."""
        held = self.keywords.held(event) if self.keywords else NOTHING
        held = held.union(*(field.held(event.values(field.field)) for field in self.first))
        places = self.places(held)
        if not places:
            return
        held = held.union(*(field.held(event.values(field.field)) for field in self.rest))
        for place in places:
            check = self._bodies[place].check
            yield place, lambda check=check: check(held, event)  # type: ignore[misc]

    def holding(self, places: Iterable[int], held: Held) -> list[int]:
        """Those of the bodies that may hold, given what held on all fields.

        What asks more than that may hold. No keyword does.
        """
        bodies = self._bodies
        return [p for p in places if not bodies[p].exact or bodies[p].check(held, None)]

    def places(self, held: Iterable[int]) -> list[int]:
        """Places of the bodies that may hold, given what held on the `first` fields."""
        places = set(self._always)
        considered = self._considered
        for number in held:
            found = considered.get(number)
            if type(found) is list:
                places.update(found)
            elif found is not None:
                places.add(found)  # type: ignore[arg-type]
        return sorted(places)


def choose(bodies: Sequence[Body]) -> list[Cover | None]:
    """A cover of each body, rare and such that all of them together look at few fields."""
    choices = [body.covers for body in bodies]
    fields: set[str | None] = set()
    chosen: list[Cover | None] = [None] * len(bodies)
    # those without a choice first; what they look at costs the others nothing
    for place in sorted(range(len(bodies)), key=lambda place: len(choices[place])):
        covers = choices[place]
        if covers:
            best = next((cover for cover in covers if cover[2] <= fields), covers[0])
            chosen[place] = best
            fields |= best[2]
    return chosen


class KeywordTests:
    """All tests that search every value of an event."""

    def __init__(self, tests: Sequence[tuple[int, Test]]) -> None:
        self._texts: list[tuple[int, str, Test]] = []
        self._others: list[tuple[int, Test]] = []
        for number, test in tests:
            if isinstance(test.predicate, Text) and not test.predicate.pattern.cased:
                self._texts.append((number, test.predicate.pattern.longest, test))
            else:
                self._others.append((number, test))

    @property
    def literals(self) -> list[str] | None:
        """Texts (in lower case) of which an event that any test holds on has one, or None."""
        found = [literal for _, literal, _ in self._texts]
        return None if self._others or "" in found else found

    def held(self, event: Event) -> Held:
        """The numbers of the tests that hold on some value.

        A literal of the pattern is first looked for in all values at once, which is quick and
        seldom finds anything.
        """
        texts = [v if type(v) is str else as_text(v) for v in event.every_value()]
        everything = fold("\n".join(texts))
        hits = [(n, test) for n, literal, test in self._texts if literal in everything]
        hits += self._others
        return frozenset(n for n, test in hits if reference.holds(test, event))
