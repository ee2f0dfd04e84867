"""What an alert gives as its reasons, sorted by what kind of reason each is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.ports import Document
from vedette.output import fields

PLAIN = frozenset({"channel", "eventid", "event.code", "provider_name", "eventsource"})
"""Fields that only say what log an event is of: the least telling parts of a rule."""

TITLES = {
    "sigma": "Parts of the rule that held",
    "correlation": "What was counted",
    "hunt": "What was counted",
    "capped": "What was counted",
    "drift": "What has drifted",
}
OTHER = "What is strange"
KINDS = (
    ("Surprising steps, and what was expected", re.compile(r"step \d+|word \d+|.*(→|->).*")),
    ("How far from what is normal", re.compile(r"cluster|outlier|typical|distance|n-grams")),
    ("Counts", re.compile(r"count of .*|rule \d+")),
    ("Charts", re.compile(r"limits|counts?|mean|ewma|level|deviation|forecast")),
)
"""What models call their reasons (`Reason.feature`), by what they are about."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of `vedette.alert.explanation`."""

    feature: str
    contribution: float
    text: str


def reasons(document: Document) -> list[Reason]:
    """The reasons of an alert in their own order; entries without a text are left out."""
    given = fields.entries(fields.get(document, "vedette.alert.explanation"))
    return [
        Reason(fields.text(each, "feature"), _number(each.get("contribution")), text)
        for each in given
        if (text := fields.text(each, "text"))
    ]


def foremost(kind: str, found: Sequence[Reason], most: int) -> list[str]:
    """The reasons that weigh most; among equals those that say more than what log it is.

    Of a model they are in order already, and each detector has units of its own.
    """
    ranked = list(found)
    if kind not in ("anomaly", "drift"):
        ranked.sort(key=lambda each: (each.feature.lower() in PLAIN, -each.contribution))
    return list(dict.fromkeys(each.text for each in ranked))[:most]


def parts(kind: str, found: Sequence[Reason]) -> Iterator[tuple[str, list[str]]]:
    """All reasons under titles: a rule's under one, those of models by what they are about."""
    if kind != "anomaly":
        yield TITLES.get(kind, TITLES["sigma"]), [each.text for each in found]
        return
    by: dict[str, list[str]] = {}
    for each in found:
        by.setdefault(_about(each.feature), []).append(each.text)
    for title in (OTHER, *(title for title, _ in KINDS)):
        yield title, by.get(title, [])


def _about(feature: str) -> str:
    return next((title for title, shape in KINDS if shape.fullmatch(feature.lower())), OTHER)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else 0.0
