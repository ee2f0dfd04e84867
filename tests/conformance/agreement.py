"""The fast evaluator and the reference, asked about the same recorded events."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from engine.detect import Detector, ReferenceGroup
from engine.errors import Problem
from engine.event import Event
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import RuleSet
from tests.conformance.recordings import Recording, numbered


def check(
    recordings: Sequence[Recording], total: int, rules: RuleSet
) -> tuple[int, int, list[object]]:
    """Events asked, rule matches by the reference, and the numbers of events that differ."""
    problems: list[Problem] = []
    fast = Detector(rules.rules, problems.append)
    slow = Detector(rules.rules, problems.append, ReferenceGroup)
    events, matches, differing = 0, 0, list[object]()
    for document in numbered(list(recordings), total):
        record = Record(document, "recording", raw=orjson.dumps(document))
        wanted = _ids(slow, normalise(record))
        passed = fast.may_match(record.document, record.raw)
        if wanted != (_ids(fast, normalise(record)) if passed else []):
            differing.append(document["number"])
        events, matches = events + 1, matches + len(wanted)
    return events, matches, differing


def _ids(detector: Detector, event: Event) -> list[str]:
    return [match.rule.id for match in detector.match(event)]
