"""Many more rules of the same kind: copies that look for other texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.logsource import Binding
from engine.match.expression import And, Expression, Or, Test
from engine.match.pattern import Pattern
from engine.match.predicates import Text
from engine.rule import Rule


def multiplied(rules: Sequence[Rule], times: int) -> Iterator[Rule]:
    """The rules, and `times - 1` copies of each whose texts have a number added.

    What a rule excludes stays as it is, and a rule without any text has no copies: else these
    would match where the rule itself does, or where it does not.
    """
    yield from rules
    for number in range(1, times):
        for rule in rules:
            bindings = tuple(
                Binding(binding.name, binding.route, changed)
                for binding in rule.bindings
                if (changed := _changed(binding.body, f"~{number}")) != binding.body
            )
            if bindings:
                yield replace(rule, id=f"{rule.id}~{number}", bindings=bindings)


def _changed(expression: Expression, mark: str) -> Expression:
    match expression:
        case And(items):
            return And(tuple(_changed(item, mark) for item in items))
        case Or(items):
            return Or(tuple(_changed(item, mark) for item in items))
        case Test(field, Text(pattern)) if any(pattern.segments):
            return Test(field, Text(_marked(pattern, mark)))
        case _:
            return expression


def _marked(pattern: Pattern, mark: str) -> Pattern:
    """The mark goes into the longest stretch, so that anchors stay what they are."""
    at = max(range(len(pattern.segments)), key=lambda place: len(pattern.segments[place]))
    segment = pattern.segments[at]
    middle = len(segment) // 2
    changed = segment[:middle] + mark + segment[middle:]
    segments = (*pattern.segments[:at], changed, *pattern.segments[at + 1 :])
    return Pattern(segments, cased=pattern.cased)
