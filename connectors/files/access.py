"""Lines of a web server's access log to events: the common and the combined format.

    203.0.113.7 - alice [10/Oct/2026:13:55:36 +0200] "GET /a?b=c HTTP/1.1" 200 2326 "-" "curl/8"

Fields have the names of W3C's extended format, as Sigma's rules for web servers read them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from connectors.files.calendar import MONTHS

_LINE = re.compile(
    r"(?P<client>\S{1,255}) \S{1,255} (?P<user>\S{1,255}) "
    rf"\[(?P<day>\d\d)/(?P<month>{'|'.join(MONTHS)})/(?P<year>\d{{4}}):"
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) "
    r"(?P<sign>[+-])(?P<ahead>\d\d)(?P<more>\d\d)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<size>\d{1,18}|-)'
    r'(?: "(?P<referrer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<rest> .*)?',
    re.DOTALL,
)
_REQUEST = re.compile(r"([A-Z_-]{1,32}) (\S*)(?: (HTTP/\d(?:\.\d)?))?")
_HEX = re.compile(r"\\x([0-9a-fA-F]{2})")


def parse_access(line: str) -> dict[str, Any] | None:
    """The event in a line; None when it is no line of an access log."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    time = _time(found)
    if time is None:
        return None
    event: dict[str, Any] = {
        "@timestamp": time.isoformat(),
        "message": line,
        "c-ip": found["client"],
        "sc-status": int(found["status"]),
        "logsource": {"category": "webserver"},
    }
    if found["size"] != "-":
        event["sc-bytes"] = int(found["size"])
    for name, part in (("cs-username", "user"), ("cs-referer", "referrer"),
                       ("cs-user-agent", "agent")):  # fmt: skip
        if found[part] not in (None, "-", ""):
            event[name] = _text(found[part])
    request = _text(found["request"])
    if asked := _REQUEST.fullmatch(request):
        stem, mark, query = asked[2].partition("?")
        event |= {"cs-method": asked[1], "cs-uri": asked[2], "cs-uri-stem": stem}
        if mark:
            event["cs-uri-query"] = query
        if asked[3]:
            event["cs-version"] = asked[3]
    else:  # whatever was sent: it must not be hidden from rules that look at the address
        event |= {"cs-uri": request, "cs-uri-stem": request}
    return event


def _time(found: re.Match[str]) -> datetime | None:
    ahead = timedelta(hours=int(found["ahead"]), minutes=int(found["more"]))
    try:
        zone = timezone(ahead if found["sign"] == "+" else -ahead)
        return datetime(
            int(found["year"]), MONTHS.index(found["month"]) + 1, int(found["day"]),
            int(found["hour"]), int(found["minute"]), int(found["second"]), tzinfo=zone,
        ).astimezone(UTC)  # fmt: skip
    except (ValueError, OverflowError):
        return None


def _text(written: str) -> str:
    """What a server wrote with backslashes, as it was sent."""
    if "\\" not in written:
        return written
    raw = _HEX.sub(lambda found: chr(int(found[1], 16)), written.replace('\\"', '"'))
    return raw.replace("\\\\", "\\")
