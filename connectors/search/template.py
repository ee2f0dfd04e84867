"""Index templates and mappings of Vedette's own indices, for both servers.

An alert's original events are indexed whole (`flattened` on Elasticsearch, `flat_object` on
OpenSearch). Elasticsearch leaves values over `ignore_above` characters unindexed; OpenSearch
has no such limit and refuses a document with a term over 32,766 bytes. What becomes of a
refused alert is `connectors.search.reduce`.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from connectors.search.names import alerts_alias

PRIORITY = 500
"""Above the servers' own `logs-*-*` (100), which would make a data stream of the index."""

FLATTENED: dict[str, dict[str, Any]] = {
    "flattened": {"type": "flattened", "ignore_above": 1024, "depth_limit": 1000},
    "flat_object": {"type": "flat_object"},
}

KEPT = {"type": "object", "enabled": False}
"""Stored as it is, not indexed: no content can be refused, whatever its types."""


def alerts_template(namespace: str, flattened: str) -> dict[str, Any]:
    """The composable template of a namespace's alert indices."""
    mapping = json.loads(files(__package__).joinpath("alerts-mapping.json").read_text("utf-8"))
    own = mapping["properties"]["vedette"]["properties"]["alert"]["properties"]
    own["source_events"] = FLATTENED[flattened]
    alias = alerts_alias(namespace)
    settings = {
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        # An address that is none must not cost the alert; the field is left unindexed.
        "mapping": {"ignore_malformed": True},
    }
    template: dict[str, Any] = {
        "index_patterns": [f"{alias}-*"],
        "priority": PRIORITY,
        "version": 1,
        "_meta": {"managed_by": "vedette"},
        "template": {
            "settings": {"index": settings},
            "mappings": mapping,
            "aliases": {alias: {}},
        },
    }
    if flattened == "flattened":  # Elasticsearch, where a component may be missing
        components = [lifecycle_name(namespace), f"{alias}@custom"]
        template["composed_of"] = components
        template["ignore_missing_component_templates"] = components
    return template


def lifecycle_name(namespace: str) -> str:
    """The component template that `vedette setup` may add: which lifecycle policy applies."""
    return f"{alerts_alias(namespace)}@lifecycle"


def dead_letter_index() -> dict[str, Any]:
    """The index of refused alerts: when, which, why, and the document as JSON text."""
    return own_index(
        {
            "@timestamp": {"type": "date"},
            "alert_id": {"type": "keyword", "ignore_above": 1024},
            "index": {"type": "keyword", "ignore_above": 1024},
            "error": {"type": "text"},
            "document": KEPT,
        }
    )


def state_index() -> dict[str, Any]:
    """The index of checkpoints, one document for each source."""
    return own_index(
        {
            "@timestamp": {"type": "date"},
            "source": {"type": "keyword", "ignore_above": 1024},
            "writer": {"type": "keyword"},
            "commit": {"type": "long"},
            "token": {"type": "long"},
            "checkpoint": KEPT,
            "occurrences": KEPT,
        }
    )


def ledger_index() -> dict[str, Any]:
    """The index of notes, one document each."""
    words = ("note", "gap", "kind", "state", "source")
    return own_index(
        {
            "@timestamp": {"type": "date"},
            **{name: {"type": "keyword", "ignore_above": 1024} for name in words},
            "start": {"type": "date"},
            "end": {"type": "date"},
            "count": {"type": "long"},
            "step": {"type": "long"},
            "reason": {"type": "text"},
            "subject": {"type": "keyword", "ignore_above": 1024},
        }
    )


def actions_template(index: str) -> dict[str, Any]:
    """The template of the actions stream: what was held back, and what people said of alerts."""
    word = {"type": "keyword", "ignore_above": 1024}
    date = {"type": "date"}
    body = own_index(
        {
            "@timestamp": date,
            "id": {"type": "keyword"},
            "kind": word,
            "held": {"type": "keyword"},
            "source": word,
            "rule": {"properties": {"id": word, "name": word}},
            "by": word,
            "key": {"properties": {"field": word, "value": word}},
            "window": {"properties": {"start": date, "end": date}},
            "count": {"type": "long"},
            "first": date,
            "last": date,
            "alert": word,
            "limit": {"type": "long"},
            "verdict": word,
            "reason": {"type": "text"},
            "what": word,
            "entity": word,
        }
    )
    return {
        "index_patterns": [index],
        "priority": PRIORITY,
        "version": 2,
        "_meta": {"managed_by": "vedette"},
        "template": body,
    }


def incidents_index() -> dict[str, Any]:
    """The index of incidents: what people search and sort by; the rest is kept as it is."""
    word = {"type": "keyword", "ignore_above": 1024}
    date = {"type": "date"}
    kinds = ("host", "user", "address", "process", "file", "hash")
    return own_index(
        {
            "@timestamp": date,
            "id": {"type": "keyword"},
            "namespace": word,
            "status": word,
            "title": {"type": "text", "fields": {"keyword": word}},
            "level": word,
            "risk_score": {"type": "float"},
            "start": date,
            "end": date,
            "findings": {"type": "long"},
            "keys": word,
            "about": {"properties": dict.fromkeys(kinds, word)},
            "tactics": {"properties": {"id": word, "name": word}},
            "techniques": {
                "properties": {
                    "id": word,
                    "name": word,
                    "certainty": {"type": "float"},
                    "source": word,
                }
            },
            "story": {"type": "text"},
            "parts": KEPT,
            "entities": KEPT,
            "ties": KEPT,
            "merged": word,
            "merged_into": word,
        }
    )


def leases_index() -> dict[str, Any]:
    """The index of the one document that says who works on what."""
    return own_index({"@timestamp": {"type": "date"}, "board": KEPT})


def own_index(properties: dict[str, Any]) -> dict[str, Any]:
    """A small index with a closed mapping."""
    return {
        "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
        "mappings": {"dynamic": False, "properties": properties},
    }
