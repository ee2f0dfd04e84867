"""What was said of a document holds of others of its shape that say the same where it matters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.event import Event
from engine.kinds import LogSource
from engine.moment import parse_time
from engine.normalise import normalise
from engine.ports import Record
from engine.score.memory import Times
from engine.score.nested import names
from engine.score.observe import observation
from engine.score.quick import Observer
from models.template.event import EventTemplates
from tests.engine.score.test_quick import ANY, FLAT, NESTED, TIMES
from vedette.demo.day import generate_labelled

TEMPLATES = EventTemplates()
TEXTS = (
    "Security", "WS1", "-", "", "amy", "10.0.0.1", "auditd", "linux", "SYSCALL", "conn", "exec",
    "process", "start", "proxy", "network", "s3.amazonaws.com", "Microsoft-Windows-Sysmon/Linux",
    "sshd", "auditlogs", *TIMES,
)  # fmt: skip
LABELLED = st.fixed_dictionaries(
    {"@timestamp": st.sampled_from(TIMES)},
    optional={name: st.sampled_from([*TEXTS, ["process"], ["network", "start"]])
              for name in ("type", "Type", "category", "event.category", "event.type", "cs-method",
                           "c-uri", "cs-host", "_path", "uid", "eventSource", "event.module",
                           "observer.type", "program", "SyslogMessage", "node", "c-ip", "auid",
                           "event.dataset", "host.os.type", "user.name", "user.domain")},
)  # fmt: skip
OTHERS = {str: TEXTS, int: (0, 1, 3, 4624), bool: (True, False), float: (0.0, 1.0, 4624.0)}


def told(observer: Observer, made: dict[str, Any], tags: LogSource | None = None) -> Any:
    each = Record(made, "origin")
    seen = observer.see(each, lambda: normalise(each, tags), tags)
    return seen and (seen.entity, seen.time, TEMPLATES.describe(seen.fields))


def plainly(made: dict[str, Any], tags: LogSource | None = None) -> Any:
    seen = observation(normalise(Record(made, "origin"), tags))
    return seen and (seen.entity, seen.time, TEMPLATES.describe(seen.fields))


def another(value: Any, draw: st.DrawFn) -> Any:
    """A value of the same shape."""
    if isinstance(value, dict):
        return {key: another(each, draw) for key, each in value.items()}
    if isinstance(value, list):
        return [another(each, draw) for each in value]
    return draw(st.sampled_from(OTHERS.get(type(value), (value,))))


@st.composite
def alike(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Documents of one shape."""
    first = draw(st.one_of(FLAT, ANY, NESTED, LABELLED))
    return [first, *(another(first, draw) for _ in range(3))]


@given(alike())
@settings(max_examples=100)
def test_documents_of_one_shape_say_what_the_reference_says(documents: list[Any]) -> None:
    observer = Observer()
    for made in (*documents, *documents):
        assert told(observer, made) == plainly(made)


def test_a_source_that_is_tagged_is_told_from_one_that_is_not() -> None:
    observer, made = Observer(), {"@timestamp": TIMES[0], "node": "web1", "status": "up"}
    for tags in (None, LogSource("linux", "auditd"), LogSource(service="nginx"), None):
        assert told(observer, made, tags) == plainly(made, tags)
    assert told(observer, made) != told(observer, made, LogSource(service="nginx"))


def never() -> Event:
    raise AssertionError


def test_a_days_events_are_read_as_the_reference_reads_them_and_hardly_one_is_normalised() -> None:
    observer = Observer()
    documents = [document for document, _ in generate_labelled(17)][::10]
    for made in documents:
        assert told(observer, made) == plainly(made)
    before = observer.quick
    for made in documents:
        if "message" not in made:
            observer.see(Record(made, "origin"), never)
    assert observer.quick - before > 0.9 * len(documents)


def test_a_name_that_the_data_of_an_event_give_is_not_guessed() -> None:
    observer = Observer()
    for name in ("Computer", "Workstation"):
        data = {"Data": {"@Name": name, "#text": "WS7"}}
        system = {"Channel": "Security", "EventID": 1, "SystemTime": TIMES[0]}
        made = {"Event": {"System": system, "EventData": data}}
        assert told(observer, made) == plainly(made)


def test_any_ending_of_a_path_is_a_name() -> None:
    assert {"event.code", "code", "a.event.code"} <= names(("a", "event", "code"))
    assert {"user.name", "name"} <= names(("x.user.name",))
    assert "EventID" in names(("Event", "System", "EventID", "#text"))
    assert "EventID" in names(("winlog", "event_data", "Event ID"))
    assert "SubjectUserName" in names(("EventData", "@SubjectUserName"))
    assert "src_ip" in names(("System", "src_attributes", "ip"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"type": "SYSCALL"}, {"type": "OTHER"}),
        ({"event": {"module": "nginx"}}, {"event": {"module": "apache"}}),
        ({"_path": "dns", "uid": "C1"}, {"_path": "http", "uid": "C1"}),
        ({"cs-method": "GET", "cs-uri-stem": "/", "observer": {"type": "proxy"},
          "http": {"request": {"method": "GET"}}},
         {"cs-method": "GET", "cs-uri-stem": "/", "observer": {"type": "other"},
          "http": {"request": {"method": "GET"}}}),
        ({"user": {"id": "a"}}, {"user": {"id": "b"}}),
        ({"ecs": {"version": "8"}, "user": {"name": "a"}}, {"ecs": {"version": "8"},
          "user": {"name": "b"}}),
        ({"winlog": {"channel": "Security", "event_id": 1, "computer_name": "a"}},
         {"winlog": {"channel": "Security", "event_id": 1, "computer_name": "b"}}),
        ({"event": {"dataset": "x", "code": 1}}, {"event": {"dataset": "x", "code": 2}}),
    ],
)  # fmt: skip
def test_values_that_tell_are_told_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    observer = Observer()
    pair = [{"@timestamp": TIMES[0], **each} for each in (one, other)]
    assert [told(observer, made) for made in pair] == [plainly(made) for made in pair]
    assert plainly(pair[0]) != plainly(pair[1])


def test_documents_with_the_same_keys_outside_may_have_other_objects_inside() -> None:
    observer = Observer()
    hosts: list[Any] = [
        {"name": "a"}, "a", {"name": "a", "os": {"type": "linux"}}, {"os": {"name": "a"}},
        ["a"], [{"name": "a"}], {"name": ["a"]}, {"name": [{"b": "c"}]}, {}, None,
    ]  # fmt: skip
    for host in [*hosts, *hosts[::-1], *hosts]:
        made = {"@timestamp": TIMES[0], "host": host, "event": {"code": 1, "dataset": "x"}}
        assert told(observer, made) == plainly(made)


@pytest.mark.parametrize(
    "text",
    ["2026-11-23T08:00:00Z", "2026-11-23T08:00:00.123456+02:00", "2026-11-23 08:00:00",
     "0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00", "20261123", "1795420800",
     "2026-11-23T08:00Z", "x", "", " 2026-11-23T08:00:00Z "],
)  # fmt: skip
def test_a_time_is_what_it_is_in_every_other_place(text: str) -> None:
    found = parse_time(text)
    assert Times().of(text) == (None if found is None else found.timestamp())
