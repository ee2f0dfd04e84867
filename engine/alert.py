"""Matches to alert documents: ECS, mapped to ATT&CK, explained, named for ever.

The shape is `docs/alert.md`; ids are explained in `engine.ids`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.detect import BY_QUERY, Match
from engine.entities import cut, entities, related
from engine.event import Event
from engine.ids import alert_id
from engine.json_text import json_text
from engine.match.expression import Test
from engine.match.pattern import RegexTimeoutError
from engine.match.predicates import Scalar
from engine.moment import iso
from engine.ports import Alert
from engine.rule import Rule
from mitre.catalog import Catalog
from mitre.tags import TagMapping, map_tags, threat

ECS_VERSION = "8.17.0"

SEVERITY = {"informational": 21, "low": 21, "medium": 47, "high": 73, "critical": 99}
RISK = {"informational": 10.0, "low": 25.0, "medium": 47.0, "high": 73.0, "critical": 99.0}
"""Sigma level → `event.severity` (Elastic's four steps) and `event.risk_score`."""

CONFIDENCE = {"stable": 0.9, "test": 0.75, "experimental": 0.5}
UNTOLD = 0.6
"""How likely an alert is right before anybody has judged the rule's alerts, by the rule's status:
a guess that is the same for all, not a measurement. A rule without one of these has `UNTOLD`."""

MAX_EVIDENCE = 32
MAX_SOURCE_TEXT = 16384
"""Longest single value of a source event that an alert carries; the cut is marked."""
MAX_SOURCE_LEVELS = 64
"""Levels of nesting that it carries as objects; what is deeper is JSON text."""


FOUND_BY_QUERY = "found by the cluster's query; the rule itself does not match this event"
"""What explains an alert of push-down that evaluation here would not have made."""


@dataclass(frozen=True, slots=True)
class Execution:
    """The run that found an alert: its id, its kind (`hunt`, `run`) and its time bounds."""

    id: str
    type: str
    start: datetime | None = None
    end: datetime | None = None


class AlertMaker:
    """Builds alert documents; all that varies from run to run is passed in.

    `attack_version` (18 or 19) chooses which ATT&CK the documents speak.
    """

    def __init__(
        self, catalog: Catalog, execution: Execution, *, namespace: str, attack_version: int = 19
    ) -> None:
        self.catalog = catalog
        self.execution = execution
        self.namespace = namespace
        self.attack_version = attack_version
        self._mapped: dict[str, tuple[TagMapping, list[dict[str, Any]]]] = {}

    def id_of(self, match: Match, event_id: str) -> str:
        """The id of the alert for a match on the event of that id."""
        return alert_id(self.namespace, match.rule.id, "sigma", event_id)

    def make(self, match: Match, event_id: str, now: datetime) -> Alert:
        """The alert for a match on the event of that id, written at `now`."""
        rule, event = match.rule, match.event
        identity = self.id_of(match, event_id)
        mapping, tactics = self.attack(rule)
        found = entities(event)
        when = iso(event.time) if event.time else None
        base = self.frame(rule, identity, rule.level, _reason(match, found), now)
        base["event"] |= {"start": when, "end": when} if when else {}
        document: dict[str, Any] = {
            **base,
            "rule": rule_fields(rule),
            **found,
            "vedette": {"alert": self._own(match, event_id, identity, mapping, when)},
        }
        if tactics:
            document["threat"] = tactics
        if names := related(event, found):
            document["related"] = names
        return Alert(identity, event.time, document)

    def frame(
        self, rule: Rule, identity: str, level: str, reason: str, now: datetime
    ) -> dict[str, Any]:
        """What all alerts begin with, whatever found them."""
        return {
            "@timestamp": iso(now),
            "ecs": {"version": ECS_VERSION},
            "message": rule.title,
            "event": {
                "kind": "alert",
                "category": ["intrusion_detection"],
                "type": ["info"],
                "module": "vedette",
                "dataset": "vedette.alerts",
                "id": identity,
                "severity": SEVERITY[level],
                "risk_score": RISK[level],
                "reason": reason,
                "created": iso(now),
                "ingested": iso(now),
            },
        }

    def running(self) -> dict[str, Any]:
        """The run that found it, as `vedette.alert.execution`."""
        execution = self.execution
        return without_none(
            {
                "id": execution.id,
                "type": execution.type,
                "from": iso(execution.start) if execution.start else None,
                "to": iso(execution.end) if execution.end else None,
            }
        )

    def attack(self, rule: Rule) -> tuple[TagMapping, list[dict[str, Any]]]:
        """What the rule's tags say in ATT&CK, and the same as ECS `threat`."""
        known = self._mapped.get(rule.id)
        if known is None:
            mapping = map_tags(rule.tags, self.catalog, self.attack_version)
            known = self._mapped[rule.id] = (mapping, threat(mapping))
        return known

    def said(self, mapping: TagMapping) -> dict[str, Any]:
        """What tags say of ATT&CK beside `threat`, as `vedette.alert.attack`."""
        known = bool(mapping.techniques or mapping.tactics)
        source = {"source": "rule"} if known else {}
        return {"version": self.attack_version, "unknown": list(mapping.unknown), **source}

    def _own(
        self, match: Match, event_id: str, identity: str, mapping: TagMapping, when: str | None
    ) -> dict[str, Any]:
        """What no ECS field holds, under `vedette.alert`."""
        rule, event = match.rule, match.event
        record = event.record
        return without_none(
            {
                "id": identity,
                "status": "open",
                "kind": "sigma",
                "level": rule.level,
                "confidence": confidence(rule),
                "depth": 1,
                "original_time": when,
                "dedup_key": f"{rule.id}:{event_id}",
                "rule_status": rule.status,
                "tags": list(rule.tags) or None,
                "logsource": str(rule.logsource),
                "ancestors": [
                    without_none(
                        {
                            "id": event_id,
                            "index": record.index or record.origin,
                            "type": "event",
                            "depth": 0,
                            "line": record.line,
                        }
                    )
                ],
                "explanation": explain(match),
                "attack": self.said(mapping),
                "source_events": [source_event(record.document)],
                "execution": self.running(),
            }
        )


def confidence(rule: Rule) -> float:
    """How likely an alert of the rule is right, as far as its status says."""
    return CONFIDENCE.get(rule.status or "", UNTOLD)


def explain(match: Match) -> list[dict[str, Any]]:
    """The tests that held, each with its share and the value it held on."""
    if match.binding == BY_QUERY:
        return [{"feature": "query", "contribution": 1.0, "text": FOUND_BY_QUERY}]
    shown = match.evidence[:MAX_EVIDENCE]
    share = round(1 / len(shown), 4) if shown else 0.0
    return [
        {
            "feature": test.field or "keyword",
            "contribution": share,
            "text": _held(test, match.event),
        }
        for test in shown
    ]


def _held(test: Test, event: Event) -> str:
    text = cut(str(test), 512)
    values = list(event.values(test.field) if test.field else event.every_value())
    held = next((value for value in values if _holds(test, value, event)), None)
    return text if held is None else f"{text}; was {cut(str(held), 512)!r}"


def _holds(test: Test, value: Scalar, event: Event) -> bool:
    """Whether this one of the field's values is one that the test held on."""
    try:
        return test.predicate.holds((value,), event)
    except RegexTimeoutError:
        return False


def _reason(match: Match, found: Mapping[str, Any]) -> str:
    """One sentence that a list of alerts can show."""
    who = found.get("user", {}).get("name")
    host = found.get("host", {}).get("name")
    where = (f" by {who}" if who else "") + (f" on {host}" if host else "")
    process = found.get("process", {}).get("name")
    by = f" ({process})" if process else ""
    tests = "; ".join(cut(str(test), 160) for test in match.evidence[:3])
    return cut(f"{match.rule.title}{where}{by}" + (f": {tests}" if tests else ""), 1024)


def rule_fields(rule: Rule) -> dict[str, Any]:
    """What ECS `rule` says of a rule."""
    return without_none(
        {
            "uuid": rule.id,
            "id": rule.id,
            "name": rule.title,
            "description": cut(rule.description, 4096) if rule.description else None,
            "version": rule.version,
            "ruleset": rule.ruleset,
            "author": [rule.author] if rule.author else None,
            "license": rule.license,
            "reference": list(rule.references) or None,
            "category": rule.logsource.category or rule.logsource.service or rule.logsource.product,
        }
    )


def source_event(document: Mapping[str, Any]) -> dict[str, Any]:
    """An event as an alert carries it: whole, but for values of absurd length or depth."""
    return {key: _capped(value, MAX_SOURCE_LEVELS) for key, value in document.items()}


def _capped(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return cut(value, MAX_SOURCE_TEXT)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if not levels:
        return cut(json_text(value), MAX_SOURCE_TEXT)
    if isinstance(value, Mapping):
        return {key: _capped(item, levels - 1) for key, item in value.items()}
    return [_capped(item, levels - 1) for item in value]


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    """The values that are some."""
    return {key: value for key, value in values.items() if value is not None}
