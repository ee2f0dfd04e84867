"""Another level or risk for an alert, and the trace of what was changed and by whose wish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.alert import RISK, SEVERITY
from engine.ports import Alert
from engine.tune.entries import Override


def adjust(alert: Alert, overrides: Sequence[Override]) -> None:
    """Apply overrides to an alert that is not stored yet, in their order.

    `vedette.alert.tuning` then tells the level and risk score of before, and each override.
    """
    document = alert.document
    own: dict[str, Any] = document["vedette"]["alert"]
    event: dict[str, Any] = document["event"]
    before = {"original_level": own["level"], "original_risk_score": event["risk_score"]}
    for override in overrides:
        if override.level is not None and override.level != own["level"]:
            own["level"] = override.level
            event["severity"] = SEVERITY[override.level]
            event["risk_score"] = RISK[override.level]
        score = event["risk_score"] if override.risk is None else float(override.risk)
        event["risk_score"] = min(100.0, max(0.0, score + override.add_risk))
    own["tuning"] = {**before, "overrides": [override.name for override in overrides]}
