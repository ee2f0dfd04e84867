"""Made-up streams of matches, and correlators that are fed with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from engine.correlate.correlator import Correlator
from engine.correlate.finding import Finding
from engine.detect import Match
from engine.event import Event
from engine.ports import Record
from engine.rule import Rule, RuleSet
from tests.engine.helpers import fail_on_problem, loaded

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LATER = EPOCH + timedelta(days=30)

Found = tuple[str, tuple[str, ...], str]
"""A finding as the oracle tells it: the correlation's title, the group, the completing event."""


@dataclass(frozen=True)
class Seen:
    """An event: its second, its id, the names of the rules it matches, and its fields."""

    second: int
    id: str
    rules: tuple[str, ...]
    fields: tuple[tuple[str, Any], ...]

    @property
    def values(self) -> dict[str, Any]:
        return dict(self.fields)


def base(name: str) -> dict[str, Any]:
    """A rule that events may match."""
    return {
        "title": f"Rule {name}",
        "name": name,
        "logsource": {"product": "any"},
        "detection": {"selection": {"kind": name}, "condition": "selection"},
    }


def correlation(title: str = "Found", name: str | None = None, **block: Any) -> dict[str, Any]:
    """A correlation's document; keys of the block have `_` for `-`."""
    keys = {key.replace("_", "-"): value for key, value in block.items()}
    document = {"title": title, "correlation": {"timespan": "10s", **keys}}
    return document | ({"name": name} if name else {})


def ruleset(folder: Path, *documents: Mapping[str, Any], names: Sequence[str] = "abc") -> RuleSet:
    """Rules `a`, `b` and `c` and the correlations over them."""
    return loaded(folder, *(base(name) for name in names), *documents)


class Feed:
    """Gives events to a correlator, with the matches that they are said to have."""

    def __init__(self, rules: RuleSet, correlator: Correlator) -> None:
        self.correlator = correlator
        self._rules: dict[str, Rule] = {
            rule.title.removeprefix("Rule "): rule for rule in rules.rules
        }

    def give(self, seen: Seen, now: datetime = LATER) -> Event:
        time = EPOCH + timedelta(seconds=seen.second)
        fields = {"@timestamp": time.isoformat(), **seen.values}
        event = Event(Record(fields, "test", id=seen.id), fields)
        matches = [Match(self._rules[name], event, "labels", ()) for name in seen.rules]
        self.correlator.add(event, seen.id, matches, now)
        return event


def told(findings: Iterable[Finding]) -> set[Found]:
    return {(f.correlation.rule.title, f.group, f.by) for f in findings if not f.capped}


def hunted(rules: RuleSet, events: Iterable[Seen], report: Any = fail_on_problem) -> list[Finding]:
    """All findings when everything waits for the end."""
    correlator = Correlator(rules.correlations, rules.rules, report)
    feed = Feed(rules, correlator)
    for seen in events:
        feed.give(seen)
    return correlator.finish()


def random_events(rng: Random, count: int, *, span: int = 40) -> list[Seen]:
    """Events of few users and values over a short time, many of them in one second."""
    events = []
    for number in range(count):
        rules = tuple(sorted(rng.sample("abc", rng.choice((1, 1, 1, 2)))))
        user: Any = rng.choice(("al", "AL", "bo", "bo", None, ["al", "bo"]))
        value: Any = rng.choice((1, 2, 2.5, "3", -1, None, "x", [1, 5]))
        other = rng.choice(("v", "w"))
        fields = (("user", user), ("value", value), ("other", other))
        events.append(Seen(rng.randrange(span), f"e{number:02}{rng.randrange(99)}", rules, fields))
    return events
