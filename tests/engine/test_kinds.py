"""What kind of log an event is of, and the table in the documentation that says so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kinds import KINDS, PRESENT, SHAPES, LogSource, fitting
from engine.normalise import normalise
from engine.ports import Record
from tests.engine.helpers import event


def labels(document: dict[str, Any], tags: LogSource | None = None) -> set[str]:
    found = normalise(Record(document, "o"), tags)
    return {
        f"{part}={name}"
        for part in ("product", "service", "category")
        for name in found.values(f"logsource.{part}")
    }


def shaped(shape: dict[str, Any], change: str | None = None) -> dict[str, Any]:
    """An event of that shape: any value where one must be present."""
    document: dict[str, Any] = {}
    for name, wanted in shape.items():
        first = wanted if isinstance(wanted, str) else wanted[0]
        document[name] = first.replace("*", "x").upper() if first != PRESENT else "anything"
    if change is not None:
        document[change] = None
    return document


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.source} {sorted(kind.shape)}")
def test_each_shape_gives_its_labels_and_a_part_of_it_does_not(kind: Any) -> None:
    assert kind.fits(shaped(kind.shape))
    wanted = {
        f"{part}={name}"
        for part in ("product", "service", "category")
        if (name := getattr(kind.source, part))
    }
    assert wanted <= labels(shaped(kind.shape))
    for name in kind.shape:
        assert not kind.fits(shaped(kind.shape, name))


SOME = st.one_of(
    st.sampled_from([
        wanted.replace("*", "x").upper()
        for kind in KINDS
        for given in kind.shape.values()
        for wanted in ((given,) if isinstance(given, str) else given)
    ]),
    st.sampled_from([None, "", 1, True, "*.amazonaws.com", ["network", "x"], []]),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(SHAPES)), SOME, max_size=8))
def test_kinds_whose_first_field_is_missing_need_not_be_asked(fields: dict[str, Any]) -> None:
    assert fitting(fields) == [kind.source for kind in KINDS if kind.fits(fields)]


LINUX = {"product=linux", "service=sysmon"}
ZEEK = {"@stream": "http", "uid": "C1", "uri": "/x", "user_agent": "curl", "method": "GET"}
ENDPOINT = {"host": {"os": {"type": "linux"}}, "event": {"category": "process", "type": "start"}}
LABELLED: list[tuple[str, dict[str, Any], set[str]]] = [
    ("windows", {"Channel": "Security", "EventID": 4624}, {"product=windows"}),
    ("sysmon for linux", {"Channel": "Linux-Sysmon/Operational", "EventID": 1},
     {*LINUX, "category=process_creation"}),
    ("its connections", {"Channel": "Linux-Sysmon/Operational", "EventID": "3"},
     {*LINUX, "category=network_connection"}),
    ("its other events", {"Channel": "Linux-Sysmon/Operational", "EventID": 4}, LINUX),
    ("zeek http", ZEEK, {"product=zeek", "service=http", "category=proxy"}),
    ("zeek dns", {"_path": "dns", "uid": "C1", "query": "x"},
     {"product=zeek", "service=dns", "category=dns"}),
    ("zeek in ECS", {"event": {"dataset": "zeek.ssl", "module": "zeek"}},
     {"product=zeek", "service=ssl"}),
    ("zeek files, of several connections", {"@stream": "files", "fuid": "F1", "conn_uids": ["C1"]},
     {"product=zeek", "service=files"}),
    ("zeek certificates", {"_path": "x509", "id": "F1", "certificate.serial": "8BB00EE"},
     {"product=zeek", "service=x509"}),
    ("no zeek without its marks", {"_path": "dns"}, set()),
    ("web server", {"cs-method": "GET", "cs-uri-stem": "/"}, {"category=webserver"}),
    ("proxy", {"cs-method": "GET", "c-uri": "http://x/", "cs-host": "x"}, {"category=proxy"}),
    ("cloudtrail", {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser"},
     {"product=aws", "service=cloudtrail"}),
    ("auditd", {"type": "SYSCALL", "syscall": "59"}, {"product=linux", "service=auditd"}),
    ("sshd", {"program": "sshd", "message": "x"}, {"product=linux", "service=sshd"}),
    ("AAD", {"Type": "AuditLogs", "OperationName": "Add user"},
     {"product=azure", "service=auditlogs"}),
    ("endpoint process", ENDPOINT, {"product=linux", "category=process_creation"}),
    ("endpoint end of process",
     {**ENDPOINT, "event": {"category": "process", "type": "end"}}, {"product=linux"}),
    ("nothing known", {"message": "hello"}, set()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "wanted"), [case[1:] for case in LABELLED], ids=[case[0] for case in LABELLED]
)
def test_events_are_labelled(document: dict[str, Any], wanted: set[str]) -> None:
    assert labels(document) == wanted


def test_zeek_http_has_the_names_of_web_logs() -> None:
    found = event(ZEEK)
    assert found.values("c-uri") == ("/x",)
    assert found.values("c-useragent") == ("curl",)
    assert found.values("cs-method") == ("GET",)


def test_an_event_keeps_its_own_labels_and_gets_those_of_its_source() -> None:
    own = {"logsource": {"product": "acme"}, "program": "sshd"}
    assert labels(own, LogSource("door", "lock")) == {
        "product=acme", "product=door", "product=linux", "service=lock", "service=sshd",
    }  # fmt: skip
    many = {"logsource.category": ["a", "b"]}
    assert labels(many, LogSource(category="b")) == {"category=a", "category=b"}


def test_a_log_source_is_written_as_people_say_it() -> None:
    assert (
        str(LogSource("windows", "sysmon", "dns")) == "product:windows/category:dns/service:sysmon"
    )
    assert str(LogSource()) == "any"
