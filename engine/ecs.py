"""The Elastic Common Schema's names for what Sigma rules call otherwise."""

from __future__ import annotations

from typing import Any

ECS = {
    "process.executable": ("Image",),
    "process.command_line": ("CommandLine",),
    "process.working_directory": ("CurrentDirectory",),
    "process.pid": ("ProcessId",),
    "process.entity_id": ("ProcessGuid",),
    "process.parent.executable": ("ParentImage",),
    "process.parent.command_line": ("ParentCommandLine",),
    "process.parent.pid": ("ParentProcessId",),
    "process.parent.entity_id": ("ParentProcessGuid",),
    "process.pe.original_file_name": ("OriginalFileName",),
    "process.pe.company": ("Company",),
    "process.pe.description": ("Description",),
    "process.pe.product": ("Product",),
    "process.pe.file_version": ("FileVersion",),
    "process.pe.imphash": ("Imphash",),
    "process.hash.md5": ("md5",),
    "process.hash.sha1": ("sha1",),
    "process.hash.sha256": ("sha256",),
    "process.Ext.token.integrity_level_name": ("IntegrityLevel",),
    "file.path": ("TargetFilename",),
    "dll.path": ("ImageLoaded",),
    "dll.pe.original_file_name": ("OriginalFileName",),
    "dll.code_signature.subject_name": ("Signature",),
    "dll.code_signature.status": ("SignatureStatus",),
    "dll.code_signature.signed": ("Signed",),
    "registry.path": ("TargetObject",),
    "registry.data.strings": ("Details",),
    "source.ip": ("SourceIp", "src_ip", "c-ip"),
    "source.port": ("SourcePort", "src_port"),
    "source.domain": ("SourceHostname",),
    "destination.ip": ("DestinationIp", "dst_ip"),
    "destination.port": ("DestinationPort", "dst_port"),
    "destination.domain": ("DestinationHostname",),
    "network.transport": ("Protocol",),
    "dns.question.name": ("QueryName", "query"),
    "dns.question.type": ("record_type",),
    "dns.answers.data": ("QueryResults", "answer"),
    "powershell.file.script_block_text": ("ScriptBlockText",),
    "url.path": ("cs-uri-stem",),
    "url.query": ("cs-uri-query",),
    "url.original": ("c-uri", "cs-uri"),
    "url.extension": ("c-uri-extension",),
    "url.domain": ("cs-host", "r-dns"),
    "http.request.method": ("cs-method",),
    "http.request.referrer": ("cs-referer", "cs-referrer"),
    "http.response.status_code": ("sc-status",),
    "http.response.body.bytes": ("sc-bytes",),
    "http.request.body.bytes": ("cs-bytes",),
    "user_agent.original": ("cs-user-agent", "c-useragent"),
}
"""ECS field → Sigma names. A name that the event already has is never overwritten."""

READ = frozenset(
    {"user.name", "user.domain", "process.hash.md5", "process.hash.sha1", "process.hash.sha256",
     "process.pe.imphash", "event.category", "dll.path", "file.path", "file.name",
     "network.direction"}
)  # fmt: skip
"""What is read besides, where two fields make one."""

_HASHES = (("MD5", "md5"), ("SHA1", "sha1"), ("SHA256", "sha256"))


MADE = {
    "User": ("user.name", "user.domain"),
    "Hashes": ("process.hash.md5", "process.hash.sha1", "process.hash.sha256",
               "process.pe.imphash"),
    "Initiated": ("network.direction",),
}  # fmt: skip
"""Sigma name → the ECS fields that make it, where the event has no field of that name.

`Initiated` is told of nothing but what has a `DestinationIp`.
"""


def made(field: str, parts: dict[str, Any]) -> Any:
    """What some ECS fields make of one in `MADE`; None when they make nothing."""
    fields = {**parts, "DestinationIp": ""}
    ecs_to_sigma(fields)
    return fields.get(field)


def ecs_to_sigma(fields: dict[str, Any]) -> None:
    """Add Sigma's names to an event that speaks ECS."""
    for name, others in ECS.items():
        value = fields.get(name)
        if value is not None:
            for other in others:
                fields.setdefault(other, value)
    _user(fields)
    _hashes(fields)
    if "event.category" in fields and "dll.path" not in fields and fields.get("EventID") == 7:
        _rename(fields, "file.path", "ImageLoaded")
    if fields.get("EventID") in (17, 18):
        _rename(fields, "file.name", "PipeName")
    direction = fields.get("network.direction")
    if isinstance(direction, str) and "DestinationIp" in fields:
        outward = direction in ("egress", "outbound")
        fields.setdefault("Initiated", "true" if outward else "false")


def _rename(fields: dict[str, Any], name: str, other: str) -> None:
    if fields.get(name) is not None:
        fields.setdefault(other, fields[name])


def _user(fields: dict[str, Any]) -> None:
    """Sysmon writes `DOMAIN\\user` where ECS has two fields."""
    name, domain = fields.get("user.name"), fields.get("user.domain")
    if isinstance(name, str):
        fields.setdefault("User", f"{domain}\\{name}" if isinstance(domain, str) else name)


def _hashes(fields: dict[str, Any]) -> None:
    """Sysmon writes all hashes as one text, `MD5=…,SHA256=…`. What is no text is no hash."""
    parts = [(sysmon, fields.get(f"process.hash.{ecs}")) for sysmon, ecs in _HASHES]
    parts.append(("IMPHASH", fields.get("process.pe.imphash")))
    found = [f"{sysmon}={value}" for sysmon, value in parts if value and isinstance(value, str)]
    if found:
        fields.setdefault("Hashes", ",".join(found))
