"""What each rule cannot do without, whatever its events look like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.kinds import LogSource
from engine.match import expression
from engine.match.expression import And, Expression, Not
from engine.match.pattern import Pattern
from engine.match.predicates import Exists, Matches, OneField, SameAs, Text, TimePart
from engine.needs.folded import weaker
from engine.needs.labels import PARTS, Labels
from engine.needs.narrow import narrowed
from engine.needs.need import ALWAYS, Lacks, Need, One, Word, either, every
from engine.needs.test import Positive, Test, Tests
from engine.rule import Rule

MOST = 200_000
"""Conditions by test that are remembered while rules change."""

_PRESENT = Exists(wanted=True)


class Needs:
    """The needs of rules for events of one source, whose labels are `tags`.

    Those of rules that stay are made once. Equal tests are one object.
    """

    def __init__(self, tags: LogSource | None = None) -> None:
        self._tests = Tests()
        self._labels = Labels(tags, self._tests.of)
        self._tested: dict[expression.Test, Need] = {}
        self._texts: dict[tuple[str | None, tuple[str, ...]], Need] = {}
        """As `_tested`, of texts without regard to case: nearly all are."""
        self._rules: dict[int, tuple[Rule, Need]] = {}

    def of(self, rules: Iterable[Rule]) -> dict[str, Need]:
        """What an event needs for each rule to match it, by the rule's id."""
        kept: dict[int, tuple[Rule, Need]] = {}
        found: dict[str, Need] = {}
        for rule in rules:
            known = self._rules.get(id(rule))
            kept[id(rule)] = known = known or (rule, self._rule(rule))
            found[rule.id] = either((found[rule.id], known[1])) if rule.id in found else known[1]
        if (
            kept.keys() != self._rules.keys()
            and len(self._tested) + len(self._texts) > 4 * len(kept) + 100_000
        ):
            self._tested.clear()  # those of rules that were given up are not wanted for ever
            self._texts.clear()
        self._rules = kept
        return found

    def _rule(self, rule: Rule) -> Need:
        bodies: dict[int, Need] = {}
        ways: list[Need] = []
        for binding in rule.bindings:
            body = bodies.get(id(binding.body))
            if body is None:
                body = bodies[id(binding.body)] = narrowed(self.condition(binding.body))
            ways.append(every((self.condition(binding.route), body)))
        return either(ways)

    def condition(self, condition: Expression, wanted: bool = True) -> Need:
        """What an event needs for a condition to be true of it, or not to be."""
        kind = type(condition)  # quicker than to match it, and there are very many
        if kind is expression.Test:
            return self._asked(condition) if wanted else self._refused(condition)  # type: ignore[arg-type]
        if kind is Not:
            return self.condition(condition.item, not wanted)  # type: ignore[union-attr]
        parts = (self.condition(item, wanted) for item in condition.items)  # type: ignore[union-attr]
        return every(parts) if (kind is And) is wanted else either(parts)

    def _asked(self, test: expression.Test) -> Need:
        predicate = test.predicate
        if type(predicate) is Text and not predicate.pattern.cased:
            key = (test.field, predicate.pattern.segments)  # quicker than to compare what they are
            text = self._texts.get(key)
            if text is None:
                plain = "".join(key[1]).isascii()  # so that it can be told of lower case, too
                text = self._value(test.field, predicate) if plain else every(self._parts(test))
                self._texts[key] = text
            return text
        known = self._tested.get(test)
        if known is None:
            known = self._tested[test] = every(self._parts(test))
        return known

    def _refused(self, test: expression.Test) -> Need:
        """What an event needs so that a test does not hold."""
        field, predicate = test.field, test.predicate
        if field is None or field in PARTS:
            return ALWAYS
        if predicate == Exists(wanted=False):
            return self._asked(expression.Test(field, _PRESENT))
        # a time may be a number here and a text there
        if not isinstance(predicate, OneField) or isinstance(predicate, TimePart):
            return ALWAYS
        by_time = isinstance(predicate, Matches) and not predicate.regex.linear
        return ALWAYS if by_time else Lacks(field, self._tests.of(predicate))

    def _parts(self, test: expression.Test) -> Iterator[Need]:
        field, predicate = test.field, test.predicate
        if isinstance(predicate, SameAs):
            for name in (field, predicate.other):
                yield ALWAYS if name is None else self._one(name, _PRESENT)
        elif isinstance(predicate, TimePart):  # a time may be a number here and a text there
            yield ALWAYS if field is None else self._one(field, _PRESENT)
        elif isinstance(predicate, OneField):
            for each, beyond in _told(predicate):
                yield self._value(field, each, beyond)
        elif isinstance(predicate, Exists) and predicate.wanted and field is not None:
            yield self._one(field, predicate)
        else:
            yield ALWAYS

    def _value(self, field: str | None, predicate: OneField, beyond: bool = False) -> Need:
        if field is None:
            return Word(self._tests.of(predicate, beyond=beyond))
        if field in PARTS:
            return ALWAYS if beyond else self._labels.need(field, predicate)
        return One(field, self._tests.of(predicate, beyond=beyond))

    def _one(self, field: str, predicate: Positive) -> Need:
        return ALWAYS if field in PARTS else One(field, self._tests.of(predicate))


def _told(predicate: OneField) -> Iterator[tuple[OneField, bool]]:
    """A predicate by which values can be told, and what those in lower case can be told by."""
    by_time = isinstance(predicate, Matches) and not predicate.regex.linear
    if not by_time:  # else it may not answer
        yield predicate, False
    test = Test(predicate)
    if by_time or not test.folded:
        less = weaker(predicate)
        if less is not None:
            yield less


def needs(rules: Sequence[Rule], tags: LogSource | None = None) -> dict[str, Need]:
    """What an event of a source with these labels needs for each rule to match it, by its id."""
    return Needs(tags).of(rules)


ALSO = (One("Payload", Test(Text(Pattern(("{", ""))))),)
"""What an event has that may mean anything: EvtxECmd's data is JSON text, of which fields are made.

An event with one of these is to be read whatever rules need.
"""
