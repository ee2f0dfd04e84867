"""Any shape of event to flat Sigma field names.

Understood: EVTX as nested JSON (of the `evtx` package, evtx_dump, xmltodict, EvtxECmd),
Winlogbeat (6 and later) and Elastic Agent documents, flat NXLog and agent keys, ECS, Zeek, and
anything else as it is, flattened with dots. Nothing is taken away: the names an event came with
stay beside those that Sigma rules use, except that an EVTX envelope's path is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any

import orjson

from engine.ecs import ecs_to_sigma
from engine.event import Event
from engine.json_text import json_text
from engine.kinds import LogSource, label
from engine.ports import Record

MAX_DEPTH = 32
"""Objects nested deeper than this are kept as their JSON text."""

ALIASES = {
    "Provider_Name": ("SourceName", "EventSourceName", "ProviderName", "provider_name",
                      "source_name", "Provider", "Source"),
    "Computer": ("Hostname", "ComputerName", "MachineName", "computer_name"),
    "EventID": ("EventId", "EventCode", "event_id", "Event_ID"),
    "Channel": ("LogName", "log_name", "EventLog", "channel"),
    "EventRecordID": ("RecordNumber", "EventRecordId", "RecordId", "record_number"),
}  # fmt: skip
"""Sigma's name of a Windows system field, and what flat shippers call it."""


def normalise(record: Record, tags: LogSource | None = None) -> Event:
    """Give a record the names that rules use; `tags` label it as of a known log source."""
    document = record.document
    fields: dict[str, Any] = {}
    inner = document.get("Event")
    if isinstance(inner, Mapping) and isinstance(inner.get("System"), Mapping):
        _evtx(inner, fields)
        for key, value in document.items():
            if key != "Event":
                _put(fields, key, value)
    else:
        fields = flattened(document)
        _unfold_payload(fields)
        _winlogbeat(fields)
        for name, others in ALIASES.items():
            if name not in fields:
                _alias(fields, name, others)
        if "ecs.version" in fields or "event.category" in fields or "agent.type" in fields:
            ecs_to_sigma(fields)
    _without_spaces(fields)
    label(fields, tags)
    return Event(record, fields)


_PLAIN = frozenset({str, int, float, bool, NoneType})


def _alias(fields: dict[str, Any], name: str, others: Iterable[str]) -> None:
    """Give a field the value of the first of its other names that is there."""
    for other in others:
        if other in fields:
            if fields[other] is not None:
                fields[name] = fields[other]
            return


def flattened(document: Mapping[str, Any]) -> dict[str, Any]:
    """Every value of a document under its dotted name, and nothing added."""
    fields = dict(document)
    # most are flat, and to go through all values one by one takes long
    for key in [key for key, value in document.items() if type(value) not in _PLAIN]:
        value = fields[key]
        if type(value) is not list or not _PLAIN.issuperset(map(type, value)):
            return _flattened(document)
        fields[key] = list(value)
    return fields


def _flattened(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same, of any document."""
    fields: dict[str, Any] = {}
    for key, value in document.items():
        if type(value) is str or type(value) is int:  # as most are, and a call takes long
            fields[key] = value
        else:
            _put(fields, key, value)
    return fields


def _put(fields: dict[str, Any], name: str, value: Any, depth: int = 0) -> None:
    """Flatten one value under a dotted name; objects in a list share the names below them."""
    kind = type(value)
    if kind is str or kind is int:  # most are, and to ask whether one is a mapping is slow
        fields[name] = value
    elif kind is dict or isinstance(value, Mapping):
        if depth >= MAX_DEPTH:
            fields[name] = json_text(value)
            return
        for key, item in value.items():
            _put(fields, f"{name}.{key}", item, depth + 1)
    elif isinstance(value, list | tuple):
        _put_list(fields, name, value, depth)
    else:
        fields[name] = value


def _put_list(fields: dict[str, Any], name: str, items: Any, depth: int) -> None:
    scalars: list[Any] = []
    for item in items:
        if isinstance(item, Mapping) and depth < MAX_DEPTH:
            below: dict[str, Any] = {}
            _put(below, name, item, depth + 1)
            for key, value in below.items():
                _append(fields, key, value)
        elif isinstance(item, Mapping | list | tuple):
            scalars.append(json_text(item))
        else:
            scalars.append(item)
    # the name of an array of objects alone is left to `Event.values`, which gives their JSON
    if scalars or not items:
        _append(fields, name, scalars)


def _append(fields: dict[str, Any], name: str, value: Any) -> None:
    """Add to a field's values; lists in `fields` are always our own, so they may grow."""
    added = value if isinstance(value, list) else [value]
    present = fields.get(name)
    if name not in fields:
        fields[name] = list(added)
    elif isinstance(present, list):
        present.extend(added)
    else:
        fields[name] = [present, *added]


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    """Flatten a value beside what the name already has."""
    if name in fields:
        _put_list(fields, name, value if isinstance(value, list) else [value], 0)
    else:
        _put(fields, name, value)


def _evtx(event: Mapping[str, Any], fields: dict[str, Any]) -> None:
    """An EVTX record's envelope: `System` names, then the flat data of EventData or UserData."""
    for key, value in event["System"].items():
        _system(fields, key, value)
    for part in ("EventData", "UserData"):
        data = event.get(part)
        if isinstance(data, Mapping):
            _event_data(fields, data if part == "EventData" else _only_child(data))
        elif data is not None:
            _put(fields, "Data", data)


def _system(fields: dict[str, Any], key: str, value: Any) -> None:
    name = key.removesuffix("_attributes")
    if not isinstance(value, Mapping):
        _put(fields, name, value)
        return
    attributes, text = _attributes(value), value.get("#text")
    if text is not None:
        _put(fields, name, text)
    if name == "TimeCreated":
        _put(fields, "SystemTime", _attribute(attributes, "SystemTime"))
    elif name == "Execution":
        # Sysmon's data has a ProcessId of its own, so the writer's is told apart by its name
        _put(fields, "Execution_ProcessID", _attribute(attributes, "ProcessID"))
        _put(fields, "Execution_ThreadID", _attribute(attributes, "ThreadID"))
    elif text is None:
        for attribute, item in attributes.items():
            _put(fields, f"{name}_{attribute.lstrip('@')}", item)


def _attributes(element: Mapping[str, Any]) -> Mapping[str, Any]:
    """An element's attributes: apart (`#attributes`), or among its keys (`@Name`)."""
    found = element.get("#attributes", element)
    return found if isinstance(found, Mapping) else {}


def _attribute(attributes: Mapping[str, Any], name: str) -> Any:
    return attributes.get(name, attributes.get(f"@{name}"))


def _only_child(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """UserData wraps its values in one element named after the event's template."""
    children = [value for key, value in data.items() if not key.startswith(("#", "@"))]
    if len(children) == 1 and isinstance(children[0], Mapping):
        return children[0]
    return data


def _event_data(fields: dict[str, Any], data: Mapping[str, Any]) -> None:
    for key, value in data.items():
        if key.startswith(("#", "@")) or key.endswith("_attributes"):
            continue
        if key == "Data":
            _data_elements(fields, value)
        else:
            # event 104 names the log that was cleared `Channel` as well: both must be found
            _add(fields, key, value)


def _data_elements(fields: dict[str, Any], value: Any) -> None:
    """`<Data Name="X">v</Data>` in its JSON spellings; unnamed ones gather under `Data`."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, Mapping):
            _put_list(fields, "Data", [item], 0)
            continue
        name, text = _attribute(_attributes(item), "Name"), item.get("#text")
        if isinstance(name, str):
            _add(fields, name, text)
        else:
            _put_list(fields, "Data", text if isinstance(text, list) else [text], 0)


def _unfold_payload(fields: dict[str, Any]) -> None:
    """EvtxECmd keeps the event's data as JSON text in `Payload`."""
    payload = fields.get("Payload")
    if not (isinstance(payload, str) and payload.startswith("{") and "MapDescription" in fields):
        return
    try:
        data = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return  # the text itself stays searchable
    for part in data.values() if isinstance(data, dict) else ():
        if isinstance(part, dict):
            _event_data(fields, part)


WINLOGBEAT = {
    "Channel": ("winlog.channel",),
    "EventID": ("winlog.event_id", "event.code"),
    "Provider_Name": ("winlog.provider_name", "event.provider"),
    "Computer": ("winlog.computer_name", "host.name"),
    "EventRecordID": ("winlog.record_id",),
}
"""Sigma's name of a Windows system field, and where Winlogbeat has it."""

DATA = ("winlog.event_data", "winlog.user_data", "event_data", "user_data")
"""Where Winlogbeat has an event's data, whose names count as the event's own."""
_BEFORE_DATA = tuple(f"{data}." for data in DATA)

ENVELOPES = frozenset({"Event", "MapDescription", "logsource"})
"""Keys of which this makes more than a name for a value."""


def _winlogbeat(fields: dict[str, Any]) -> None:
    """Winlogbeat's system fields and, under their bare names, the event's data."""
    windows = "winlog.channel" in fields
    if windows:
        for name, others in WINLOGBEAT.items():
            found = next((fields[other] for other in others if fields.get(other) is not None), None)
            if found is not None:
                fields.setdefault(name, found)
    elif not _has_event_data(fields):
        return
    for key in [key for key in fields if key.startswith(_BEFORE_DATA)]:
        for prefix in _BEFORE_DATA:
            if key.startswith(prefix):
                fields.setdefault(key[len(prefix) :], fields[key])


def _has_event_data(fields: dict[str, Any]) -> bool:
    if "event_data" not in "\n".join(fields):  # quicker than to look at each name
        return False
    return "event_data" in fields or any(name.startswith("event_data.") for name in fields)


def _without_spaces(fields: dict[str, Any]) -> None:
    """EVTX says `Threat Name`, rules say `ThreatName`: keep both."""
    if " " not in "".join(fields):
        return
    for key in [key for key in fields if " " in key]:
        fields.setdefault(key.replace(" ", ""), fields[key])
