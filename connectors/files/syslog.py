"""Lines of syslog to events: RFC 5424, RFC 3164, and what rsyslog and syslog-ng write by default.

<34>1 2003-10-11T22:14:15.003Z host su 111 ID47 [id name="value"] text
<34>Oct 11 22:14:15 host su[111]: text
Oct 11 22:14:15 host su[111]: text
2003-10-11T22:14:15.003+02:00 host su[111]: text
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from connectors.files.calendar import MONTHS, latest, moment

Document = dict[str, Any]

_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_DAY = rf"(?:{'|'.join(MONTHS)}) [ \d]\d (?:\d{{4}} )?\d\d:\d\d:\d\d"

_NEW = re.compile(
    rf"<(?P<priority>\d{{1,3}})>(?P<version>[1-9]\d?) (?P<time>-|{_STAMP}) (?P<host>\S{{1,255}}) "
    r"(?P<program>\S{1,255}) (?P<pid>\S{1,128}) (?P<id>\S{1,32}) (?P<rest>[-\[].*)",
    re.DOTALL,
)
_OLD = re.compile(
    rf"(?:<(?P<priority>\d{{1,3}})>)?(?:(?P<day>{_DAY})|(?P<time>{_STAMP})) (?P<host>\S{{1,255}}) "
    r"(?:(?P<program>[^\s\[:]{1,128})(?:\[(?P<pid>[^\]\s]{1,128})\])?: ?)?(?P<text>.*)",
    re.DOTALL,
)
_DATUM = re.compile(r'\[([^\s\]="]{1,64})((?: [^\s\]="]{1,64}="(?:[^"\\\]]|\\.)*")*)\]')
_PARAMETER = re.compile(r' ([^\s\]="]{1,64})="((?:[^"\\\]]|\\.)*)"')
_ESCAPED = re.compile(r'\\(["\\\]])')

_SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational",
               "debug")  # fmt: skip
_FACILITIES = ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
               "authpriv", "ftp", "ntp", "audit", "alert", "clock",
               *(f"local{number}" for number in range(8)))  # fmt: skip
_HIGHEST = len(_FACILITIES) * 8 - 1
_LEVELS = frozenset(
    {"TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL"}
)

_SERVICES = {
    "sshd": ("sshd", "auth"), "sudo": ("sudo", "auth"), "su": ("auth",), "login": ("auth",),
    "passwd": ("auth",), "useradd": ("auth",), "userdel": ("auth",), "usermod": ("auth",),
    "groupadd": ("auth",), "systemd-logind": ("auth",), "polkitd": ("auth",),
    "cron": ("cron",), "crond": ("cron",), "crontab": ("cron",), "anacron": ("cron",),
    "clamd": ("clamav",), "freshclam": ("clamav",), "clamav": ("clamav",), "vsftpd": ("vsftpd",),
    "guacd": ("guacamole",), "guacamole": ("guacamole",),
}  # fmt: skip
"""Which of Sigma's services for Linux a program writes for, besides `syslog`."""


def parse_syslog(line: str, now: datetime) -> Document | None:
    """The event in a line, in ECS names; None when it is no line of syslog.

    A time without a year is taken for the latest one that is no more than a day after `now`, one
    without a zone for UTC.
    """
    if (found := _NEW.fullmatch(line)) and int(found["priority"]) <= _HIGHEST:
        data, text = _structured(found["rest"])
        if data is None:
            return None
        event = _event(found, text)
        details = event["log"]["syslog"]
        details["version"] = found["version"]
        if found["id"] != "-":
            details["msgid"] = found["id"]
        if data:
            details["structured_data"] = data
        _timed(event, _stamp(found["time"]) if found["time"] != "-" else None)
        return event
    found = _OLD.fullmatch(line)
    if found is None or (found["priority"] and int(found["priority"]) > _HIGHEST):
        return None
    if found["time"] and not found["priority"] and not _after_a_time(found):
        return None
    time = _dated(found["day"], now) if found["day"] else _stamp(found["time"])
    if time is None:
        return None
    event = _event(found, found["text"])
    _timed(event, time)
    return event


def _after_a_time(found: re.Match[str]) -> bool:
    """Whether host and program are: other logs begin with such a time too, and then a level."""
    return bool(found["program"]) and found["host"].strip("[]").upper() not in _LEVELS


def _event(found: re.Match[str], text: str) -> Document:
    details: Document = {}
    if found["priority"]:
        number = int(found["priority"])
        facility, severity = divmod(number, 8)
        details["priority"] = number
        details["facility"] = {"code": facility, "name": _FACILITIES[facility]}
        details["severity"] = {"code": severity, "name": _SEVERITIES[severity]}
    event: Document = {"message": text, "log": {"syslog": details}}
    if found["host"] != "-":
        event["host"] = {"name": found["host"]}
    if found["program"] not in (None, "-"):
        details["appname"] = found["program"]
        event["process"] = {"name": found["program"]}
        pid = found["pid"]
        if pid and pid != "-":
            details["procid"] = pid
            if pid.isascii() and pid.isdigit() and len(pid) < 10:
                event["process"]["pid"] = int(pid)
    program = (found["program"] or "").rpartition("/")[2].partition("(")[0].lower()
    services = _SERVICES.get(program, ())
    event["logsource"] = {"product": "linux", "service": ["syslog", *services]}
    return event


def _timed(event: Document, time: datetime | None) -> None:
    if time is not None:
        event["@timestamp"] = time.isoformat()


def _structured(rest: str) -> tuple[dict[str, dict[str, str]] | None, str]:
    """Structured data and the text behind it; None when what is there is none."""
    if rest.startswith("-"):
        return ({}, rest[2:].removeprefix("\ufeff")) if rest[1:2] in ("", " ") else (None, "")
    data: dict[str, dict[str, str]] = {}
    at = 0
    while found := _DATUM.match(rest, at):
        pairs = {name: _ESCAPED.sub(r"\1", value) for name, value in _PARAMETER.findall(found[2])}
        data.setdefault(found[1], {}).update(pairs)
        at = found.end()
    if not data or rest[at : at + 1] not in ("", " "):
        return None, ""
    return data, rest[at + 1 :].removeprefix("\ufeff")


def _stamp(text: str) -> datetime | None:
    """A time of ISO 8601, in UTC when it names no zone; None when there is no such time."""
    digits = re.sub(r"[.,](\d{1,9})", lambda found: "." + f"{found[1]:0<6}"[:6], text)
    try:
        time = datetime.fromisoformat(digits)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _dated(text: str, now: datetime) -> datetime | None:
    """A day and time, of the latest year in which it is no more than a day after `now`."""
    month, day, *given, clock = text.split()
    number = MONTHS.index(month) + 1
    hour, minute, second = map(int, clock.split(":"))
    parts = (hour, minute, second, 0)
    if not given:
        return latest(now, number, int(day), parts)
    try:
        return moment(int(given[0]), number, int(day), parts)
    except ValueError:
        return None
