"""The one alert that says that a rule's alerts were capped in a period, and how many there were."""

from __future__ import annotations

from datetime import datetime

from engine.alert import AlertMaker, rule_fields, without_none
from engine.correlate.value import moment
from engine.ids import alert_id
from engine.json_text import json_text
from engine.moment import iso
from engine.ports import Alert
from engine.rule import Rule
from engine.tune.periods import Period

KIND = "capped"
WHAT = "alerts of the rule"


def capped_alert(
    maker: AlertMaker, rule: Rule, source: str, period: Period, limit: int, now: datetime
) -> Alert:
    """The alert, written at `now`; its id depends on rule, source and period alone."""
    anchor = json_text([source, period.start, period.length])
    identity = alert_id(maker.namespace, rule.id, KIND, anchor)
    start, end = iso(moment(period.start)), iso(moment(period.end))
    total = period.passed + period.count
    said = (
        f"{rule.title}: {total:,} alerts from {start} to {end}, of which {period.passed:,} "
        f"are stored and {period.count:,} over the cap of {limit:,} are not"
    )
    mapping, tactics = maker.attack(rule)
    document = {
        **maker.frame(rule, identity, "informational", said, now),
        "rule": rule_fields(rule),
        "vedette": {
            "alert": without_none(
                {
                    "id": identity,
                    "status": "open",
                    "kind": KIND,
                    "level": "informational",
                    "depth": 1,
                    "original_time": start,
                    "dedup_key": f"{rule.id}:{anchor}"[:1024],
                    "rule_status": rule.status,
                    "tags": list(rule.tags) or None,
                    "capped": {"what": WHAT, "limit": limit, "total": total},
                    "attack": maker.said(mapping),
                    "execution": maker.running(),
                }
            )
        },
    }
    document["event"] |= {"start": iso(moment(period.first)), "end": iso(moment(period.last))}
    if tactics:
        document["threat"] = tactics
    return Alert(identity, moment(period.start), document)
