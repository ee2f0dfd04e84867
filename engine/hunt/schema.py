"""The JSON schema of a hunt's file, made of the same keys that read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.hunt.keys import Key
from engine.hunt.parse import ALERT, COMMON, HEAD, SCHEDULE
from engine.hunt.registry import types
from engine.hunt.type import HuntType

STEP: dict[str, Any] = {
    "type": "object",
    "required": ["event"],
    "additionalProperties": False,
    "properties": {
        "event": {"type": "object", "minProperties": 1},
        "after": {"type": "string", "pattern": "^[0-9]{1,6}[smhd]$"},
        "repeat": {"type": "integer", "minimum": 1},
    },
}
STEPS = {"type": "array", "items": STEP}
TESTS: dict[str, Any] = {
    "type": "object",
    "required": ["tests"],
    "additionalProperties": False,
    "properties": {
        "tests": {
            "description": "Stories of events, each with the alerts that it must lead to.",
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "alerts"],
                "additionalProperties": False,
                "properties": {
                    "name": {"description": "What it shows.", "type": "string", "minLength": 1},
                    "history": {**STEPS, "description": "Events before the span of the run."},
                    "events": {**STEPS, "description": "Events in the span of the run."},
                    "rows": {
                        "description": "For esql and ppl: what the query answers.",
                        "type": "array",
                        "items": {"type": "object"},
                    },
                    "alerts": {
                        "description": "How many alerts, or what each of them holds.",
                        "anyOf": [
                            {"type": "integer", "minimum": 0},
                            {"type": "array", "items": {"type": "object", "minProperties": 1}},
                        ],
                    },
                },
            },
        }
    },
}


def schema() -> dict[str, Any]:
    """A schema for all types: what a key may be depends on `type`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A hunt of Vedette",
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": list(types())}},
        "oneOf": [_type(kind) for kind in types().values()],
    }


def _type(kind: type[HuntType]) -> dict[str, Any]:
    known = [
        key
        for key in (*HEAD, *COMMON, *kind.keys)
        if (key.name != "group_by" or kind.grouped) and (key.name != "detection" or kind.filtered)
    ]
    found = _object(known)
    found["title"] = f"{kind.name}: {kind.summary}"
    found["properties"]["type"] = {"const": kind.name}
    return found


def _object(known: Iterable[Key]) -> dict[str, Any]:
    keys = list(known)
    inner = {"schedule": _nested(SCHEDULE), "alert": _nested(ALERT), "vedette": TESTS}
    return {
        "type": "object",
        "required": [key.name for key in keys if key.required],
        "additionalProperties": False,
        "properties": {
            key.name: {
                **inner.get(key.name, key.kind.schema), **key.schema, "description": key.doc
            }
            for key in keys
        },
    }  # fmt: skip


def _nested(known: Iterable[Key]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {**key.kind.schema, "description": key.doc} for key in known},
    }
