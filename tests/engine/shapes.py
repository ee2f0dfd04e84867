"""One Windows event in every shape that tools give it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Windows:
    """What an event says, whatever its shape."""

    channel: str
    event_id: int
    provider: str
    computer: str
    record: int
    time: str
    data: dict[str, str]


def evtx(event: Windows) -> dict[str, Any]:
    """The `evtx` package's and evtx_dump's JSON."""
    return {
        "Event": {"#attributes": {"xmlns": "x"}, "System": system(event), "EventData": event.data}
    }


def system(event: Windows) -> dict[str, Any]:
    return {
        "Provider": {"#attributes": {"Name": event.provider, "Guid": "{5770385F}"}},
        "EventID": event.event_id,
        "Version": 5,
        "Execution": {"#attributes": {"ProcessID": 999, "ThreadID": 998}},
        "TimeCreated": {"#attributes": {"SystemTime": event.time}},
        "EventRecordID": event.record,
        "Correlation": None,
        "Channel": event.channel,
        "Computer": event.computer,
        "Security": {"#attributes": {"UserID": "S-1-5-18"}},
    }


def evtx_qualified(event: Windows) -> dict[str, Any]:
    """The event id with its qualifiers, as old providers have it."""
    document = evtx(event)
    document["Event"]["System"]["EventID"] = {
        "#attributes": {"Qualifiers": 16384},
        "#text": event.event_id,
    }
    return document


def evtx_attributes_apart(event: Windows) -> dict[str, Any]:
    """evtx_dump's --separate-json-attributes."""
    flat = system(event)
    for name in ("Provider", "Execution", "TimeCreated", "Security"):
        flat[f"{name}_attributes"] = flat.pop(name)["#attributes"]
    return {"Event": {"System": flat, "EventData": event.data}}


def evtx_data_list(event: Windows) -> dict[str, Any]:
    """Each datum an element with its name."""
    document = evtx(event)
    document["Event"]["EventData"] = {
        "Data": [{"#attributes": {"Name": k}, "#text": v} for k, v in event.data.items()]
    }
    return document


def user_data(event: Windows) -> dict[str, Any]:
    document = evtx(event)
    del document["Event"]["EventData"]
    document["Event"]["UserData"] = {
        "LogFileCleared": {"#attributes": {"xmlns": "x"}, **event.data}
    }
    return document


def xmltodict(event: Windows) -> dict[str, Any]:
    return {
        "Event": {
            "@xmlns": "x",
            "System": {
                "Provider": {"@Name": event.provider, "@Guid": "{5770385F}"},
                "EventID": str(event.event_id),
                "Execution": {"@ProcessID": "999", "@ThreadID": "998"},
                "TimeCreated": {"@SystemTime": event.time},
                "EventRecordID": str(event.record),
                "Channel": event.channel,
                "Computer": event.computer,
                "Security": None,
            },
            "EventData": {"Data": [{"@Name": k, "#text": v} for k, v in event.data.items()]},
        }
    }


def evtxecmd(event: Windows) -> dict[str, Any]:
    payload = {"EventData": {"Data": [{"@Name": k, "#text": v} for k, v in event.data.items()]}}
    return {
        "PayloadData1": "x",
        "MapDescription": "Something",
        "ChunkNumber": 0,
        "Computer": event.computer,
        "Payload": json.dumps(payload),
        "Channel": event.channel,
        "Provider": event.provider,
        "EventId": event.event_id,
        "EventRecordId": str(event.record),
        "ProcessId": 999,
        "TimeCreated": event.time,
    }


def winlogbeat(event: Windows) -> dict[str, Any]:
    """Winlogbeat 7 and later, and the Elastic Agent."""
    return {
        "@timestamp": event.time,
        "agent": {"type": "winlogbeat"},
        "ecs": {"version": "8.0.0"},
        "event": {"code": str(event.event_id), "provider": event.provider, "kind": "event"},
        "host": {"name": event.computer},
        "winlog": {
            "channel": event.channel,
            "event_id": str(event.event_id),
            "provider_name": event.provider,
            "computer_name": event.computer,
            "record_id": event.record,
            "event_data": event.data,
        },
    }


def winlogbeat_6(event: Windows) -> dict[str, Any]:
    return {
        "@timestamp": event.time,
        "log_name": event.channel,
        "event_id": event.event_id,
        "source_name": event.provider,
        "computer_name": event.computer,
        "record_number": str(event.record),
        "event_data": event.data,
    }


def flat_document(event: Windows) -> dict[str, Any]:
    """A document of dotted keys, as Elasticsearch's `fields` gives it."""
    return {
        "@timestamp": event.time,
        "winlog.channel": event.channel,
        "winlog.event_id": event.event_id,
        "winlog.provider_name": event.provider,
        "winlog.computer_name": event.computer,
        "winlog.record_id": event.record,
        **{f"winlog.event_data.{key}": value for key, value in event.data.items()},
    }


def nxlog(event: Windows) -> dict[str, Any]:
    return {
        "EventTime": event.time,
        "Hostname": event.computer,
        "SourceName": event.provider,
        "EventID": event.event_id,
        "Channel": event.channel,
        "RecordNumber": event.record,
        **event.data,
    }


def log_analytics(event: Windows) -> dict[str, Any]:
    """The `Event` table of Azure Monitor."""
    return {
        "TimeGenerated": event.time,
        "Type": "Event",
        "Source": event.provider,
        "EventLog": event.channel,
        "Computer": event.computer,
        "EventID": event.event_id,
        "EventRecordId": str(event.record),
        **event.data,
    }


SHAPES: dict[str, Callable[[Windows], dict[str, Any]]] = {
    shape.__name__: shape
    for shape in (
        evtx, evtx_qualified, evtx_attributes_apart, evtx_data_list, user_data, xmltodict,
        evtxecmd, winlogbeat, winlogbeat_6, flat_document, nxlog,
        log_analytics,
    )
}  # fmt: skip
