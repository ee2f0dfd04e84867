"""How much a query could spare reading: recorded events that no rule can match, by their kind.

A kind is what a query could cheaply tell of an event: channel, event id and provider. A rule can
match a kind unless its condition fails whatever the other fields hold (three-valued logic). That is
the most that any prefilter by kind could spare, with every doubt about mappings and names left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from engine.event import Event
from engine.match.expression import And, Expression, Not, Or
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.conformance.recordings import Recording
from vedette.routes import Routes

KIND = ("Channel", "EventID", "Provider_Name")
EVERY = 25
"""Of how many events one is looked at, in the sample."""

Kind = tuple[Any, ...]


@dataclass
class Spared:
    """Events of a rule set, and those that no rule can match by their kind."""

    rules: int
    events: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


def holds(condition: Expression, event: Event) -> bool | None:
    """Whether a condition holds of all events of this one's kind; None where that depends."""
    match condition:
        case And(items):
            answers = {holds(item, event) for item in items}
            return False if False in answers else None if None in answers else True
        case Or(items):
            answers = {holds(item, event) for item in items}
            return True if True in answers else None if None in answers else False
        case Not(item):
            answer = holds(item, event)
            return None if answer is None else not answer
    known = condition.field in KIND and not condition.predicate.other_fields()
    values = event.values(condition.field) if known and condition.field else ()
    return condition.predicate.holds(values, event) if values else None


def possible(routes: Routes, event: Event) -> bool:
    """Whether any rule can match an event of this one's kind."""
    return any(holds(binding.body, event) is not False for _, binding in routes.of(event))


def of_fields(rule: Rule) -> bool:
    """Whether fields tell its log source: not labels alone."""
    return len(rule.bindings) > 1


def measure(recordings: Sequence[Recording], rules: Sequence[Rule], every: int) -> Spared:
    """What a prefilter of these rules could spare of recorded Windows events."""
    routes, found = Routes(rules), Spared(len(rules))
    known: dict[Kind, bool] = {}
    for recording in recordings:
        for number, line in enumerate(recording.lines()):
            if number % every:
                continue
            event = normalise(Record(orjson.loads(line), "recording"))
            kind = tuple(str(event.first(name)) for name in KIND)
            if kind not in known:
                known[kind] = possible(routes, event)
            found.events += 1
            if not known[kind]:
                found.kinds[kind] += 1
    return found


def report(found: Spared) -> list[str]:
    """What could be spared, and the kinds that make most of it."""
    share = 100 * found.total / max(1, found.events)
    lines = [
        f"{found.rules:,} rules: {found.total:,} of {found.events:,} events ({share:.1f}%) are of "
        "a kind that no rule can match"
    ]
    for (channel, id, _), count in found.kinds.most_common(5):
        lines.append(f"  {count:>8,}  {channel} {id}")
    return lines
