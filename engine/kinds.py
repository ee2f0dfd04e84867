"""What kind of log an event is of, told by its shape: labels that rules' log sources meet.

Windows events need none of this beyond their product: pySigma's pipelines route them by channel
and event id. Everything else is labelled here under `logsource.product`, `logsource.service`
and `logsource.category` (each a list: an event may be of several kinds). An event, or the
configuration of its source, may carry the labels itself; they are added to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PRESENT = ""
"""In a kind's shape: the field has a value, whichever."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """A log source as Sigma names it; None stands for unspecified."""

    product: str | None = None
    service: str | None = None
    category: str | None = None

    def __str__(self) -> str:
        named = (("product", self.product), ("category", self.category), ("service", self.service))
        return "/".join(f"{key}:{value}" for key, value in named if value) or "any"


@dataclass(frozen=True, slots=True)
class Kind:
    """A log source and the shape that gives it away.

    `shape` maps fields to what they must be: PRESENT, a text (any case; `*x` an ending), or
    several texts.
    """

    source: LogSource
    shape: dict[str, str | tuple[str, ...]]

    def fits(self, fields: dict[str, Any]) -> bool:
        """Whether the event has this shape."""
        return all(_is(fields.get(name), wanted) for name, wanted in self.shape.items())


def _is(value: Any, wanted: str | tuple[str, ...]) -> bool:
    if value is None:
        return False
    if wanted == PRESENT:
        return True
    options = (wanted,) if isinstance(wanted, str) else wanted
    if isinstance(value, list):
        return any(_one_of(str(each).lower(), options) for each in value)
    return _one_of(str(value).lower(), options)


def _one_of(text: str, options: tuple[str, ...]) -> bool:
    """Whether a text is one of these, or ends as one with a star says."""
    if text in options and text[:1] != "*":
        return True
    return any(option[:1] == "*" and text.endswith(option[1:]) for option in options)


ZEEK = ("conn", "dce_rpc", "dns", "files", "ftp", "http", "kerberos", "ntlm", "rdp", "smb_files",
         "smb_mapping", "smtp", "ssh", "ssl", "x509")  # fmt: skip
ZEEK_NAMES = (("uri", "c-uri"), ("user_agent", "c-useragent"), ("method", "cs-method"),
              ("host", "cs-host"), ("status_code", "sc-status"))  # fmt: skip
"""What Zeek's log of requests calls otherwise than Sigma's rules for proxies do."""
_ZEEK_IDS = ("uid", "fuid", "conn_uids", "certificate.serial", "certificate_serial")
"""What gives Zeek's logs away; those of files and of certificates have no `uid`."""
_AUDITD = ("syscall", "execve", "path", "cwd", "proctitle", "sockaddr", "user_cmd", "user_auth",
           "user_login", "user_start", "add_user", "del_user", "config_change", "service_stop",
           "service_start", "tty", "user_acct", "avc", "fd_pair", "mmap")  # fmt: skip
ENDPOINT = {
    ("process", "start"): "process_creation",
    ("file", "creation"): "file_event",
    ("network", "start"): "network_connection",
}

KINDS: tuple[Kind, ...] = (
    Kind(LogSource("aws", "cloudtrail"), {"eventSource": "*.amazonaws.com", "eventName": PRESENT}),
    Kind(LogSource("aws", "cloudtrail"), {"event.dataset": "aws.cloudtrail"}),
    Kind(LogSource("azure", "auditlogs"), {"Type": "auditlogs", "OperationName": PRESENT}),
    Kind(LogSource("azure", "auditlogs"), {"category": "auditlogs", "operationName": PRESENT}),
    Kind(LogSource("azure", "auditlogs"), {"AADOperationType": PRESENT, "OperationName": PRESENT}),
    Kind(LogSource("azure", "auditlogs"), {"event.dataset": "azure.auditlogs"}),
    Kind(LogSource("azure", "signinlogs"), {"Type": "signinlogs"}),
    Kind(LogSource("azure", "signinlogs"), {"category": "signinlogs"}),
    Kind(LogSource("azure", "signinlogs"), {"event.dataset": "azure.signinlogs"}),
    Kind(LogSource("azure", "activitylogs"), {"Type": "azureactivity"}),
    Kind(LogSource("azure", "activitylogs"), {"event.dataset": "azure.activitylogs"}),
    Kind(LogSource("gcp", "gcp.audit"), {"event.dataset": "gcp.audit"}),
    Kind(LogSource("gcp", "gcp.audit"),
         {"protoPayload.serviceName": PRESENT, "protoPayload.methodName": PRESENT}),
    Kind(LogSource("m365", "audit"), {"event.dataset": "o365.audit"}),
    Kind(LogSource("okta", "okta"), {"event.dataset": "okta.system"}),
    Kind(LogSource("github", "audit"), {"event.dataset": "github.audit"}),
    Kind(LogSource("kubernetes", "audit"), {"apiVersion": "*audit.k8s.io/v1", "verb": PRESENT}),
    Kind(LogSource("kubernetes", "audit", "application"),
         {"apiVersion": "*audit.k8s.io/v1", "verb": PRESENT}),
    Kind(LogSource("linux", "auditd"), {"type": _AUDITD}),
    Kind(LogSource("linux", "auditd"), {"event.module": "auditd"}),
    Kind(LogSource("linux", "auditd"), {"ProcessName": "auoms", "SyslogMessage": PRESENT}),
    Kind(LogSource("linux", "sshd"), {"process.name": "sshd", "message": PRESENT}),
    Kind(LogSource("linux", "sshd"), {"program": "sshd"}),
    Kind(LogSource("linux", "sshd"), {"appname": "sshd"}),
    Kind(LogSource("linux", "sshd"), {"ident": "sshd"}),
    Kind(LogSource("linux", "sudo"), {"process.name": "sudo", "message": PRESENT}),
    Kind(LogSource("linux", "cron"), {"process.name": ("cron", "crond"), "message": PRESENT}),
    Kind(LogSource("linux", "auth"), {"event.dataset": "system.auth"}),
    Kind(LogSource("linux", "syslog"), {"event.dataset": "system.syslog"}),
    Kind(LogSource("linux", "syslog"), {"SyslogMessage": PRESENT}),
    Kind(LogSource("linux"), {"host.os.type": "linux"}),
    Kind(LogSource("linux"), {"host.os.platform": ("ubuntu", "debian", "centos", "rhel", "suse")}),
    Kind(LogSource("macos"), {"host.os.type": "macos"}),
    Kind(LogSource("windows"), {"host.os.type": "windows"}),
    Kind(LogSource(service="apache"), {"event.module": "apache"}),
    Kind(LogSource(service="nginx"), {"event.module": "nginx"}),
    Kind(LogSource(category="firewall"), {"event.category": "network", "event.type": "denied"}),
    Kind(LogSource(category="dns"), {"event.category": "network", "dns.question.name": PRESENT}),
)  # fmt: skip
"""Shapes and what they give away; an event gets the labels of every kind it fits."""

_FIRST: dict[str, list[int]] = {}
"""Places of kinds by the first field of their shapes: of an event without it none is asked."""
for _place, _kind in enumerate(KINDS):
    _FIRST.setdefault(next(iter(_kind.shape)), []).append(_place)


def fitting(fields: dict[str, Any]) -> list[LogSource]:
    """The sources of all kinds that an event fits, in the order of `KINDS`."""
    asked = [place for name in _FIRST.keys() & fields.keys() for place in _FIRST[name]]
    return [KINDS[place].source for place in sorted(asked) if KINDS[place].fits(fields)]


SHAPES = frozenset(name for kind in KINDS for name in kind.shape) | {
    *_ZEEK_IDS, "@stream", "_path", "uri", "user_agent", "method", "host", "status_code",
    "cs-method", "cs-uri-stem", "c-uri", "cs-uri-query", "cs-host", "r-dns", "c-useragent",
    "http.request.method", "observer.type", "network.direction", "event.module", "event.type",
}  # fmt: skip
"""All fields that tell here what kind of log an event is of."""


def label(fields: dict[str, Any], tags: LogSource | None) -> None:
    """Write the event's log source labels into its fields."""
    found: list[LogSource] = [tags] if tags else []
    if "Channel" in fields and "EventID" in fields:
        found.append(_windows_or_sysmon_for_linux(fields))
    else:
        found.extend(fitting(fields))
        found.extend(_web(fields))
        found.extend(_zeek(fields))
    found.extend(_endpoint(fields, found))
    for part, field in _LABELS:
        given = fields.get(field)
        names = [] if not given else list(given) if isinstance(given, list) else [given]
        for source in found:
            name = getattr(source, part)
            if name:
                names.append(name)
        if names:
            fields[field] = list(dict.fromkeys(names))


_LABELS = tuple((part, f"logsource.{part}") for part in ("product", "service", "category"))


_WINDOWS = LogSource("windows")
SYSMON_FOR_LINUX = {
    "1": "process_creation",
    "3": "network_connection",
    "11": "file_event",
    "23": "file_delete",
}


def _windows_or_sysmon_for_linux(fields: dict[str, Any]) -> LogSource:
    if "linux" not in str(fields["Channel"]).lower():
        return _WINDOWS
    category = SYSMON_FOR_LINUX.get(str(fields["EventID"]))
    return LogSource("linux", "sysmon", category)


_WEB_SERVERS = ("apache", "nginx", "iis", "tomcat", "haproxy", "traefik")


def _web(fields: dict[str, Any]) -> list[LogSource]:
    """A request seen by the server it went to, or by a proxy on its way elsewhere.

    In ECS the module or the observer tells them apart; in W3C names, a far host does.
    """
    if "cs-method" not in fields or not fields.keys() & {"cs-uri-stem", "c-uri", "cs-uri-query"}:
        return []
    if "http.request.method" in fields:
        on_the_way = _is(fields.get("observer.type"), "proxy") or "network.direction" in fields
        proxy = on_the_way and not _is(fields.get("event.module"), _WEB_SERVERS)
    else:
        proxy = bool(fields.keys() & {"cs-host", "r-dns", "c-useragent"})
    return [LogSource(category="proxy" if proxy else "webserver")]


def _zeek(fields: dict[str, Any]) -> list[LogSource]:
    """Zeek names its log in `@stream` or `_path` (or `event.dataset: zeek.x`)."""
    named = fields.get("@stream") or fields.get("_path") or fields.get("event.dataset")
    log = str(named or "").removeprefix("zeek.")
    if log not in ZEEK:
        return []
    if fields.get("event.module") != "zeek" and fields.keys().isdisjoint(_ZEEK_IDS):
        return []
    found = [LogSource("zeek", log)]
    if log == "http":
        for name, other in ZEEK_NAMES:
            if name in fields:
                fields.setdefault(other, fields[name])
        found.append(LogSource(category="proxy"))
    if log == "dns":
        found.append(LogSource(category="dns"))
    return found


def _endpoint(fields: dict[str, Any], found: list[LogSource]) -> list[LogSource]:
    """An ECS endpoint event (no Windows channel): its category by what happened."""
    categories, types = fields.get("event.category"), fields.get("event.type")
    if categories is None or "Channel" in fields:
        return []
    if not any(source.product in ("windows", "linux", "macos") for source in found):
        return []
    return [
        LogSource(category=name)
        for (category, kind), name in ENDPOINT.items()
        if _is(categories, category) and (types is None or _is(types, kind))
    ]
