"""Lines of Linux's audit log to events.

    type=EXECVE msg=audit(1364481363.243:24287): argc=2 a0="cat" a1="/etc/shadow"

Fields keep the names that auditd gives them, as Sigma's rules for auditd read them. Each record
is an event of its own; `audit.serial` is the same for those that belong together.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

Document = dict[str, Any]

_LINE = re.compile(
    r"(?:node=(?P<node>\S{1,255}) )?type=(?P<type>[A-Z0-9_]{1,64}|UNKNOWN\[\d{1,6}\]) "
    r"msg=audit\((?P<seconds>\d{1,11})\.(?P<part>\d{3}):(?P<serial>\d{1,20})\): ?(?P<rest>.*)",
    re.DOTALL,
)
_PAIR = re.compile(r"""([A-Za-z_][\w-]{0,63})=("[^"]*"|'[^']*'|[^\s\x1d]*)""")
_ENCODED = re.compile(r"(?:[0-9A-F]{2})+")
_MAY_BE_ENCODED = frozenset(
    {"proctitle", "cwd", "name", "comm", "exe", "path", "cmd", "data", "acct", "key", "dir"}
)
"""Fields that auditd writes as hexadecimal digits when they have a blank, a quote or a control."""
_ARGUMENT = re.compile(r"a\d{1,5}(?:\[\d{1,5}\])?")


def parse_audit(line: str) -> Document | None:
    """The event in a line; None when it is no line of the audit log."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    event: Document = {"type": found["type"]}
    executed = found["type"] == "EXECVE"
    pairs = _PAIR.findall(found["rest"])
    for name, value in pairs:
        if name == "msg" and value[:1] == "'":  # what a program says of a user, in pairs again
            event.update((n, _text(n, v, executed=False)) for n, v in _PAIR.findall(value[1:-1]))
        else:
            event[name] = _text(name, value, executed=executed)
    # what the log says of itself comes last: no field may stand in its place
    event["type"] = found["type"]
    since = timedelta(seconds=int(found["seconds"]), milliseconds=int(found["part"]))
    event["@timestamp"] = (datetime(1970, 1, 1, tzinfo=UTC) + since).isoformat()
    event["audit"] = {"serial": found["serial"]}
    if found["node"]:
        event["host"] = {"name": found["node"]}
    event["message"] = line
    event["logsource"] = {"product": "linux", "service": "auditd"}
    return event


def _text(name: str, value: str, *, executed: bool) -> str:
    if value[:1] in ("'", '"'):
        return value[1:-1]
    encoded = name in _MAY_BE_ENCODED or (executed and _ARGUMENT.fullmatch(name))
    if encoded and _ENCODED.fullmatch(value):
        # the arguments of a title are parted by zeros
        return bytes.fromhex(value).decode("utf-8", "replace").replace("\0", " ")
    return value
