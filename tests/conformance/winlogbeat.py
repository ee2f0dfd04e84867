"""Flat Windows events as Winlogbeat and its modules would ship them: winlog.* and ECS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.moment import iso, parse_time

ENVELOPE = {
    "Channel", "EventID", "SourceName", "Provider_Name", "Hostname", "RecordNumber", "Message",
    "@timestamp", "@version", "number", "host", "port", "tags", "EventReceivedTime",
    "SourceModuleName", "SourceModuleType", "ProviderGuid", "Task", "Opcode", "OpcodeValue",
    "Keywords", "Severity", "SeverityValue", "Version", "ThreadID", "ExecutionProcessID",
}  # fmt: skip
"""What a flat event says of itself; all else is the event's data."""

SYSMON = {
    "Image": "process.executable",
    "CommandLine": "process.command_line",
    "CurrentDirectory": "process.working_directory",
    "ParentImage": "process.parent.executable",
    "ParentCommandLine": "process.parent.command_line",
    "OriginalFileName": "process.pe.original_file_name",
    "TargetFilename": "file.path",
    "ImageLoaded": "dll.path",
    "DestinationPort": "destination.port",
    "DestinationHostname": "destination.domain",
    "QueryName": "dns.question.name",
}
"""Sysmon fields that a module moves to ECS, so that they are no longer among the data."""


def document(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as it would stand in an index; one that is no Windows event stays as it is."""
    time = iso(parse_time(next(filter(None, map(event.get, TIMES)), 0)) or EPOCH)
    if "Channel" not in event or "EventID" not in event:
        return {**event, "@timestamp": time}
    data = {key: value for key, value in event.items() if key not in ENVELOPE}
    shipped: dict[str, Any] = {
        "@timestamp": time,
        "number": event["number"],
        "agent": {"type": "winlogbeat"},
        "ecs": {"version": "8.0.0"},
        "event": {"code": str(event["EventID"]), "kind": "event"},
        "host": {"name": event.get("Hostname")},
        "message": event.get("Message"),
        "winlog": {
            "channel": event["Channel"],
            "event_id": event["EventID"],
            "provider_name": event.get("SourceName"),
            "computer_name": event.get("Hostname"),
            "record_id": event.get("RecordNumber"),
        },
    }
    if "Sysmon" in str(event["Channel"]):
        for name, place in SYSMON.items():
            if name in data:
                _put(shipped, place, data.pop(name))
    shipped["winlog"]["event_data"] = data
    return shipped


TIMES = ("@timestamp", "TimeGenerated", "ts")
EPOCH = parse_time(0)


def _put(target: dict[str, Any], place: str, value: Any) -> None:
    *parents, leaf = place.split(".")
    for parent in parents:
        target = target.setdefault(parent, {})
    target[leaf] = value
