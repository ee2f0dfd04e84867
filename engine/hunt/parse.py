"""A hunt's document to a hunt; what is wrong in it is told with file, line and field."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from engine.errors import RuleError, nearest_name
from engine.hunt import keys
from engine.hunt.keys import Key, KeyProblem
from engine.hunt.model import ALERTS, AlertSettings, Hunt, Schedule
from engine.hunt.registry import types
from engine.hunt.type import Given, HuntType
from engine.json_text import json_text
from engine.kinds import LogSource
from engine.level import STATUSES
from engine.rule import Rule
from engine.yaml_text import Documents

MOST_ALERTS = 10_000
"""The largest number of alerts that one run may be allowed."""

HEAD = (
    Key("title", keys.TEXT, "What it finds, in a few words.", required=True),
    Key("id", keys.TEXT, "A UUID, for good: alerts are known by it.", required=True,
        schema={"format": "uuid"}),
    Key("type", keys.TEXT, "The type of hunt.", required=True),
    Key("status", keys.one_of(*STATUSES), "How far it is to be trusted."),
    Key("description", keys.TEXT, "What it finds, and why that matters."),
    Key("author", keys.TEXT, "Who wrote it."),
    Key("license", keys.TEXT, "The licence that it is under."),
    Key("date", keys.Kind(lambda value: value, {"type": "string", "format": "date"}),
        "When it was written."),
    Key("modified", keys.Kind(lambda value: value, {"type": "string", "format": "date"}),
        "When it was last changed."),
    Key("references", keys.TEXTS, "Where to read more.", default=()),
    Key("tags", keys.TEXTS, "ATT&CK tactics and techniques, as in Sigma.", default=()),
    Key("falsepositives", keys.TEXTS, "What else may look like it.", default=()),
    Key("level", keys.LEVEL, "How bad it is.", default="medium"),
)  # fmt: skip
"""What is said of a hunt, as of a Sigma rule."""

COMMON = (
    Key("index", keys.TEXTS, "Index patterns, aliases or streams that it searches."),
    Key("time_field", keys.FIELD, "The field of an event's time.", default="@timestamp"),
    Key("query", keys.QUERY, "Which events count: for the cluster to evaluate."),
    Key("logsource", keys.MAPPING, "The Sigma log source of the detection."),
    Key("detection", keys.MAPPING, "Which events count: a Sigma detection, evaluated in-process."),
    Key("group_by", keys.FIELDS, "The fields whose values make a group.", default=()),
    Key("lookback", keys.DURATION, "How far behind its window a run looks for late events.",
        default=timedelta(hours=1)),
    Key("delay", keys.DURATION, "How far runs stay behind the present.",
        default=timedelta(minutes=1)),
    Key("schedule", keys.MAPPING, "When it is due: `every`, or `cron` and `timezone`."),
    Key("alert", keys.MAPPING, "What its alerts say otherwise, and how many a run may make."),
    Key("enabled", keys.FLAG, "Whether it runs on its schedule.", default=True),
    Key("vedette", keys.MAPPING, "Tests that travel inside the hunt."),
)  # fmt: skip
"""What every hunt may have."""

SCHEDULE = (
    Key("every", keys.DURATION, "The time from one run to the next."),
    Key("cron", keys.TEXT, "A cron expression of five parts."),
    Key("timezone", keys.TEXT, "The zone that cron means.", default="UTC"),
)
ALERT = (
    Key("level", keys.LEVEL, "Instead of the hunt's level."),
    Key("risk_score", keys.real(0, 100), "Instead of the level's risk score."),
    Key("max", keys.whole(1, MOST_ALERTS), "Alerts of one run; a last one says how many more "
        "there were.", default=ALERTS),
)  # fmt: skip


class Refusal:
    """Makes the errors of one document, with the line of what is wrong."""

    def __init__(self, documents: Documents, place: int, title: str | None) -> None:
        self._documents, self._place, self._title = documents, place, title

    def __call__(
        self,
        path: tuple[str | int, ...],
        message: str,
        expected: str | None = None,
        nearest: str | None = None,
    ) -> RuleError:
        """The error of what stands under a path of keys."""
        from engine.hunt.lines import line_of

        return RuleError(
            message,
            file=self._documents.file,
            line=line_of(self._documents.text, self._place, path),
            field=".".join(map(str, path)) or None,
            expected=expected,
            nearest=nearest,
        )


def parse(item: Any, place: int, documents: Documents) -> Hunt:
    """The hunt in a document, the `place`-th of its file. Raises `RuleError`."""
    title = item.get("title") if isinstance(item, Mapping) else None
    refuse = Refusal(documents, place, title if isinstance(title, str) else None)
    if not isinstance(item, Mapping):
        raise refuse((), "is no hunt", "a mapping with title, id and type")
    kind = _kind(item, refuse)
    known = (*HEAD, *COMMON, *kind.keys)
    values = _read(item, known, (), refuse, f"a {kind.name} hunt")
    if not _is_uuid(values["id"]):
        raise refuse(("id",), f"{keys.shown(values['id'])} is no UUID", "such as "
                     "0b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51")  # fmt: skip
    for name, wanted in (("group_by", kind.grouped), ("detection", kind.filtered)):
        if name in item and not wanted:
            raise refuse((name,), f"means nothing to a {kind.name} hunt", "to be left out")
    return _hunt(item, values, kind, documents, refuse)


def _kind(item: Mapping[str, Any], refuse: Refusal) -> type[HuntType]:
    name = item.get("type")
    if name is None:
        raise refuse((), "has no type", f"one of {', '.join(types())}")
    found = types().get(name) if isinstance(name, str) else None
    if found is None:
        near = nearest_name(name, types()) if isinstance(name, str) else None
        raise refuse(("type",), f"unknown type {keys.shown(name)}",
                     f"one of {', '.join(types())}", near)  # fmt: skip
    return found


def _read(
    item: Mapping[str, Any], known: Iterable[Key], path: tuple[str, ...], refuse: Refusal, what: str
) -> dict[str, Any]:
    """A value for each key: read, or its default."""
    by_name = {key.name: key for key in known}
    for name in item:
        if name not in by_name:
            raise refuse(
                (*path, str(name)), f"unknown key {keys.shown(name)} of {what}", None,
                nearest_name(str(name), by_name),
            )  # fmt: skip
    values: dict[str, Any] = {}
    for name, key in by_name.items():
        if item.get(name) is None:
            if key.required or name in item:
                expected = f"{name}: {key.doc[0].lower()}{key.doc[1:].rstrip('.')}"
                where = (*path, name) if name in item else path
                message = "has no value" if name in item else f"{what} lacks {name!r}"
                raise refuse(where, message, expected)
            values[name] = key.default
            continue
        try:
            values[name] = key.kind.read(item[name])
        except KeyProblem as problem:
            raise refuse((*path, name, *problem.path), problem.message, problem.expected,
                         problem.nearest) from problem  # fmt: skip
    return values


def _hunt(
    item: Mapping[str, Any],
    values: Mapping[str, Any],
    kind: type[HuntType],
    documents: Documents,
    refuse: Refusal,
) -> Hunt:
    rule = _rule(item, values, documents)
    compile = _Compiler(values, rule)
    given = Given(
        options={key.name: values[key.name] for key in kind.keys},
        group_by=values["group_by"],
        folder=Path(documents.file).parent,
        compile=compile,
        filtered=values["detection"] is not None,
        queried=values["query"] is not None,
    )
    filter = None
    try:
        if values["detection"] is not None:
            filter = compile({"detection": values["detection"]}, "detection")
        made = kind.of(given)
    except KeyProblem as problem:
        raise refuse(problem.path, problem.message, problem.expected, problem.nearest) from problem
    index = values["index"]
    return Hunt(
        rule=rule,
        type=made,
        index=",".join(index) if index else None,
        time_field=values["time_field"],
        query=values["query"],
        filter=filter,
        group_by=values["group_by"],
        lookback=values["lookback"],
        delay=values["delay"],
        schedule=_schedule(values["schedule"], refuse),
        alerts=_alerts(values["alert"], refuse),
        enabled=values["enabled"],
        content=_content(item),
    )


def _rule(item: Mapping[str, Any], values: Mapping[str, Any], documents: Documents) -> Rule:
    version = values["modified"] or values["date"]
    given = values["logsource"] or {}
    return Rule(
        id=values["id"],
        title=values["title"],
        level=values["level"],
        status=values["status"],
        logsource=LogSource(*(given.get(name) for name in ("product", "service", "category"))),
        tags=tuple(values["tags"]),
        bindings=(),
        file=documents.file,
        ruleset=Path(documents.file).parent.name,
        document=item,
        version=version.isoformat() if isinstance(version, date) else version,
        description=values["description"],
        author=values["author"],
        license=values["license"],
        references=tuple(values["references"]),
    )


class _Compiler:
    """Makes Sigma rules of the detections in a hunt."""

    def __init__(self, values: Mapping[str, Any], rule: Rule) -> None:
        self._logsource, self._rule = values["logsource"], rule

    def __call__(self, block: Any, field: str) -> Rule:
        """The rule of a block with a detection, and its log source where it has one."""
        from engine.compile import bound, parsed_documents

        source = block.get("logsource") or self._logsource
        if source is None:
            raise KeyProblem("a detection needs a log source", "logsource: {product: …}",
                             path=(field,))  # fmt: skip
        title = f"{self._rule.title}, {field}"
        document = {"title": title[:256], "logsource": source, "detection": block["detection"]}
        file = parsed_documents(Documents(self._rule.file, "", [document]), self._rule.ruleset)
        compiled, _ = bound(file, (), (), "")
        if compiled.refused or not compiled.rules or isinstance(compiled.rules[0], RuleError):
            refused = [*compiled.refused, *compiled.rules]
            error = next((each for each in refused if isinstance(each, RuleError)), None)
            text = error.message if error else "cannot be read"
            where = "logsource" if error and error.field == "logsource" else field
            raise KeyProblem(text, error.expected if error else None, path=(where,),
                             nearest=error.nearest if error else None)  # fmt: skip
        found = compiled.rules[0].rule
        return replace(
            self._rule, logsource=found.logsource, bindings=found.bindings, linear=found.linear
        )


def _schedule(given: Mapping[str, Any] | None, refuse: Refusal) -> Schedule | None:
    if given is None:
        return None
    values = _read(given, SCHEDULE, ("schedule",), refuse, "a schedule")
    if (values["every"] is None) == (values["cron"] is None):
        raise refuse(("schedule",), "says when in no way, or in two", "every, or cron")
    if values["every"] is not None and "timezone" in given:
        raise refuse(("schedule", "timezone"), "means nothing to an interval", "cron beside it")
    if values["cron"] is not None and len(values["cron"].split()) != 5:
        raise refuse(("schedule", "cron"), f"{values['cron']!r} is no cron expression",
                     "five parts: minute hour day month weekday")  # fmt: skip
    return Schedule(values["every"], values["cron"], values["timezone"])


def _alerts(given: Mapping[str, Any] | None, refuse: Refusal) -> AlertSettings:
    values = _read(given or {}, ALERT, ("alert",), refuse, "alert")
    return AlertSettings(values["level"], values["risk_score"], values["max"])


def _content(item: Mapping[str, Any]) -> str:
    """A hash of all but what is only said of the hunt."""
    said = {key.name for key in HEAD} - {"type"} | {"vedette", "schedule", "enabled", "alert"}
    text = json_text({key: value for key, value in item.items() if key not in said}, sort=True)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower() and bool(re.search(r"[1-9a-f]", text))
    except ValueError:
        return False
