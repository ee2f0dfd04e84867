"""Identity: which host an event is about, and how grave it calls itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.event import Event
from vedette.logcheck.finding import Examples, Finding, graded, percent
from vedette.logcheck.registry import Given, check

HOSTS = (
    "Computer", "host.name", "host.hostname", "hostname", "Hostname", "host", "agent.name",
    "agent.hostname", "server", "dvc", "s-computername", "id.orig_h", "id_orig_h", "@system",
    "sourceIPAddress", "callerIpAddress", "beat.hostname", "related.hosts", "node",
)  # fmt: skip
LEVELS = (
    "log.level", "level", "Level", "severity", "Severity", "SeverityValue",
    "syslog.severity.code",
    "log.syslog.severity.code", "event.severity", "priority", "EventType", "levelname",
    "resultType",
)  # fmt: skip

_WORD = re.compile(
    r"(?i)\b(trace|debug|info|information|notice|warn|warning|err|error|crit|critical|fatal|severe"
    r"|alert|emerg)\b"
)
_SYSLOG_HOST = re.compile(r"(?:<\d+>)?[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d [\w.-]+ ")


def is_line(event: Event) -> bool:
    """Whether an event is nothing but one text."""
    document = event.record.document
    return len(document) == 1 and isinstance(document.get("message"), str)


@check("host", 20)
class Host:
    """Does every event say which host it is about?"""

    def __init__(self, given: Given) -> None:  # noqa: ARG002 # as all observers
        self.total = self.missing = 0
        self.examples = Examples()

    def see(self, event: Event) -> None:
        """Look at one."""
        self.total += 1
        if event.first(*HOSTS) is None and not (
            is_line(event) and _SYSLOG_HOST.match(event.record.document["message"])
        ):
            self.missing += 1
            document = event.record.document
            self.examples.add(document["message"] if is_line(event) else sorted(document)[:8])

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        if not self.missing:
            yield Finding("ok", "every event names a host")
            return
        told = f"{self.missing:,} events ({percent(self.missing, self.total)}) name no host"
        yield Finding(
            graded(self.missing / self.total, 0.01, 1.1), told,
            "have the shipper set host.name: alerts are read and joined by it",
            {"missing": self.missing, "of": self.total}, self.examples.all,
        )  # fmt: skip


@check("level", 21)
class Level:
    """Does every event say how grave it is?"""

    def __init__(self, given: Given) -> None:  # noqa: ARG002 # as all observers
        self.total = self.missing = 0

    def see(self, event: Event) -> None:
        """Look at one."""
        self.total += 1
        if event.first(*LEVELS) is None and not (
            is_line(event) and _WORD.search(event.record.document["message"][:200])
        ):
            self.missing += 1

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        if not self.missing:
            yield Finding("ok", "every event has a level")
            return
        told = f"{self.missing:,} events ({percent(self.missing, self.total)}) have no level"
        yield Finding(
            "note", told, "rules seldom need one; scoring of application logs does",
            {"missing": self.missing, "of": self.total},
        )  # fmt: skip
