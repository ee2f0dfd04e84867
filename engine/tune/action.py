"""What was held back, as records that are only ever added to, and what they amount to.

An action tells how much a window or period has held back by then, in all; a later one of the
same tells more. Its id is a function of what it tells: a batch that is read again adds nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.correlate.value import moment
from engine.moment import iso
from engine.ports import Action
from engine.rule import Rule

SCHEMA = 1
"""Version of the actions' documents, part of their ids."""

SUPPRESSED, CAPPED, EXCEPTED = "suppressed", "capped", "excepted"
KINDS = (SUPPRESSED, CAPPED, EXCEPTED)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action is about: alerts of a rule from a source, held back by an entry.

    `counter` tells what is counted, `start` and `end` (microseconds) the window or period, `key`
    the fields whose values the alerts share, `alert` the alert that passed in their place,
    `limit` what a cap allows.
    """

    kind: str
    source: str
    rule: Rule
    by: str
    counter: str
    start: int
    end: int
    key: tuple[tuple[str, str], ...] = ()
    alert: str | None = None
    limit: int | None = None


def action(
    subject: Subject,
    namespace: str,
    count: int,
    first: int,
    last: int,
    now: datetime,
    *,
    part: str = "",
) -> Action:
    """The action that tells `count` alerts of events between `first` and `last`."""
    parts = [namespace, subject.kind, subject.source, subject.counter, subject.start]
    held = _hash(*parts, part) if part else _hash(*parts)
    document: dict[str, Any] = {
        "@timestamp": iso(now),
        "kind": subject.kind,
        "held": held,
        "source": subject.source or None,
        "rule": {"id": subject.rule.id, "name": subject.rule.title},
        "by": subject.by,
        "key": [{"field": name, "value": value} for name, value in subject.key] or None,
        "window": {"start": iso(moment(subject.start)), "end": iso(moment(subject.end))},
        "count": count,
        "first": iso(moment(first)),
        "last": iso(moment(last)),
        "alert": subject.alert,
        "limit": subject.limit,
    }
    told = {key: value for key, value in document.items() if value is not None}
    return Action(_hash(held, count), told)


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps([SCHEMA, *parts]).encode()).hexdigest()[:40]


def projected(documents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What the actions amount to: of each window or period the action that tells most.

    The latest windows come first. Documents that are no actions are left out.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for document in documents:
        held, count = document.get("held"), document.get("count")
        if not isinstance(held, str) or not isinstance(count, int):
            continue
        known = found.get(held)
        if known is None or count > known["count"]:
            found[held] = document
    return sorted(found.values(), key=_order, reverse=True)


def _order(document: Mapping[str, Any]) -> tuple[str, str, str]:
    window = document.get("window")
    start = window.get("start") if isinstance(window, Mapping) else ""
    return str(start), str(document.get("kind")), str(document.get("held"))
