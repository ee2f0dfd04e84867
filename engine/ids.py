"""Names that last: of events without one of their own, and of alerts."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson

from engine.ports import Document

SCHEMA = "1"
"""Version of the alert document and its id; part of every id."""


def content_hash(document: Document) -> str:
    """A hash of an event's content, the same whatever the order of its keys."""
    try:
        text = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a lone surrogate or an integer beyond 64 bits
        text = json.dumps(document, sort_keys=True, default=str).encode()
    return hashlib.sha256(text).hexdigest()[:32]


def occurrence_id(digest: str, number: int) -> str:
    """The id of the n-th event (from 1) of equal content."""
    return f"{digest}#{number}"


def alert_id(namespace: str, rule_id: str, kind: str, anchor: str) -> str:
    """The id of an alert: schema version, namespace, rule, kind and the anchor's id, hashed."""
    parts: list[Any] = [SCHEMA, namespace, rule_id, kind, anchor]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
