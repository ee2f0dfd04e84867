"""Where an alert stands in ATT&CK, and who says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.ports import Document
from vedette.output import fields

SOURCES = {
    "rule": "by the rule's tags",
    "mapper": "by likeness to the texts of rules and of ATT&CK",
    "incident": "by likeness to the texts of rules, made likely enough by other alerts around it",
}


def mapped(document: Document) -> list[str]:
    """Tactics in order with their techniques, where they come from, and what else was likely."""
    return list(_mapped(document))


def _mapped(document: Document) -> Iterator[str]:
    threats = fields.entries(fields.get(document, "threat"))
    for threat in threats:
        techniques = ", ".join(_techniques(fields.get(threat, "technique")))
        yield ", ".join(fields.texts(threat, "tactic.name")) + (
            f": {techniques}" * bool(techniques)
        )
    source = fields.text(document, "vedette.alert.attack.source")
    version = fields.text(document, "vedette.alert.attack.version")
    if threats:
        said = SOURCES.get(source, SOURCES["rule"])
        yield f"{said}" + (f", ATT&CK v{version}" if version else "")
    candidates = fields.entries(fields.get(document, "vedette.alert.attack.candidates"))
    if candidates and not threats:
        yield "unknown: nothing is likely enough to be said"
    for each in candidates:
        yield "likely: " + _candidate(each)
    for unknown in fields.texts(document, "vedette.alert.attack.unknown"):
        yield f"{unknown} is no technique of this version"


def _techniques(technique: Any) -> Iterator[str]:
    below = fields.get(technique, "subtechnique")
    children = _named(below)
    for id, name in _named(technique):
        if not any(child.startswith(f"{id}.") for child, _ in children):
            yield f"{id} {name}"
    for id, name in children:
        yield f"{id} {name}"


def _named(part: Any) -> list[tuple[str, str]]:
    ids, names = fields.texts(part, "id"), fields.texts(part, "name")
    return list(zip(ids, names, strict=False))


def _candidate(each: Any) -> str:
    sure = fields.get(each, "confidence")
    share = f", confidence {sure:.2f}" if isinstance(sure, int | float) else ""
    because = fields.text(each, "because")
    return f"{fields.text(each, 'id')} {fields.text(each, 'name')}{share}" + (
        f" ({because})" if because else ""
    )
