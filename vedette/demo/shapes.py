"""How each kind of log writes its events down."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any

from vedette.demo.company import ACCOUNT, Machine

Document = dict[str, Any]

SYSMON = ("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational")
SECURITY = ("Microsoft-Windows-Security-Auditing", "Security")
SERVICES = ("Service Control Manager", "System")
POWERSHELL = ("Microsoft-Windows-PowerShell", "Microsoft-Windows-PowerShell/Operational")
EVENTLOG = "Microsoft-Windows-Eventlog"


def moment(time: datetime) -> str:
    """A UTC time as `2026-11-16T08:00:00.000Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def windows(
    machine: Machine,
    time: datetime,
    log: tuple[str, str],
    event_id: int,
    data: Mapping[str, Any],
    element: str | None = None,
) -> Document:
    """A Windows event of a (provider, channel), in the shape in which its machine ships them.

    `element` names the template of an event that keeps its values in UserData.
    """
    provider, channel = log
    if machine.shape == "evtx":
        body = {"UserData": {element: dict(data)}} if element else {"EventData": dict(data)}
        system = {
            "Provider": {"#attributes": {"Name": provider}},
            "EventID": event_id,
            "Level": 4,
            "TimeCreated": {"#attributes": {"SystemTime": moment(time)}},
            "EventRecordID": 0,
            "Channel": channel,
            "Computer": machine.fqdn,
        }
        return {"Event": {"System": system, **body}}
    return {
        "@timestamp": moment(time),
        "agent": {"type": "winlogbeat", "version": "8.17.0"},
        "ecs": {"version": "8.0.0"},
        "event": {"code": str(event_id), "kind": "event", "provider": provider},
        "host": {"name": machine.fqdn, "os": {"type": "windows"}},
        "winlog": {
            "channel": channel,
            "computer_name": machine.fqdn,
            "event_id": str(event_id),
            "provider_name": provider,
            "record_id": 0,
            "user_data" if element else "event_data": dict(data),
        },
    }


def sysmon(machine: Machine, time: datetime, event_id: int, **data: Any) -> Document:
    """A Sysmon event with the time that all of them carry."""
    utc = time.strftime("%Y-%m-%d %H:%M:%S.") + f"{time.microsecond // 1000:03d}"
    return windows(machine, time, SYSMON, event_id, {"RuleName": "-", "UtcTime": utc, **data})


def process(
    machine: Machine,
    time: datetime,
    rng: Random,
    image: str,
    command_line: str,
    parent: str,
    user: str,
    original: str | None = None,
    integrity: str = "Medium",
) -> Document:
    """A process creation as Sysmon tells it; `original` is the name inside the program."""
    return sysmon(
        machine,
        time,
        1,
        ProcessGuid=guid(rng),
        ProcessId=rng.randrange(1000, 16000, 4),
        Image=image,
        OriginalFileName=original or image.rpartition("\\")[2],
        CommandLine=command_line,
        CurrentDirectory="C:\\Windows\\System32\\",
        User=user,
        IntegrityLevel=integrity,
        Hashes=f"SHA256={hashlib.sha256(image.lower().encode()).hexdigest().upper()}",
        ParentProcessId=rng.randrange(1000, 16000, 4),
        ParentImage=parent,
        ParentCommandLine=parent,
    )


def connection(
    machine: Machine,
    time: datetime,
    rng: Random,
    image: str,
    user: str,
    address: str,
    port: int,
    host: str = "-",
) -> Document:
    """A connection that a process opened, as Sysmon tells it."""
    return sysmon(
        machine,
        time,
        3,
        ProcessId=rng.randrange(1000, 16000, 4),
        Image=image,
        User=user,
        Protocol="tcp",
        Initiated="true",
        SourceIp=machine.ip,
        SourceHostname=machine.fqdn,
        SourcePort=rng.randrange(49152, 65535),
        DestinationIp=address,
        DestinationHostname=host,
        DestinationPort=port,
    )


def guid(rng: Random) -> str:
    """A process GUID."""
    bits = f"{rng.getrandbits(128):032x}"
    parts = (bits[:8], bits[8:12], bits[12:16], bits[16:20], bits[20:])
    return "{" + "-".join(parts) + "}"


def linux_process(
    machine: Machine,
    time: datetime,
    rng: Random,
    executable: str,
    command_line: str,
    parent: str,
    user: str,
) -> Document:
    """A process start as an endpoint agent tells it in ECS."""
    return {
        "@timestamp": moment(time),
        "agent": {"type": "endpoint", "version": "8.17.0"},
        "ecs": {"version": "8.10.0"},
        "event": {
            "action": "exec",
            "category": ["process"],
            "dataset": "endpoint.events.process",
            "kind": "event",
            "module": "endpoint",
            "type": ["start"],
        },
        "host": {"name": machine.name, "ip": [machine.ip], "os": {"type": "linux"}},
        "process": {
            "command_line": command_line,
            "executable": executable,
            "name": executable.rpartition("/")[2],
            "parent": {"executable": parent, "pid": rng.randrange(300, 30000)},
            "pid": rng.randrange(300, 30000),
        },
        "user": {"name": user},
    }


def syslog(machine: Machine, time: datetime, rng: Random, program: str, message: str) -> Document:
    """A line of the authentication log, in ECS."""
    return {
        "@timestamp": moment(time),
        "agent": {"type": "filebeat", "version": "8.17.0"},
        "ecs": {"version": "8.0.0"},
        "event": {"dataset": "system.auth", "kind": "event", "module": "system"},
        "host": {"name": machine.name, "os": {"type": "linux"}},
        "message": message,
        "process": {"name": program, "pid": rng.randrange(300, 30000)},
    }


def auditd(machine: Machine, time: datetime, serial: int, type: str, **fields: Any) -> Document:
    """A record of the Linux audit log, its keys as the log has them."""
    return {
        "@timestamp": moment(time),
        "node": machine.name,
        "type": type,
        "msg": f"audit({time.timestamp():.3f}:{serial})",
        **fields,
    }


def execve(machine: Machine, time: datetime, rng: Random, command_line: str) -> Document:
    """The audit log's record of a command's arguments."""
    words = command_line.split()
    arguments = {f"a{place}": word for place, word in enumerate(words)}
    serial = rng.randrange(10000, 99999)
    return auditd(machine, time, serial, "EXECVE", argc=len(words), **arguments)


def request(
    time: datetime,
    client: str,
    method: str,
    stem: str,
    status: int,
    agent: str,
    query: str = "-",
    size: int = 0,
    user: str = "-",
) -> Document:
    """A request as the web server logs it, with W3C names."""
    return {
        "@timestamp": moment(time),
        "s-computername": "web01",
        "c-ip": client,
        "cs-username": user,
        "cs-method": method,
        "cs-uri-stem": stem,
        "cs-uri-query": query,
        "cs-user-agent": agent,
        "sc-status": status,
        "sc-bytes": size,
    }


def proxied(
    time: datetime,
    client: str,
    method: str,
    host: str,
    path: str,
    status: int,
    agent: str | None,
    sent: int,
    received: int,
) -> Document:
    """A request as the company's proxy logs it; without `agent` the client named none."""
    scheme = "http" if host[0].isdigit() else "https"
    named = {} if agent is None else {"c-useragent": agent}
    return {
        "@timestamp": moment(time),
        "s-computername": "proxy01",
        "c-ip": client,
        "cs-method": method,
        "cs-host": host,
        "c-uri": f"{scheme}://{host}{path}",
        **named,
        "sc-status": status,
        "cs-bytes": sent,
        "sc-bytes": received,
    }


def cloudtrail(
    time: datetime,
    rng: Random,
    source: str,
    name: str,
    identity: Mapping[str, Any],
    address: str,
    parameters: Mapping[str, Any] | None = None,
    **more: Any,
) -> Document:
    """A CloudTrail record; `source` is the service's short name, `more` adds top-level keys."""
    return {
        "eventVersion": "1.09",
        "userIdentity": {"accountId": ACCOUNT, **identity},
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-central-1",
        "sourceIPAddress": address,
        "userAgent": "aws-cli/2.22.7",
        "requestParameters": dict(parameters) if parameters else None,
        "eventID": guid(rng).strip("{}"),
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        **more,
    }
