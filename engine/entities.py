"""Who and what an event is about, in ECS: host, user, addresses, process, hashes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from engine.event import Event

MAX_TEXT = 8191
"""Longest text copied into an alert's own fields: the longest that a keyword field indexes."""

_MARK = "… [cut: {} more characters]"

MAX_RELATED = 64
"""Most names of one kind under `related`, the first ones; the source event has them all."""

FIELDS: dict[str, tuple[str, ...]] = {
    "host.name": ("host.name", "host.hostname", "Computer", "Hostname", "HostName", "hostname",
                  "@system", "s-computername", "node", "recipientAccountId"),
    "user.name": ("user.name", "User", "SubjectUserName", "TargetUserName", "AccountName",
                  "userIdentity.userName", "userIdentity.arn", "cs-username", "user", "auid"),
    "source.ip": ("source.ip", "SourceIp", "IpAddress", "SourceAddress", "sourceIPAddress",
                  "c-ip", "id.orig_h", "src_ip", "ClientIP"),
    "source.port": ("source.port", "SourcePort", "IpPort", "id.orig_p", "src_port"),
    "destination.ip": ("destination.ip", "DestinationIp", "DestAddress", "id.resp_h", "s-ip",
                       "dst_ip"),
    "destination.port": ("destination.port", "DestinationPort", "DestPort", "id.resp_p",
                         "s-port", "dst_port"),
    "destination.domain": ("destination.domain", "DestinationHostname", "QueryName", "r-dns",
                           "cs-host"),
    "process.executable": ("process.executable", "Image", "NewProcessName", "SourceImage",
                           "ProcessName", "exe"),
    "process.command_line": ("process.command_line", "CommandLine", "ProcessCommandLine"),
    "process.pid": ("process.pid", "ProcessId", "pid"),
    "process.parent.executable": ("process.parent.executable", "ParentImage",
                                  "ParentProcessName"),
    "process.parent.command_line": ("process.parent.command_line", "ParentCommandLine"),
    "process.parent.pid": ("process.parent.pid", "ParentProcessId", "ppid"),
    "file.path": ("file.path", "TargetFilename", "ImageLoaded"),
    "registry.path": ("registry.path", "TargetObject"),
    "url.original": ("url.original", "c-uri", "cs-uri-stem", "uri"),
}  # fmt: skip
"""ECS field → the names it goes by in events, best first."""

ABOUT = frozenset(name for names in FIELDS.values() for name in names) | {
    "TargetUserName", "TargetDomainName", "SubjectDomainName", "user.domain",
    "Hashes", "Hash", "md5", "sha1", "sha256", "Imphash", "EventID",
}  # fmt: skip
"""All that is read here of an event."""

LOGONS = frozenset({4624, 4625, 4634, 4647, 4768, 4769, 4771, 4776})
"""Security events about the account that logs on; in all others it is the one that acts."""

_HASH = re.compile(r"\b(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\b")
_WHOLE = frozenset({"source.port", "destination.port", "process.pid", "process.parent.pid"})
_ADDRESSES = frozenset({"source.ip", "destination.ip"})


def entities(event: Event) -> dict[str, Any]:
    """The nested ECS objects (`host`, `user`, `source`, …) that the event has values for."""
    flat: dict[str, Any] = {}
    logon = _whole(event.first("EventID")) in LOGONS
    for name, sources in FIELDS.items():
        if logon and name == "user.name":
            sources = ("user.name", "TargetUserName", *sources)
        value = _typed(name, (value for source in sources for value in event.values(source)))
        if value is not None:
            flat[name] = value
    _split_user(flat, event)
    if name := re.split(r"[\\/]", flat.get("process.executable", ""))[-1]:
        flat["process.name"] = name
    if "host.name" in flat:
        flat["host.hostname"] = flat["host.name"]
    return nest(flat)


def _typed(name: str, values: Iterable[Any]) -> Any:
    """The first value that is of the field's ECS type."""
    for value in values:
        if name in _ADDRESSES:
            if found := address(value):
                return found
        elif name in _WHOLE:
            number = _whole(value)
            if number is not None:
                return number
        elif value not in ("", "-"):
            return cut(str(value))
    return None


def address(value: Any) -> str | None:
    """An address as the `ip` type of a search engine takes it: IPv4 where it is, no zone."""
    try:
        address = ip_address(str(value).strip().partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def _whole(value: Any) -> int | None:
    try:
        number = int(str(value), 0)
    except ValueError:
        return None
    return number if 0 <= number < 1 << 63 else None


def _split_user(flat: dict[str, Any], event: Event) -> None:
    """`DOMAIN\\user` is two fields in ECS; Windows data may also hold the domain apart."""
    user = flat.get("user.name")
    if not user:
        return
    domain, slash, name = user.rpartition("\\")
    if slash and domain and name:
        flat["user.name"], flat["user.domain"] = name, domain
        return
    for side in ("Target", "Subject"):
        if user in event.values(f"{side}UserName"):
            flat["user.domain"] = _typed("user.domain", event.values(f"{side}DomainName"))
    given = _typed("user.domain", event.values("user.domain")) or flat.get("user.domain")
    if given:
        flat["user.domain"] = given
    else:
        flat.pop("user.domain", None)


def related(event: Event, found: dict[str, Any]) -> dict[str, list[str]]:
    """ECS `related.*`: every address, user, host and hash the event names."""
    hashes = [h.lower() for name in ("Hashes", "Hash", "md5", "sha1", "sha256", "Imphash")
              for value in event.values(name) for h in _HASH.findall(str(value))]  # fmt: skip
    users = [event.first(name) for name in ("TargetUserName", "SubjectUserName")]
    users.append(found.get("user", {}).get("name"))
    groups = {
        "ip": [found.get(side, {}).get("ip") for side in ("source", "destination")],
        "user": users,
        "hosts": [found.get("host", {}).get("name"), found.get("destination", {}).get("domain")],
        "hash": hashes,
    }
    kept = {key: _unique(values)[:MAX_RELATED] for key, values in groups.items()}
    return {key: values for key, values in kept.items() if values}


def _unique(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(cut(str(v)) for v in values if v not in (None, "", "-")))


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """A text no longer than the limit, which counts the mark of how much was cut."""
    if len(text) <= limit:
        return text
    kept = max(0, limit - len(_MARK.format(len(text))))
    return text[:kept] + _MARK.format(len(text) - kept)


def nest(flat: dict[str, Any]) -> dict[str, Any]:
    """Dotted names to nested objects."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *parents, leaf = name.split(".")
        place = nested
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = value
    return nested
