"""A patient whose cluster says what a test wants it to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.search.mappings import Mappings
from connectors.search.survey import DeniedError
from engine.rule import RuleSet
from vedette.doctor.finding import Finding
from vedette.doctor.patient import Patient
from vedette.doctor.registry import answers, every
from vedette.settings import Settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOGS = {"type": "search", "name": "logs", "index": "logs-*"}


class Client:
    """What checks ask of the client itself."""

    host = "search.test:9200"

    def __init__(self, kind: str) -> None:
        self.kind = kind


class Ward:
    """A `Survey` that gives prepared answers; those that are errors are raised."""

    def __init__(self, kind: str, **said: Any) -> None:
        self.kind = kind
        self.said: dict[str, Any] = {
            "version": {"elasticsearch": "9.4.3", "opensearch": "3.6.0"}[kind],
            "clock": NOW,
            "disks": {"a": (60, 100)},
            "blocks": {},
            "lacking": [],
            "read_once": None,
            "exists": True,
            "untimed": (0, 10),
            "newest": NOW - timedelta(seconds=30),
            "mapping": mapped({"CommandLine": {"type": "keyword"}, "Image": {"type": "keyword"}}),
            "samples": [process()],
            **said,
        }

    def __getattr__(self, name: str) -> Any:
        def answer(*_: object, **__: object) -> Any:
            found = self.said[name]
            if isinstance(found, Exception):
                raise found
            return found

        return answer


def process(**fields: Any) -> dict[str, Any]:
    """A Sysmon process creation."""
    return {
        "@timestamp": "2026-11-23T11:59:30Z",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "Image": "C:\\a.exe",
        "CommandLine": "a",
        **fields,
    }


def mapped(fields: Mapping[str, Any], **more: Any) -> Mappings:
    """The mappings of one index."""
    return Mappings(indices=1, properties=[("logs-a", {"properties": fields})], **more)


def patient(
    kind: str = "elasticsearch",
    rules: RuleSet | None = None,
    settings: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    **said: Any,
) -> Patient:
    """A patient with one search source, unless `settings` say otherwise."""
    given = settings or {"cluster": {"hosts": ["http://search.test:9200"]}, "sources": [LOGS]}
    context = {"environ": {}, "folder": folder} if folder else {"environ": {}}
    found = Patient(Settings.model_validate(given, context=context), clock=lambda: NOW)
    found.__dict__["client"] = Client(kind)
    found.__dict__["survey"] = Ward(kind, **said)
    if rules is not None:
        found.__dict__["rules"] = {"main": rules}
    return found


def found(name: str, of: Patient) -> list[Finding]:
    """What one check finds."""
    (check,) = [each for each in every() if each.name == name]
    return list(answers(check, of))


def one(name: str, of: Patient) -> Finding:
    """The only finding of a check."""
    (finding,) = found(name, of)
    return finding


def denied(what: str = "its disks") -> DeniedError:
    """What a user meets who may not ask."""
    return DeniedError(f"cannot ask for {what}: search.test:9200: 403 security_exception: no")


def states(findings: Iterator[Finding] | list[Finding]) -> set[str]:
    """The states of findings."""
    return {finding.state for finding in findings}
