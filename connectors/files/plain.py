"""Lines of plain logs to events, where their form is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.files.access import parse_access
from connectors.files.audit import parse_audit
from connectors.files.syslog import parse_syslog

LONGEST = 65_536
"""Characters of a line whose form is looked at."""


def parse_plain(line: str, now: datetime) -> dict[str, Any] | None:
    """The event in a line of syslog, an audit log or an access log; None when it is none.

    `now` tells the year of a time that has none.
    """
    if len(line) > LONGEST or line.startswith(("{", "[")):
        return None
    if line.startswith(("type=", "node=")):
        return parse_audit(line)
    return parse_syslog(line, now) or parse_access(line)
