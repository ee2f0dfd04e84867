"""What models say of an alert's window, and which rules say so too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.ports import Document
from vedette.output import fields


def models(document: Document) -> list[str]:
    """The fused score, each detector's, and which model it was; empty where none scored."""
    scores = fields.get(document, "vedette.alert.scores")
    return list(_models(document, scores)) if scores else []


def _models(document: Document, scores: Any) -> Iterator[str]:
    percentile = fields.get(scores, "percentile")
    if isinstance(percentile, int | float):
        beyond = fields.get(scores, "extrapolated") is True
        far = ", beyond every normal that training saw (a fitted tail)" if beyond else ""
        yield f"stranger than {percentile:.4g} % of normal windows{_p(scores, 'fused')}{far}"
    if isinstance(first := fields.get(scores, "first_stage"), int | float):
        yield f"before a second look at what was flagged: p {first:.2g}"
    for each in fields.entries(fields.get(scores, "detectors")):
        share = fields.get(each, "percentile")
        text = f": stranger than {share:.4g} %" if isinstance(share, int | float) else ""
        yield f"{fields.text(each, 'name')}{text}{_p(each, 'p')}"
    model = fields.get(document, "vedette.alert.model")
    if name := fields.text(model, "id"):
        sha = fields.text(model, "sha256")
        version = fields.text(model, "version")
        yield f"model {name}" + (f" {version}" if version else "") + (f", sha256 {sha}" * bool(sha))


def corroborated(document: Document) -> list[str]:
    """The rules that matched in the same window of the same entity."""
    rules = fields.entries(fields.get(document, "vedette.alert.corroborated_by"))
    return [
        f"{fields.text(rule, 'name')}{_often(rule)} ({fields.text(rule, 'id')})" for rule in rules
    ]


def _often(rule: Any) -> str:
    times = fields.get(rule, "times")
    return f", {times:,} times" if isinstance(times, int) and times > 1 else ""


def _p(scores: Any, key: str) -> str:
    p = fields.get(scores, key)
    return f" (p {p:.2g})" if isinstance(p, int | float) else ""
