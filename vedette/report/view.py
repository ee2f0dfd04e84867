"""Alerts and groups of alerts as the template shows them: bounded, visible, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.ports import Document
from vedette.output import attack, fields
from vedette.output.safe import brief
from vedette.output.summary import Group
from vedette.report.cut import Cut, cut, cut_lines, pretty

_FACTS = (
    ("Host", "host.name"),
    ("Host address", "host.ip"),
    ("User", ""),
    ("Source", "source"),
    ("Destination", "destination"),
    ("URL", "url.full"),
    ("DNS question", "dns.question.name"),
    ("File", "file.path"),
    ("Registry", "registry.path"),
    ("Service", "service.name"),
    ("Action", "event.action"),
    ("Related addresses", "related.ip"),
    ("Related hashes", "related.hash"),
)
"""What an alert's table of facts names, in this order, where the alert has it."""

_MOST_EVENTS = 5
_MOST_EXPLANATIONS = 20
_MOST_REFERENCES = 10


@dataclass(frozen=True, slots=True)
class Link:
    """A name, and an address to go to where one may be trusted to be a plain web address."""

    name: Cut
    url: str | None


@dataclass(frozen=True, slots=True)
class Process:
    """One step of the process tree, the parent first."""

    executable: Cut
    command_line: Cut
    pid: str


@dataclass(frozen=True, slots=True)
class Event:
    """A raw event: where it was read, and its JSON."""

    origin: str
    json: Cut


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert. `epoch` is the event's time in seconds since 1970; `gist` tells it from others
    of its rule; `reason` is given only where there is no explanation."""

    id: str
    level: str
    time: str
    iso: str
    epoch: int | None
    host: Cut
    user: Cut
    gist: Cut
    reason: Cut
    explanation: list[tuple[Cut, Cut]]
    facts: list[tuple[str, Cut]]
    processes: list[Process]
    events: list[Event]
    events_more: int


@dataclass(frozen=True, slots=True)
class GroupView:
    """One rule: its figures, what it says of itself, and how many of its alerts follow."""

    title: Cut
    level: str
    count: int
    shown: int
    first: str
    last: str
    hosts: str
    users: str
    techniques: list[tuple[str, str, str | None]]
    tactics: str
    description: Cut
    references: list[Link]
    about: list[tuple[str, Cut]]


def group_view(group: Group, documents: list[Document]) -> GroupView:
    """A group, with the rule's own words from the first of its documents."""
    rule = fields.get(documents[0], "rule") if documents else None
    return GroupView(
        title=cut(group.title, 160),
        level=group.level,
        count=group.count,
        shown=len(documents),
        first=fields.stamp(group.first),
        last=fields.stamp(group.last),
        hosts=_names([name for name, _ in group.hosts.top(2)], len(group.hosts)),
        users=_names([name for name, _ in group.users.top(2)], len(group.users)),
        techniques=[
            (brief(id_, 24), brief(name, 120), attack.technique_url(id_))
            for id_, name in group.techniques.items()
        ],
        tactics=", ".join(brief(name or id_, 60) for id_, name in group.tactics.items()),
        description=cut_lines(fields.text(rule, "description")),
        references=[_link(address) for address in fields.texts(rule, "reference")][
            :_MOST_REFERENCES
        ],
        about=list(_about(group, rule, documents[0] if documents else None)),
    )


def _about(group: Group, rule: Any, document: Any) -> Iterator[tuple[str, Cut]]:
    named = (
        ("Rule id", group.rule_id),
        ("Author", ", ".join(fields.texts(rule, "author"))),
        ("Status", fields.text(document, "vedette.alert.rule_status")),
        ("Version", fields.text(rule, "version")),
        ("Log source", fields.text(rule, "category")),
        ("License", fields.text(rule, "license")),
        ("Tags", ", ".join(fields.texts(document, "vedette.alert.tags"))),
    )
    yield from ((label, cut(text, 400)) for label, text in named if text)


def _names(top: list[str], total: int) -> str:
    names = ", ".join(brief(name, 40) for name in top)
    return f"{names} +{total - len(top)}" if total > len(top) else names


def _link(address: str) -> Link:
    plain = address.startswith(("https://", "http://")) and address.isascii()
    safe = plain and address.isprintable() and not set(address) & set(" \"'<>`\\{}|^")
    return Link(cut(address, 300), address if safe and len(address) <= 2000 else None)


def alert_view(document: Document, max_event_bytes: int) -> AlertView:
    """One alert; the raw events behind it take at most `max_event_bytes` characters each."""
    when = fields.original_time(document)
    explanation = list(_explanation(document))
    events = fields.get(document, "vedette.alert.source_events")
    events = events if isinstance(events, list) else [] if events is None else [events]
    return AlertView(
        id=brief(fields.text(document, "vedette.alert.id", "event.id"), 80),
        level=fields.level(document),
        time=fields.stamp(when),
        iso=when.isoformat() if when else "",
        epoch=int(when.timestamp()) if when else None,
        host=cut(fields.host(document), 80),
        user=cut(fields.user(document), 80),
        gist=_gist(document, explanation),
        reason=Cut("") if explanation else cut(fields.text(document, "event.reason"), 600),
        explanation=explanation,
        facts=list(_facts(document)),
        processes=list(_processes(document)),
        events=[
            Event(origin, pretty(event, max_event_bytes))
            for event, origin in zip(
                events[:_MOST_EVENTS], _origins(document, len(events)), strict=False
            )
        ],
        events_more=max(0, len(events) - _MOST_EVENTS),
    )


def _gist(document: Document, explanation: list[tuple[Cut, Cut]]) -> Cut:
    text = fields.text(
        document, "process.command_line", "process.executable", "url.full", "dns.question.name"
    )
    told = "; ".join(f"{feature.text} {why.text}" for feature, why in explanation)
    return cut(text or told or fields.text(document, "event.reason"), 300)


def _explanation(document: Document) -> Iterator[tuple[Cut, Cut]]:
    for entry in fields.entries(fields.get(document, "vedette.alert.explanation"))[
        :_MOST_EXPLANATIONS
    ]:
        feature, text = fields.text(entry, "feature"), fields.text(entry, "text")
        if feature or text:
            # The text usually begins with the feature, which is already shown in front of it.
            yield cut(feature, 120), cut(text.removeprefix(feature).lstrip(" :"))


def _facts(document: Document) -> Iterator[tuple[str, Cut]]:
    for label, path in _FACTS:
        if label == "User":
            value = fields.user(document)
        elif path in ("source", "destination"):
            value = _address(document, path)
        else:
            value = ", ".join(fields.texts(document, path)[:20])
        if value:
            yield label, cut(value)
    alert_id = fields.text(document, "vedette.alert.id", "event.id")
    if alert_id:
        yield "Alert id", cut(alert_id, 200)


def _address(document: Document, side: str) -> str:
    ip = fields.text(document, f"{side}.ip", f"{side}.address", f"{side}.domain")
    port = fields.text(document, f"{side}.port")
    if not (ip and port):
        return ip
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _processes(document: Document) -> Iterator[Process]:
    for path in ("process.parent", "process"):
        name = fields.text(document, f"{path}.executable", f"{path}.name")
        line = fields.text(document, f"{path}.command_line")
        if name or line:
            pid = brief(fields.text(document, f"{path}.pid"), 20)
            yield Process(cut(name, 300), cut("" if line == name else line), pid)


def _origins(document: Document, count: int) -> list[str]:
    named = []
    for entry in fields.entries(fields.get(document, "vedette.alert.ancestors")):
        line = fields.text(entry, "line")
        index = brief(fields.text(entry, "index"), 120)
        named.append(f"{index}:{brief(line, 20)}" if index and line else index)
    return (named + [""] * count)[:count]
