"""Levels and counters as events have them: syslog, Windows, ECS, lines of plain text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.files.dated import parse_text
from connectors.files.syslog import parse_syslog
from engine.normalise import normalise
from engine.ports import Record
from engine.score.signals import fields, signals
from models.feature.levels import LEVELS
from models.feature.signal import ABSENT, LEVEL
from models.prepare.privacy import Privacy

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TIME = {"@timestamp": "2026-11-20T10:00:00Z"}


def level(document: Any, privacy: Privacy | None = None) -> str | None:
    (found,) = signals(normalise(Record(document, "x")), (LEVEL,), privacy)
    return None if found == ABSENT else LEVELS[int(found)]


def evtx(number: Any) -> dict[str, Any]:
    return {
        "Event": {
            "System": {
                "Provider": {"#attributes": {"Name": "Service Control Manager"}},
                "EventID": 7031,
                "Level": number,
                "Channel": "System",
                "Computer": "dc01",
                "TimeCreated": {"#attributes": {"SystemTime": "2026-11-20T10:00:00Z"}},
            }
        }
    }


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (evtx(2), "error"),
        (evtx("4"), "info"),
        (evtx(0), "info"),
        ({"Channel": "System", "EventID": 7031, "Level": "Warning", **TIME}, "warning"),
        ({"log": {"level": "error"}, "winlog": {"channel": "System"}, **TIME}, "error"),
        ({"log": {"syslog": {"severity": {"code": 4, "name": "Warning"}}}, **TIME}, "warning"),
        ({"log.level": "FATAL", "event": {"severity": 6}, **TIME}, "critical"),
        ({"event": {"severity": 3}, "message": "x", **TIME}, "error"),
        ({"level": 50, "msg": "of a program that counts in tens", **TIME}, "error"),
        ({"PRIORITY": "5", "MESSAGE": "of a journal", **TIME}, "notice"),
        ({"severity": ["NOTICE", "x"], **TIME}, "notice"),
        ({"level": [], "message": "nothing", **TIME}, None),
        ({"Channel": "Security", "EventID": 4624, **TIME}, None),
        ({"message": "errors: 0, fatal: 0", **TIME}, None),
        ({"message": "the ERRORS.log is fine, Info is a word", **TIME}, None),
        ({"message": "x" * 200 + " ERROR", **TIME}, None),
        ({"message": "💥", **TIME}, None),
    ],
)
def test_levels_stand_in_many_places(document: dict[str, Any], wanted: str | None) -> None:
    assert level(document) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("2015-10-18 18:01:47,978 INFO [main] o.a.MRAppMaster: Created", "info"),
        ("[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6", "error"),
        ("2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack", "info"),
        ("nova-api.log 2017-05-16 00:00:00.008 25746 WARNING nova.wsgi [req-1] x", "warning"),
    ],
)
def test_lines_begin_with_a_level(line: str, wanted: str) -> None:
    assert level(parse_text(line, datetime(2026, 11, 28, tzinfo=UTC))) == wanted


def test_lines_of_syslog_have_severities() -> None:
    assert level(parse_syslog("<11>Nov 20 10:00:00 web sshd[1]: kex failed", NOW)) == "error"
    assert level(parse_syslog("Nov 20 10:00:00 web sshd[1]: kex failed", NOW)) is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (7, 7.0), ("1200", 1200.0), (2.5, 2.5), ([9, 1], 9.0), (0, 0.0), (-3, ABSENT),
        (True, ABSENT), (None, ABSENT), ("many", ABSENT), ("nan", ABSENT), (1e300, ABSENT),
        (10**400, ABSENT), ("9" * 200, ABSENT), ([], ABSENT), ("", ABSENT), ("💥", ABSENT),
    ],
)  # fmt: skip
def test_counters_are_numbers_of_0_or_more(value: Any, wanted: float) -> None:
    event = normalise(Record({"nginx": {"bytes": value}, **TIME}, "x"))
    assert signals(event, (LEVEL, "counter:nginx.bytes")) == (ABSENT, wanted)


def test_what_is_hidden_says_nothing() -> None:
    document = {"log": {"level": "error"}, "bytes": 5, "message": "WARN: x", **TIME}
    assert level(document, Privacy(mask=["bytes"])) == "error"
    assert level(document, Privacy(mask=["log"])) == "warning"
    assert level(document, Privacy(mask=["log.level", "message"])) is None
    event = normalise(Record(document, "x"))
    assert signals(event, ("counter:bytes",), Privacy(mask=["bytes"])) == (ABSENT,)


def test_the_fields_that_are_read_are_known() -> None:
    assert fields(("counter:nginx.bytes",)) >= {"nginx.bytes"}
    assert "log.level" not in fields(("counter:nginx.bytes",))
    assert fields((LEVEL,)) >= {"log.level", "Level", "message"}
