"""Alerts as verdicts let them be written: confidence moved, and the risk with it.

Severity and level stay: they say what the rule looks for, and not how often it is right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from engine.feedback.subject import Subject
from engine.feedback.tally import Tally


class Likely(NamedTuple):
    """How likely an alert is right, 0 to 1, and in words what moves that most."""

    share: float
    because: tuple[str, ...] = ()


Sure = Callable[[Subject, Tally], Likely | None]
"""How likely an alert is right by what was learned from verdicts; None where nothing was."""

SOFTEST = 0.5
"""What is left of the risk of a rule that is never right."""


def weigh(document: dict[str, Any], tally: Tally, sure: Sure | None = None) -> None:
    """Move an alert's confidence and risk by what was said of earlier alerts of its rule or model.

    Nothing changes where nobody has judged one. Risk falls with confidence, at most to half; it
    never rises above what the rule's level says.
    """
    if not tally.by:
        return
    subject = Subject.of(document)
    count = tally.by.get(subject.source)
    own = document.get("vedette", {}).get("alert")
    if count is None or not isinstance(own, dict) or subject.kind == "capped":
        return
    learned = sure(subject, tally) if sure else None
    now = (
        learned.share if learned else tally.precision(subject.source, subject.prior, subject.entity)
    )
    risk = own.get("feedback", {}).get("original_risk_score")
    own["confidence"] = round(now, 4)
    own["feedback"] = {
        "original_confidence": round(subject.prior, 4),
        "true": count.true,
        "false": count.false,
        "benign": count.benign,
        **({"learned": True} if learned else {}),
        **({"because": list(learned.because)} if learned and learned.because else {}),
    }
    event = document.get("event")
    if isinstance(event, dict) and isinstance(event.get("risk_score"), int | float):
        kept = min(1.0, now / subject.prior) if subject.prior else 1.0
        before = event["risk_score"] if risk is None else risk
        own["feedback"]["original_risk_score"] = before
        event["risk_score"] = round(before * (SOFTEST + (1 - SOFTEST) * kept), 1)
