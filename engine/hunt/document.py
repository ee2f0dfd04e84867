"""Findings to alert documents: like those of rules, with what was hunted for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.alert import RISK, AlertMaker, confidence, rule_fields, source_event, without_none
from engine.correlate.document import alert as correlation_alert
from engine.correlate.document import common, group_fields, merged
from engine.correlate.document import identity as correlation_id
from engine.correlate.value import moment
from engine.entities import cut, entities, nest, related
from engine.hunt.model import Hunt
from engine.hunt.row import Finding
from engine.hunt.words import explanation
from engine.ids import alert_id
from engine.json_text import json_text
from engine.moment import iso
from engine.ports import Alert

KIND = "hunt"

ANCESTORS = 50
"""Events that an alert names."""


def anchor(finding: Finding) -> str:
    """What makes the alert's id, beside the hunt's."""
    return json_text(list(finding.anchor))


def identity(maker: AlertMaker, hunt: Hunt, finding: Finding) -> str:
    """The id of the alert for a finding."""
    if finding.match is not None:
        return maker.id_of(finding.match, finding.rows[0].id)
    if finding.found is not None:
        return correlation_id(maker, finding.found)
    return alert_id(maker.namespace, hunt.rule.id, KIND, anchor(finding))


def alert(maker: AlertMaker, hunt: Hunt, finding: Finding, now: datetime) -> Alert:
    """The alert for a finding, written at `now`.

    What Sigma's rules and correlations find has the id that it has elsewhere.
    """
    if finding.match is not None:
        made = maker.make(finding.match, finding.rows[0].id, now)
        if finding.match.rule.id == hunt.rule.id and hunt.alerts.risk_score is not None:
            made.document["event"]["risk_score"] = hunt.alerts.risk_score
        return made
    if finding.found is not None:
        return correlation_alert(maker, finding.found, now)
    rule = hunt.rule
    id = identity(maker, hunt, finding)
    level = "informational" if finding.capped else hunt.level
    reason = cut(f"{rule.title}: {finding.reason}", 1024)
    base = maker.frame(rule, id, level, reason, now)
    if hunt.alerts.risk_score is not None and not finding.capped:
        base["event"]["risk_score"] = hunt.alerts.risk_score
    else:
        base["event"]["risk_score"] = RISK[level]
    base["event"] |= {"start": iso(moment(finding.since)), "end": iso(moment(finding.time))}
    names = hunt.group_by if finding.names is None else finding.names
    found = [entities(row.event) for row in finding.rows]
    mapping, tactics = maker.attack(rule)
    own = _own(maker, hunt, finding, id, level)
    own["attack"] = maker.said(mapping)
    document: dict[str, Any] = {
        **base,
        "rule": rule_fields(rule) | {"category": KIND},
        **nest({**group_fields(names, finding.group), **common(found)}),
        "vedette": {"alert": own},
    }
    if tactics:
        document["threat"] = tactics
    pairs = zip(finding.rows, found, strict=True)
    if known := merged([related(row.event, each) for row, each in pairs]):
        document["related"] = known
    return Alert(id, moment(finding.time), document)


def _own(maker: AlertMaker, hunt: Hunt, finding: Finding, id: str, level: str) -> dict[str, Any]:
    rule, capped = hunt.rule, finding.capped
    names = hunt.group_by if finding.names is None else finding.names
    shown = [source_event(row.event.record.document) for row in finding.rows]
    if finding.fields:
        shown.append(source_event(finding.fields))
    return without_none(
        {
            "id": id,
            "status": "open",
            "kind": KIND,
            "level": level,
            "confidence": None if capped else confidence(rule),
            "depth": 2,
            "original_time": iso(moment(finding.time)),
            "dedup_key": f"{rule.id}:{anchor(finding)}"[:1024],
            "rule_status": rule.status,
            "tags": list(rule.tags) or None,
            "logsource": str(rule.logsource) if str(rule.logsource) != "any" else None,
            "hunt": without_none(
                {
                    "type": hunt.type.name,
                    "group": [
                        {"field": name, "value": value}
                        for name, value in zip(names, finding.group, strict=False)
                    ]
                    or None,
                    "value": None if finding.value is None else float(finding.value),
                }
            ),
            "ancestors": [
                without_none(
                    {
                        "id": row.id,
                        "index": row.event.record.index or row.event.record.origin or None,
                        "type": "event",
                        "depth": 0,
                        "line": row.event.record.line,
                    }
                )
                for row in finding.rows[-ANCESTORS:]
            ]
            or None,
            "ancestors_total": finding.total,
            "explanation": explanation(finding, hunt.type.name),
            "capped": {"what": capped.what, "limit": capped.limit, "total": capped.total}
            if capped
            else None,
            "source_events": shown or None,
            "source_events_total": finding.total,
            "execution": maker.running(),
        }
    )
