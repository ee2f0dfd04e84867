"""Names that last: of events without one of their own, and of alerts."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from engine.json_text import json_text
from engine.ports import Document

SCHEMA = "1"
"""Version of the alert document and its id; part of every id."""


def content_hash(document: Document) -> str:
    """A hash of an event's content, the same whatever the order of its keys."""
    text = json_text(document, sort=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def occurrence_id(digest: str, number: int) -> str:
    """The id of the n-th event (from 1) of equal content."""
    return f"{digest}#{number}"


def alert_id(namespace: str, rule_id: str, kind: str, anchor: str) -> str:
    """The id of an alert: schema version, namespace, rule, kind and the anchor's id, hashed."""
    parts: list[Any] = [SCHEMA, namespace, rule_id, kind, anchor]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
