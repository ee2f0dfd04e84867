"""Alert documents of every kind, as small as they can be."""

from __future__ import annotations

from typing import Any

ID = "0123456789abcdef0123456789abcdef01234567"


def alert(kind: str = "sigma", id: str = ID, **own: Any) -> dict[str, Any]:
    """An alert on one host, with what is given under `vedette.alert`."""
    return {
        "@timestamp": "2026-11-20T10:00:01.000Z",
        "event": {"id": id, "risk_score": 73.0, "start": "2026-11-20T10:00:00.000Z"},
        "message": "Something Odd",
        "rule": {"uuid": "r-1", "name": "Something Odd", "ruleset": "rules"},
        "host": {"name": "ws02"},
        "user": {"name": "amy", "domain": "CORP"},
        "vedette": {
            "alert": {
                "id": id,
                "kind": kind,
                "level": "high",
                "original_time": "2026-11-20T10:00:00.000Z",
                **own,
            }
        },
    }


def reason(feature: str, contribution: float, text: str) -> dict[str, Any]:
    """An entry of the explanation."""
    return {"feature": feature, "contribution": contribution, "text": text}


def anomaly() -> dict[str, Any]:
    """An anomaly with reasons of every kind."""
    return alert(
        "anomaly",
        entity={"field": "host.name", "value": "ws02"},
        scores={
            "fused": 0.0002, "percentile": 99.98, "extrapolated": True,
            "detectors": [{"name": "gpt", "p": 0.001, "percentile": 99.9}],
        },
        model={"id": "office", "version": "3", "sha256": "ab" * 32},
        explanation=[
            reason("step 7", 9.1, "step 7 is event 4; expected event 2"),
            reason("cluster", 3.0, "nearest is 'logons', 3 times as far as its members"),
            reason("limits", 1.0, "normal is from 3 to 9"),
            reason("event 5", 12.0, "event 5 never came before"),
        ],
        corroborated_by=[{"id": "r-7", "name": "Log Wiped", "times": 2}],
        confidence=0.97,
        attack={"version": 19, "source": "mapper", "candidates": [
            {"id": "T1059", "name": "Interpreter", "confidence": 0.41, "because": "like r-3"},
        ]},
    )  # fmt: skip
