"""Tests of correlations: a short story of events, played to the rules, and whether it alerts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.correlate.correlator import Correlator
from engine.detect import Detector, Match
from engine.errors import Report
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule, RuleSet
from engine.tune.exempt import Exempt

STEP_KEYS = frozenset({"event", "after", "repeat"})
START = datetime(2026, 1, 1, tzinfo=UTC)
MAX_EVENTS = 5000
"""Events of one test."""

_PAUSE = re.compile(r"(\d{1,6})(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def fault(steps: Any) -> str | None:
    """What is wrong with a test's `events`, or None."""
    if not isinstance(steps, list) or not steps:
        return "events is a list of at least one"
    total = 0
    for number, step in enumerate(steps, start=1):
        if not isinstance(step, Mapping) or not isinstance(step.get("event"), Mapping):
            return f"step {number} has no event"
        if unknown := step.keys() - STEP_KEYS:
            return f"step {number} has the unknown key {min(map(str, unknown))!r}"
        if not _PAUSE.fullmatch(str(step.get("after", "1s"))):
            return f"step {number}: after is a time such as 10s, 5m or 1h"
        repeat = step.get("repeat", 1)
        if not isinstance(repeat, int) or isinstance(repeat, bool) or repeat < 1:
            return f"step {number}: repeat is a number of times"
        total += repeat
    return f"has more than {MAX_EVENTS:,} events" if total > MAX_EVENTS else None


def alerts(
    rule: Rule,
    rules: RuleSet,
    steps: Sequence[Mapping[str, Any]],
    report: Report,
    exceptions: Sequence[Exempt] = (),
) -> bool:
    """Whether a correlation finds something in what of a test's events is not excepted."""
    below = _below(rule, rules)
    wanted = [correlation for correlation in rules.correlations if correlation.rule.id in below]
    detector = Detector([known for known in rules.rules if known.id in below], report)
    correlator = Correlator(wanted, detector.rules, report)
    found = False
    for number, document in enumerate(played(steps), start=1):
        event = normalise(Record(document, origin=rule.file))
        matches = [m for m in detector.match(event) if not _excepted(exceptions, m)]
        correlator.add(event, f"{number:05}", matches, START)
    for finding in correlator.finish():
        found |= finding.correlation.rule.id == rule.id
    return found


def _excepted(exceptions: Sequence[Exempt], match: Match) -> bool:
    source = match.rule.logsource
    return any(
        each.covers(match.rule) and each.excepts(source, match.event, match.binding)
        for each in exceptions
    )


def _below(rule: Rule, rules: RuleSet) -> set[str]:
    """The rule's id, and those of all that it listens to."""
    by_id = {correlation.rule.id: correlation for correlation in rules.correlations}
    found: set[str] = set()
    waiting = [rule.id]
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting.extend(by_id[id].sources if id in by_id else ())
    return found


def played(
    steps: Sequence[Mapping[str, Any]], start: datetime = START
) -> list[dict[str, Any]]:  # fmt: skip
    """The events with their times: each `after` the one before it, `{n}` counted up."""
    time, played = start, []
    for step in steps:
        count, unit = _pause(step)
        for number in range(1, step.get("repeat", 1) + 1):
            time += timedelta(**{unit: count})
            document = _counted(step["event"], str(number))
            if normalise(Record(document, origin="")).time is None:
                document = {**document, "@timestamp": time.isoformat()}
            played.append(document)
    return played


def _pause(step: Mapping[str, Any]) -> tuple[int, str]:
    found = _PAUSE.fullmatch(str(step.get("after", "1s")))
    return (int(found[1]), _UNITS[found[2]]) if found else (1, "seconds")


def _counted(value: Any, number: str) -> Any:
    if isinstance(value, str):
        return value.replace("{n}", number)
    if isinstance(value, Mapping):
        return {key: _counted(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_counted(item, number) for item in value]
    return value
