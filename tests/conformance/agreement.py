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
        if wanted != _ids_by_line(fast, record):
            differing.append(document["number"])
        events, matches = events + 1, matches + len(wanted)
    return events, matches, differing


def _ids_by_line(detector: Detector, record: Record) -> list[str]:
    """By the way that a source and a pipeline go."""
    assert record.raw is not None
    candidates = detector.candidates(record.raw)
    if candidates is not None:
        found = detector.match_candidates(candidates, normalise(record)) if candidates else []
        return [match.rule.id for match in found]
    passed = detector.may_match(record.document, record.raw)
    return _ids(detector, normalise(record)) if passed else []


def _ids(detector: Detector, event: Event) -> list[str]:
    return [match.rule.id for match in detector.match(event)]
