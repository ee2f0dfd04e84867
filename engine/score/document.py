"""Anomalies to alert documents: like those of rules, with a window and what a model says of it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from engine.alert import AlertMaker, rule_fields, source_event, without_none
from engine.correlate.document import common, merged
from engine.entities import address, cut, entities, nest, related
from engine.event import Event
from engine.ids import alert_id
from engine.json_text import json_text
from engine.kinds import LogSource
from engine.moment import iso
from engine.normalise import normalise
from engine.ports import Alert, Record
from engine.rule import Rule
from engine.score import risk, words
from engine.score.anomaly import Anomaly, Proposed, Ranked
from engine.score.model import Model
from engine.score.threshold import Day
from engine.score.window import Sample
from engine.tune.capped import KIND as CAPPED
from mitre.tags import TagMapping, map_tags, threat

KIND = "anomaly"
RULESET = "models"

ENOUGH = 0.5
"""The confidence from which what was proposed is taken: likelier right than wrong."""

CANDIDATES = 5
"""Techniques that an alert lists as proposed."""

NEIGHBOURS = 5
"""Techniques of neighbours that a candidate names."""

SMALLEST = 1e-300
"""The smallest p that is written: a search engine's `double` holds it."""


def anchor(anomaly: Anomaly) -> str:
    """What makes the alert's id, beside the model: the entity, the window's start and width.

    A session has its gap instead: it is the same one when more of it has come.
    """
    gap = anomaly.model.bundle.plan.gap
    if gap is not None:
        return f"{anomaly.entity}|{math.floor(anomaly.start)}|gap {gap:g}"
    width = anomaly.end - anomaly.start
    return f"{anomaly.entity}|{math.floor(anomaly.start)}|{width:g}"


def identity(maker: AlertMaker, anomaly: Anomaly) -> str:
    """The id of the alert for an anomaly."""
    return alert_id(maker.namespace, anomaly.model.identity, KIND, anchor(anomaly))


def model_rule(model: Model, title: str, level: str) -> Rule:
    """What stands in the place of a rule where a model found something."""
    detectors = ", ".join(model.bundle.plan.detectors)
    return Rule(
        id=model.identity, title=title, level=level, status=None, logsource=LogSource(), tags=(),
        bindings=(), file="", ruleset=RULESET, document={}, version=model.version,
        description=f"The model {model.name}, which learned what is normal: {detectors}",
    )  # fmt: skip


def alert(maker: AlertMaker, anomaly: Anomaly, proposed: Proposed, now: datetime) -> Alert:
    """The alert for an anomaly, written at `now`; `proposed` says what it may be."""
    id = identity(maker, anomaly)
    events = [_event(sample) for sample in anomaly.samples if sample.text is not None]
    found = [entities(event) for event in events]
    shared = common(found)
    name = _name(anomaly, shared)
    score = risk.joined(anomaly)
    level = risk.level_of(score)
    rule = model_rule(anomaly.model, words.title(anomaly.field, name), level)
    base = maker.frame(rule, id, level, cut(words.sentence(anomaly, name), 1024), now)
    base["event"] |= {
        "risk_score": score,
        "start": iso(_utc(anomaly.first)),
        "end": iso(_utc(anomaly.last)),
    }
    mapping, source, chosen = technique(maker, anomaly, proposed)
    own = _own(maker, anomaly, id, level)
    own["attack"] = {**maker.said(mapping), **({"source": source} if source else {})}
    if proposed.techniques:
        own["attack"]["candidates"] = [
            _candidate(each, anomaly.neighbours) for each in proposed.techniques[:CANDIDATES]
        ]
    document: dict[str, Any] = {
        **base,
        "rule": rule_fields(rule) | {"category": KIND},
        **nest({**_who(anomaly, name), **shared}),
        "vedette": {"alert": own},
    }
    if chosen:
        document["threat"] = chosen
    pairs = zip(events, found, strict=True)
    if names := merged([related(event, each) for event, each in pairs]):
        document["related"] = names
    return Alert(id, _utc(anomaly.start), document)


def technique(
    maker: AlertMaker, anomaly: Anomaly, proposed: Proposed
) -> tuple[TagMapping, str | None, list[dict[str, Any]]]:
    """What ATT&CK calls it, and who says so: rules that matched, else the best that is proposed.

    That is the mapper, or the incident where only its neighbours make it likely enough. A tactic
    stands alone where it is sure enough, and no technique is.
    """
    tags = [tag for hit in anomaly.corroborating for tag in hit.tags]
    mapping = map_tags(tags, maker.catalog, maker.attack_version)
    if mapping.techniques or mapping.tactics:
        return mapping, "rule", threat(mapping)
    first = next(iter(proposed.techniques), None)
    name, alone = "", None
    if first is not None and first.confidence >= ENOUGH:
        name, alone = first.technique, first.alone
    elif proposed.sure >= ENOUGH:
        name = proposed.tactic
    if not name:
        return mapping, None, []
    mapping = map_tags([f"attack.{name}"], maker.catalog, maker.attack_version)
    source = "mapper" if alone is None or alone >= ENOUGH else "incident"
    return mapping, source, threat(mapping)


def capped(
    maker: AlertMaker, model: Model, start: datetime, day: Day, limit: int, now: datetime
) -> Alert:
    """The one alert that says how many anomalies a day had, and that not all became alerts."""
    end = start + timedelta(days=1)
    title = f"Anomalies over the budget of the model {model.name}"
    rule = model_rule(model, title, "informational")
    what = json_text(["day", start.date().isoformat()])
    id = alert_id(maker.namespace, model.identity, CAPPED, what)
    said = (
        f"{title}: {day.strange:,} windows on {start:%Y-%m-%d} are stranger than the threshold, of "
        f"which {day.told:,} are stored and {day.held:,} over the {limit:,} of a day are not"
    )
    document = {
        **maker.frame(rule, id, "informational", said, now),
        "rule": rule_fields(rule) | {"category": KIND},
        "vedette": {
            "alert": {
                "id": id,
                "status": "open",
                "kind": CAPPED,
                "level": "informational",
                "depth": 2,
                "original_time": iso(start),
                "dedup_key": f"{model.identity}:{what}",
                "capped": {"what": "anomalies of the model", "limit": limit, "total": day.strange},
                "model": {"id": model.name, "version": model.version, "sha256": model.sha256},
                "attack": maker.said(map_tags((), maker.catalog, maker.attack_version)),
                "execution": maker.running(),
            }
        },
    }
    document["event"] |= {"start": iso(start), "end": iso(end)}
    return Alert(id, start, document)


def _own(maker: AlertMaker, anomaly: Anomaly, id: str, level: str) -> dict[str, Any]:
    scored, model = anomaly.scored, anomaly.model
    events = [source_event(_document(s)) for s in anomaly.samples if s.text is not None]
    return without_none(
        {
            "id": id,
            "status": "open",
            "kind": KIND,
            "level": level,
            "confidence": round(1 - scored.p, 4),
            "depth": 2,
            "original_time": iso(_utc(anomaly.last)),
            "dedup_key": cut(f"{model.identity}:{anchor(anomaly)}", 1024),
            "entity": {"field": anomaly.field, "value": cut(anomaly.value, 1024)},
            "scores": {
                "fused": max(scored.p, SMALLEST),
                **_first_stage(scored.first_p),
                "percentile": scored.percentile,
                "threshold": anomaly.threshold,
                "extrapolated": scored.extrapolated,
                "detectors": _detectors(anomaly),
            },
            "model": {"id": model.name, "version": model.version, "sha256": model.sha256},
            "corroborated_by": [
                {"id": hit.id, "name": cut(hit.title, 1024), "times": hit.times}
                for hit in anomaly.corroborating
            ]
            or None,
            "ancestors": [_ancestor(sample) for sample in anomaly.samples],
            "ancestors_total": anomaly.events,
            "explanation": [
                {"feature": r.feature, "contribution": r.contribution, "text": cut(r.text)}
                for r in anomaly.reasons
            ],
            "source_events": events,
            "source_events_total": anomaly.events,
            "execution": maker.running(),
        }
    )


def _first_stage(p: float | None) -> dict[str, float]:
    return {} if p is None else {"first_stage": max(p, SMALLEST)}


def _detectors(anomaly: Anomaly) -> list[dict[str, Any]]:
    by = sorted(anomaly.scored.by.items(), key=lambda item: (item[1], item[0]))
    return [
        {
            "name": name,
            "p": max(math.exp(log_p), SMALLEST),
            "percentile": -100 * math.expm1(log_p),
        }
        for name, log_p in by
    ]


def _candidate(ranked: Ranked, neighbours: Sequence[str]) -> dict[str, Any]:
    near = [cut(f"like {each.title!r} ({each.similarity:.2f})", 1024) for each in ranked.because]
    if ranked.alone is not None:
        others = ", ".join(neighbours[:NEIGHBOURS])
        more = f" and {len(neighbours) - NEIGHBOURS} more" if neighbours[NEIGHBOURS:] else ""
        near.append(f"{ranked.alone:.2f} by itself; other alerts around it show {others}{more}")
    return {
        "id": ranked.technique,
        "name": ranked.name,
        "tactic": list(ranked.tactics),
        "confidence": round(ranked.confidence, 4),
        "because": near,
    }


def _ancestor(sample: Sample) -> dict[str, Any]:
    return without_none(
        {
            "id": sample.id,
            "index": sample.origin,
            "type": "event",
            "depth": 0,
            "line": sample.line,
        }
    )


def _document(sample: Sample) -> dict[str, Any]:
    text = sample.text or b"{}"
    try:
        found: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:  # a number is too large for it
        found = json.loads(text)
    return found


def _event(sample: Sample) -> Event:
    return normalise(Record(_document(sample), sample.origin), None)


def _name(anomaly: Anomaly, shared: dict[str, Any]) -> str:
    """The entity's name as its events write it, where they agree."""
    written = str(shared.get(anomaly.field, ""))
    return written if written.lower() == anomaly.value else anomaly.value


def _who(anomaly: Anomaly, name: str) -> dict[str, Any]:
    """The entity in ECS, as dotted names."""
    match anomaly.field:
        case "host.name":
            return {"host.name": cut(name), "host.hostname": cut(name)}
        case "user.name":
            return {"user.name": cut(name)}
        case "source.ip" if found := address(name):
            return {"source.ip": found}
    return {}


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
