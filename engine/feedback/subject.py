"""What of an alert a verdict remembers: enough to act on when the alert itself is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from engine.ports import Document

LONGEST = 256
"""Characters of a text that are kept."""
MOST = 32
"""Detectors and techniques that are kept."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An alert as far as verdicts count it.

    `source` is the rule's id, or the model's name for an anomaly; `entity` is `field=value` in
    lower case, empty where the alert names none. `prior` is the confidence that came of status
    or score alone. `detectors` has the p of each.
    """

    alert: str
    kind: str
    source: str
    name: str
    entity: str = ""
    level: str = "medium"
    prior: float = 0.6
    time: str = ""
    start: str = ""
    end: str = ""
    fused: float | None = None
    detectors: Mapping[str, float] | None = None
    corroborated: int = 0
    techniques: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Document) -> Self:
        """What an alert document says; nothing in it is trusted to be there."""
        own, rule = _at(document, "vedette", "alert"), _at(document, "rule")
        kind = _text(own.get("kind")) or "sigma"
        # What tells of drift or of a budget names the model too, and says nothing of its scores.
        model = _text(_at(own, "model").get("id")) if kind == "anomaly" else ""
        scores = _at(own, "scores")
        return cls(
            alert=_text(own.get("id")),
            kind=kind,
            source=model or _text(rule.get("uuid")),
            name=_text(rule.get("name")),
            entity=entity_of(document),
            level=_text(own.get("level")) or "medium",
            prior=prior(document),
            time=_text(own.get("original_time")),
            start=_text(_at(document, "event").get("start")),
            end=_text(_at(document, "event").get("end")),
            fused=_share(scores.get("fused")),
            detectors=_detectors(scores.get("detectors")) or None,
            corroborated=len(_list(own.get("corroborated_by"))),
            techniques=tuple(_techniques(document))[:MOST],
        )

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """What `as_json` gave, out of an action; nothing is trusted to be there."""
        prior_ = _share(told.get("prior"))
        detectors = told.get("detectors")
        found = detectors.items() if isinstance(detectors, Mapping) else ()
        shares = {str(name): p for name, each in found if (p := _share(each)) is not None}
        return cls(
            alert=_text(told.get("alert")),
            kind=_text(told.get("kind")),
            source=_text(told.get("source")),
            name=_text(told.get("name")),
            entity=_text(told.get("entity")),
            level=_text(told.get("level")) or "medium",
            prior=UNTOLD if prior_ is None else prior_,
            time=_text(told.get("time")),
            start=_text(told.get("start")),
            end=_text(told.get("end")),
            fused=_share(told.get("fused")),
            detectors=shares or None,
            corroborated=_count(told.get("corroborated")),
            techniques=tuple(str(each) for each in _list(told.get("techniques")))[:MOST],
        )

    def as_json(self) -> dict[str, Any]:
        """What an action keeps of it."""
        found = {
            "alert": self.alert, "kind": self.kind, "source": self.source, "name": self.name,
            "entity": self.entity, "level": self.level, "prior": self.prior, "time": self.time,
            "start": self.start, "end": self.end, "fused": self.fused,
            "detectors": dict(self.detectors) if self.detectors else None,
            "corroborated": self.corroborated or None, "techniques": list(self.techniques) or None,
        }  # fmt: skip
        return {key: value for key, value in found.items() if value not in (None, "")}


STATUS = {"stable": 0.9, "test": 0.75, "experimental": 0.5}
UNTOLD = 0.6


def prior(document: Document) -> float:
    """The confidence before any verdict: of the rule's status, or as the alert says.

    An alert that verdicts have moved says what it was before.
    """
    own = _at(document, "vedette", "alert")
    for said in (_at(own, "feedback").get("original_confidence"), own.get("confidence")):
        if (share := _share(said)) is not None:
            return share
    return STATUS.get(_text(own.get("rule_status")), UNTOLD)


def entity_of(document: Document) -> str:
    """Who an alert is about: the window's entity, else the host, user or address."""
    own = _at(document, "vedette", "alert")
    entity = _at(own, "entity")
    if entity.get("field") and entity.get("value"):
        return f"{_text(entity['field'])}={_text(entity['value']).lower()}"
    for outer, inner in (("host", "name"), ("user", "name"), ("source", "ip")):
        if value := _text(_at(document, outer).get(inner)):
            return f"{outer}.{inner}={value.lower()}"
    return ""


def _techniques(document: Document) -> list[str]:
    found: list[str] = []
    for threat in _list(document.get("threat")):
        technique = _at(threat, "technique")
        below = _list(_at(technique, "subtechnique").get("id"))
        found += [str(each) for each in below or _list(technique.get("id"))]
    return list(dict.fromkeys(found))


def _detectors(given: Any) -> dict[str, float]:
    named = [each for each in _list(given)[:MOST] if isinstance(each, Mapping)]
    return {
        _text(each.get("name")): p for each in named if (p := _share(each.get("p"))) is not None
    }


def _at(value: Any, *path: str) -> Mapping[str, Any]:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    return [] if value is None else [value]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "backslashreplace").decode()[:LONGEST]


def _share(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 <= value <= 1 else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
