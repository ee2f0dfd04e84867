"""Findings to alert documents: like those of rules, with a window instead of an event."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.alert import AlertMaker, confidence, rule_fields, source_event, without_none
from engine.correlate.correlator import ANCESTORS
from engine.correlate.finding import Finding
from engine.correlate.hit import Ref
from engine.correlate.value import moment
from engine.correlate.words import explanation, sentence
from engine.entities import address, cut, entities, nest, related
from engine.ids import alert_id
from engine.json_text import json_text
from engine.moment import iso
from engine.normalise import normalise
from engine.ports import Alert, Record

KIND = "correlation"

GROUPED = {
    "host.name": ("Computer", "ComputerName", "Hostname", "host.name", "host.hostname"),
    "user.name": ("TargetUserName", "SubjectUserName", "User", "user.name", "UserName",
                  "userIdentity.userName"),
    "source.ip": ("IpAddress", "SourceIp", "source.ip", "sourceIPAddress", "c-ip", "src_ip"),
    "destination.ip": ("DestinationIp", "destination.ip", "dst_ip"),
}  # fmt: skip
"""ECS field → names of group-by fields that say it of the whole window."""


def anchor(finding: Finding) -> str:
    """What makes the alert's id: the group, and the event that completes the window."""
    parts: list[Any] = [*finding.group, finding.by]
    return json_text(["capped", *parts] if finding.capped else parts)


def identity(maker: AlertMaker, finding: Finding) -> str:
    """The id of the alert for a finding."""
    return alert_id(maker.namespace, finding.correlation.rule.id, KIND, anchor(finding))


def alert(maker: AlertMaker, finding: Finding, now: datetime) -> Alert:
    """The alert for a finding, written at `now`."""
    rule = finding.correlation.rule
    id = identity(maker, finding)
    events = [normalise(Record(json.loads(text), "")) for _, text in finding.documents]
    found = [entities(event) for event in events]
    mapping, tactics = maker.attack(rule)
    level = "informational" if finding.capped else rule.level
    start = min((hit.since for hit in finding.hits), default=finding.time)
    said = sentence(finding, found)
    base = maker.frame(rule, id, level, cut(f"{rule.title}: {said}", 1024), now)
    base["event"] |= {"start": iso(moment(start)), "end": iso(moment(finding.time))}
    shared = {**_grouped(finding), **common(found)}
    document = {
        **base,
        "rule": rule_fields(rule) | {"category": KIND},
        **nest(shared),
        "vedette": {"alert": _own(maker, finding, id, level)},
    }
    document["vedette"]["alert"]["attack"] = maker.said(mapping)
    if tactics:
        document["threat"] = tactics
    names = merged([related(event, each) for event, each in zip(events, found, strict=True)])
    if names:
        document["related"] = names
    return Alert(id, moment(finding.time), document)


def _own(maker: AlertMaker, finding: Finding, id: str, level: str) -> dict[str, Any]:
    correlation, rule = finding.correlation, finding.correlation.rule
    refs = list(dict.fromkeys(ref for hit in finding.hits for ref in hit.refs))
    capped = finding.capped
    return without_none(
        {
            "id": id,
            "status": "open",
            "kind": KIND,
            "level": level,
            "confidence": None if capped else confidence(rule),
            "depth": 2 + max((hit.depth for hit in finding.hits), default=0),
            "original_time": iso(moment(finding.time)),
            "dedup_key": f"{rule.id}:{anchor(finding)}"[:1024],
            "rule_status": rule.status,
            "tags": list(rule.tags) or None,
            "correlation": without_none(
                {
                    "type": correlation.type,
                    "timespan": correlation.timespan,
                    "group": [
                        {"field": name, "value": value}
                        for name, value in zip(correlation.group_by, finding.shown, strict=False)
                    ],
                    "value": None if finding.value is None else float(finding.value),
                }
            ),
            "ancestors": [_ancestor(ref) for ref in refs[-ANCESTORS:]],
            "ancestors_total": finding.total,
            "explanation": explanation(finding) if not capped else [],
            "suppression": {"count": finding.suppressed} if finding.suppressed else None,
            "capped": {"what": capped.what, "limit": capped.limit, "total": capped.total}
            if capped
            else None,
            "source_events": [source_event(json.loads(text)) for _, text in finding.documents],
            "source_events_total": finding.total,
            "execution": maker.running(),
        }
    )


def _ancestor(ref: Ref) -> dict[str, Any]:
    return without_none(
        {"id": ref.id, "index": ref.origin, "type": "event", "depth": 0, "line": ref.line,
         "rule": ref.rule}
    )  # fmt: skip


def _grouped(finding: Finding) -> dict[str, Any]:
    """What the group-by values say of all events."""
    if finding.capped and not finding.shown:
        return {}
    correlation = finding.correlation
    return group_fields(correlation.group_by, finding.shown, correlation.aliases)


def group_fields(
    group_by: Sequence[str],
    shown: Sequence[str],
    aliases: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """What the values of group-by fields say in ECS, as dotted names."""
    said: dict[str, Any] = {}
    for name, value in zip(group_by, shown, strict=False):
        for target, names in GROUPED.items():
            plain = set((aliases or {}).get(name, {}).values()) or {name}
            if plain & set(names) and (not target.endswith(".ip") or address(value)):
                said.setdefault(target, address(value) if target.endswith(".ip") else value)
    return said


def common(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The entities that all events at hand share, as dotted names."""
    if not found:
        return {}
    flat = [_flat(item) for item in found]
    first, *others = flat
    return {
        name: value
        for name, value in first.items()
        if all(other.get(name) == value for other in others)
    }


def _flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def merged(parts: Sequence[Mapping[str, list[str]]]) -> dict[str, list[str]]:
    """All names of several events, each once."""
    merged: dict[str, list[str]] = {}
    for part in parts:
        for key, values in part.items():
            known = merged.setdefault(key, [])
            known += [value for value in values if value not in known]
    return {key: values[:64] for key, values in merged.items()}
