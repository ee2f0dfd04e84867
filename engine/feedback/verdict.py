"""Verdicts on alerts, as actions that are only ever added, and what they amount to.

    true       it was an attack, or what the rule looks for and should not be there
    benign     the rule or model is right, and what it found is allowed here
    false      the rule or model is wrong
    duplicate  the same as another alert; counts for nothing

Of one alert the last verdict counts, by the time at which it was given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.feedback.subject import Subject
from engine.moment import iso
from engine.ports import Action

SCHEMA = 1
"""Version of a verdict's document, part of its id."""
KIND = "verdict"
VERDICTS = ("true", "benign", "false", "duplicate")
LONGEST = 4096
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody said of an alert. `of` is the other alert that this is a duplicate of."""

    verdict: str
    subject: Subject
    by: str
    reason: str
    time: str
    of: str = ""

    @property
    def counts(self) -> bool:
        """Whether it says anything of the rule or model."""
        return self.verdict != "duplicate"

    @property
    def true(self) -> bool:
        """Whether the alert was worth looking at: neither false nor of what is allowed."""
        return self.verdict == "true"

    @property
    def id(self) -> str:
        """The action's id: the same verdict given once more at the same time adds nothing."""
        parts = [SCHEMA, KIND, self.subject.alert, self.verdict, self.by, self.reason, self.time,
                 self.of]  # fmt: skip
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]

    def action(self) -> Action:
        """The record of it."""
        document: dict[str, Any] = {
            "@timestamp": self.time,
            "kind": KIND,
            "verdict": self.verdict,
            "alert": self.subject.alert,
            "rule": {"id": self.subject.source, "name": self.subject.name},
            "by": self.by,
            "reason": self.reason,
            "subject": self.subject.as_json(),
        }
        if self.of:
            document["of"] = self.of
        return Action(self.id, document)


def given(
    verdict: str, document: Mapping[str, Any], by: str, reason: str, now: datetime, of: str = ""
) -> Verdict:
    """The verdict on an alert document."""
    return Verdict(verdict, Subject.of(document), by[:256], reason[:LONGEST], iso(now), of)


def read(document: Mapping[str, Any]) -> Verdict | None:
    """The verdict that an action tells of; None where it is another action, or cannot be read."""
    subject, verdict = document.get("subject"), document.get("verdict")
    if document.get("kind") != KIND or verdict not in VERDICTS or not isinstance(subject, Mapping):
        return None
    read_ = Subject.read(subject)
    if not read_.alert:
        return None
    return Verdict(
        str(verdict), read_, str(document.get("by") or ""), str(document.get("reason") or ""),
        str(document.get("@timestamp") or ""), str(document.get("of") or ""),
    )  # fmt: skip


def projected(documents: Iterable[Mapping[str, Any]]) -> list[Verdict]:
    """The last verdict on each alert, in the order of time; other actions are left out."""
    found: dict[str, Verdict] = {}
    for verdict in in_order(documents):
        found.pop(verdict.subject.alert, None)
        found[verdict.subject.alert] = verdict
    return list(found.values())


def in_order(documents: Iterable[Mapping[str, Any]]) -> list[Verdict]:
    """All verdicts, those that others followed too, in the order of time."""
    told = (read(document) for document in documents)
    return sorted((each for each in told if each), key=lambda each: (each.time, each.id))
