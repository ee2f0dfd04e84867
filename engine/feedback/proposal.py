"""Exceptions that verdicts propose, as ready Sigma filters: narrow, and never over a true alert.

Of a rule's alerts that were judged false or benign, those that share values are one group. Its
exception asks for every value that all of the group share, so that it holds back as little else as
can be; it is not proposed where it would hold back an alert that was judged true.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.event import Event
from engine.feedback.verdict import Verdict
from engine.normalise import normalise
from engine.ports import Document, Record

FEWEST = 3
"""Alerts that a group has at least."""
MOST = 6
"""Fields that an exception asks for."""
LONGEST = 512
"""Characters of a value that is asked for; a longer one is passed over."""
DAYS = 90
"""For how long a proposal holds."""
ROOM = uuid.UUID("6a1d3c44-4c46-4f0e-9a4f-5b4c3f1a2d10")

FIELDS = (
    "CommandLine", "ScriptBlockText", "Image", "ParentImage", "ParentCommandLine", "TargetObject",
    "TargetFilename", "ImageLoaded", "Details", "ServiceName", "ServiceFileName", "TaskName",
    "PipeName", "QueryName", "DestinationHostname", "DestinationIp", "OriginalFileName", "Company",
    "User", "SubjectUserName", "TargetUserName", "Computer", "eventName", "eventSource",
    "userIdentity.arn", "userAgent", "sourceIPAddress", "exe", "comm", "key", "c-ip", "c-uri",
    "cs-uri-stem", "cs-user-agent", "cs-host", "dst_ip", "SourceIp", "IpAddress", "host.name",
    "user.name", "source.ip",
)  # fmt: skip
"""Fields that say who did what, the most telling first. Times, numbers of processes and the like,
which no later event shares, are not among them; what the rule itself asks for is."""

Pairs = dict[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """An alert that was judged, with what its event says."""

    verdict: Verdict
    document: Document
    event: Event

    @classmethod
    def of(cls, verdict: Verdict, document: Document) -> Judged | None:
        """The alert as far as it carries its event; None where it does not."""
        own = _own(document)
        events = own.get("source_events")
        first = events[0] if isinstance(events, list) and events else events
        if verdict.subject.kind != "sigma" or not isinstance(first, Mapping):
            return None
        return cls(verdict, document, normalise(Record(dict(first), "alert"), None))

    def pairs(self) -> Pairs:
        """The values of the fields that an exception may ask for."""
        asked = [str(each.get("feature")) for each in _own(self.document).get("explanation", ())
                 if isinstance(each, Mapping)]  # fmt: skip
        found: Pairs = {}
        for name in dict.fromkeys((*asked, *FIELDS)):
            values = list(self.event.values(name)) if name != "keyword" else []
            text = str(values[0]) if len(values) == 1 and values[0] is not None else ""
            told = text in found.values()  # ECS says once more what Sigma's names said
            if text.strip(" -") and not told and len(text) <= LONGEST and text.isprintable():
                found[name] = text
        return found


@dataclass(frozen=True, slots=True)
class Proposal:
    """An exception that may be put among the rules, and what it rests on."""

    rule: str
    name: str
    pairs: Pairs
    judged: Sequence[Judged]

    def document(self, today: date) -> dict[str, Any]:
        """The exception as the YAML of a Sigma filter says it, with a test inside."""
        first = self.judged[0]
        source = logsource(first.document)
        reasons = list(dict.fromkeys(j.verdict.reason for j in self.judged if j.verdict.reason))
        owners = list(dict.fromkeys(j.verdict.by for j in self.judged if j.verdict.by))
        said = "; ".join(reasons[:3]) or "judged false"
        named = ", ".join(f"{key}={value}" for key, value in sorted(self.pairs.items()))
        labels = {f"logsource.{key}": value for key, value in source.items()}
        return {
            "title": f"Judged: {self.name}"[:110],
            "id": str(uuid.uuid5(ROOM, f"{self.rule}|{named}")),
            "logsource": source,
            "filter": {
                "rules": [self.rule],
                "judged": {key: literal(value) for key, value in self.pairs.items()},
                "condition": "not judged",
            },
            "vedette": {
                "exception": {
                    "owner": ", ".join(owners) or "nobody",
                    "reason": f"{len(self.judged)} alerts judged not to be attacks: {said}"[:400],
                    "expires": today + timedelta(days=DAYS),
                },
                "tests": [
                    {"name": "what was judged", "match": True, "event": {**labels, **self.pairs}}
                ],
            },
        }


def proposals(judged: Sequence[Judged]) -> Iterator[Proposal]:
    """The exceptions that verdicts ask for, rule by rule in the order of ids."""
    by: dict[str, list[Judged]] = {}
    for each in judged:
        by.setdefault(each.verdict.subject.source, []).append(each)
    for rule in sorted(by):
        yield from _of_rule(rule, by[rule])


def _of_rule(rule: str, judged: Sequence[Judged]) -> Iterator[Proposal]:
    kept = [each.pairs() for each in judged if each.verdict.verdict == "true"]
    left = [each for each in judged if each.verdict.verdict in ("false", "benign")]
    pairs = {id(each): each.pairs() for each in left}
    while len(left) >= FEWEST:
        shared = _largest([pairs[id(each)] for each in left])
        group = [each for each in left if shared.items() <= pairs[id(each)].items()]
        if len(group) < FEWEST:
            return
        safe = bool(shared and logsource(group[0].document)) and not any(
            shared.items() <= each.items() for each in kept
        )
        if safe:
            yield Proposal(rule, group[0].verdict.subject.name, shared, group)
        left = [each for each in left if each not in group]


def _largest(found: Sequence[Pairs]) -> Pairs:
    """What the alerts share that have the commonest of the most telling values."""
    order = list(dict.fromkeys(name for each in found for name in each))
    group = list(found)
    for name in order:
        counts = Counter(each[name] for each in group if name in each)
        if not counts:
            continue
        value, count = max(counts.items(), key=lambda item: (item[1], item[0]))
        if count >= FEWEST:
            group = [each for each in group if each.get(name) == value]
    first = group[0]
    shared = [k for k in order if k in first and all(each.get(k) == first[k] for each in group)]
    return {key: first[key] for key in shared[:MOST]}


def literal(value: str) -> str:
    """A value as Sigma writes it where it means itself: no wildcards, no escapes."""
    return re.sub(r"([\\*?])", r"\\\1", value)


def logsource(document: Document) -> dict[str, str]:
    """The rule's log source, out of what the alert says of it."""
    parts = str(_own(document).get("logsource") or "").split("/")
    pairs = (part.partition(":") for part in parts)
    return {key: value for key, _, value in pairs if key in ("product", "service", "category")}


def _own(document: Document) -> Mapping[str, Any]:
    inner = document.get("vedette")
    found = inner.get("alert") if isinstance(inner, Mapping) else None
    return found if isinstance(found, Mapping) else {}
