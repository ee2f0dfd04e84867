"""Who, where and when an alert is about, how grave it is, and what it came from."""

from __future__ import annotations

from collections.abc import Iterator

from engine.ports import Document
from vedette.output import fields

FACTS = (
    ("host", "host.name"),
    ("user", ""),
    ("program", "process.executable"),
    ("command line", "process.command_line"),
    ("started by", "process.parent.executable"),
    ("its command line", "process.parent.command_line"),
    ("from", "source.ip"),
    ("to", "destination.ip"),
    ("name asked for", "destination.domain"),
    ("file", "file.path"),
    ("registry", "registry.path"),
    ("URL", "url.original"),
)
JUDGED = ("true", "benign", "false")
SHOWN = 5
"""Events whose ids are told."""


def headline(document: Document) -> str:
    """What, for whom and when, in one line."""
    who, host = fields.user(document), fields.host(document)
    when = fields.stamp(fields.original_time(document))
    about = fields.text(document, "vedette.alert.entity.value")
    title = fields.title(document)
    named = about and title.lower().endswith(about.lower())
    parts = [
        title,
        f"by {who}" if who and not named else "",
        "" if named else f"on {host}" if host else f"for {about}" if about else "",
        f"at {when} UTC" if when else "",
    ]
    return f"[{fields.level(document)}] " + " ".join(part for part in parts if part)


def happened(document: Document) -> list[str]:
    """The facts, each as `name: value`."""
    return list(_happened(document))


def _happened(document: Document) -> Iterator[str]:
    first = fields.parse_time(fields.get(document, "event.start"))
    last = fields.parse_time(fields.get(document, "event.end"))
    if first and last and first != last:
        yield f"from {fields.stamp(first)} to {fields.stamp(last)} UTC"
    about = fields.text(document, "vedette.alert.entity.value")
    if about:
        yield f"about {fields.text(document, 'vedette.alert.entity.field')}: {about}"
    for each in fields.entries(fields.get(document, "vedette.alert.correlation.group")):
        yield f"{fields.text(each, 'field')}: {fields.text(each, 'value')}"
    for each in fields.entries(fields.get(document, "vedette.alert.hunt.group")):
        yield f"{fields.text(each, 'field')}: {fields.text(each, 'value')}"
    for name, path in FACTS:
        value = fields.text(document, path) if path else fields.user(document)
        if value:
            yield f"{name}: {value}"


def weight(document: Document) -> list[str]:
    """Level, risk and confidence, and what changed them."""
    return list(_weight(document))


def _weight(document: Document) -> Iterator[str]:
    risk = fields.text(document, "event.risk_score")
    yield f"level {fields.level(document)}" + (f", risk {risk} of 100" if risk else "")
    sure = fields.get(document, "vedette.alert.confidence")
    if isinstance(sure, int | float):
        yield f"confidence {sure:.2f}{_since(document)}"
        for each in fields.texts(document, "vedette.alert.feedback.because"):
            yield f"as learned from verdicts, {each}"
    status = fields.text(document, "vedette.alert.rule_status")
    if status:
        yield f"the rule's status is {status}"
    before = fields.text(document, "vedette.alert.tuning.original_level")
    if before:
        names = ", ".join(fields.texts(document, "vedette.alert.tuning.overrides"))
        yield f"the rule says {before}; changed by {names or 'tuning'}"
    held = fields.text(document, "vedette.alert.suppression.count")
    if held:
        yield f"the condition held {held} times since the group's last alert"


def _since(document: Document) -> str:
    """What the confidence rests on."""
    judged = fields.get(document, "vedette.alert.feedback")
    if not judged:
        by = "1 - p" if fields.get(document, "vedette.alert.scores") else "a guess by its status"
        return f": {by}, as nobody had judged an alert like it"
    counts = ", ".join(f"{fields.text(judged, key) or 0} {key}" for key in JUDGED)
    before = fields.text(judged, "original_confidence")
    return f": by verdicts on earlier ones ({counts}); without them {before}"


def finder(document: Document) -> list[str]:
    """The rule, hunt or model, and the run."""
    return list(_finder(document))


def _finder(document: Document) -> Iterator[str]:
    name = fields.text(document, "rule.name")
    if name:
        ruleset = fields.text(document, "rule.ruleset")
        yield f"{name} ({fields.text(document, 'rule.uuid')})" + (f", {ruleset}" if ruleset else "")
    if text := fields.text(document, "rule.description"):
        yield " ".join(text.split())
    author = ", ".join(fields.texts(document, "rule.author"))
    if author:
        yield f"by {author}"
    yield from fields.texts(document, "rule.reference")
    run = fields.text(document, "vedette.alert.execution.type")
    if run:
        yield f"found by a {run}, {fields.text(document, 'vedette.alert.execution.id')}"


def events(document: Document) -> list[str]:
    """The ids of the events, the first few, and how many there are."""
    found = fields.entries(fields.get(document, "vedette.alert.ancestors"))
    lines = []
    for each in found[:SHOWN]:
        where, line = fields.text(each, "index"), fields.text(each, "line")
        place = f"in {where}" + (f", line {line}" if line else "") if where else ""
        lines.append("  ".join(part for part in (fields.text(each, "id"), place) if part))
    total = fields.get(document, "vedette.alert.ancestors_total")
    count = total if isinstance(total, int) and total > len(found) else len(found)
    if count > len(lines):
        lines.append(f"and {count - len(lines):,} more")
    return lines
