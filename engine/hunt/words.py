"""A finding in words, and what its alert explains."""

from __future__ import annotations

from typing import Any

from engine.correlate.condition import Number
from engine.entities import cut
from engine.hunt.row import Finding


def number(value: Number | None) -> str:
    """A number as sentences have it."""
    if value is None:
        return "nothing"
    if value == int(value):
        return f"{int(value):,}"
    return f"{float(value):,.2f}"


def explanation(finding: Finding, type: str) -> list[dict[str, Any]]:
    """The lines of a finding's detail."""
    lines = finding.detail[:32]
    share = round(1 / len(lines), 4) if lines else 0.0
    return [{"feature": type, "contribution": share, "text": cut(line, 512)} for line in lines]
