"""Verdicts to try things with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.feedback.verdict import Verdict, given

START = datetime(2026, 11, 20, tzinfo=UTC)


def document(id: str, rule: str = "r-1", host: str = "ws1", **own: Any) -> dict[str, Any]:
    """An alert document; `own` goes under `vedette.alert`."""
    return {
        "event": {"id": id, "risk_score": 73.0},
        "rule": {"uuid": rule, "name": f"Rule {rule}"},
        "host": {"name": host},
        "vedette": {
            "alert": {"id": id, "kind": "sigma", "level": "high", "confidence": 0.6, **own}
        },
    }


def anomaly(id: str, host: str = "ws1") -> dict[str, Any]:
    """An anomaly of the model `office`."""
    return document(
        id, "office@1", host, kind="anomaly", confidence=0.99, model={"id": "office"},
        entity={"field": "host.name", "value": host},
        scores={"fused": 0.01, "detectors": [{"name": "markov", "p": 0.02}]},
    )  # fmt: skip


def verdict(what: str, alert: dict[str, Any], minute: int = 0) -> Verdict:
    """A verdict given at a minute."""
    return given(what, alert, "bo", "because", START + timedelta(minutes=minute))
