"""Any shape of event gives the same names and values."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.entities import entities, related
from engine.kinds import LogSource
from engine.normalise import _flattened, flattened, normalise
from engine.ports import Record
from tests.engine.helpers import event, fields
from tests.engine.shapes import SHAPES, Windows

NAMES = st.sampled_from(
    [
        "Image",
        "CommandLine",
        "TargetUserName",
        "Threat Name",
        "Hashes",
        "Data1",
        "ProcessId",
        "Größe",
    ]
)
CHANNELS = ["Microsoft-Windows-Sysmon/Operational", "Security", "System", "Windows PowerShell"]
WINDOWS = st.builds(
    Windows,
    channel=st.sampled_from(CHANNELS),
    event_id=st.integers(1, 65535),
    provider=st.sampled_from(["Microsoft-Windows-Sysmon", "Service Control Manager"]),
    computer=st.sampled_from(["WS01.corp.local", "dc1"]),
    record=st.integers(1, 2**40),
    time=st.sampled_from(["2026-11-23T02:30:00.123456Z", "2026-11-23T02:30:00.123456+00:00"]),
    data=st.dictionaries(NAMES, st.text(max_size=10), min_size=1, max_size=4),
)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@given(windows=WINDOWS)
def test_an_event_reads_the_same_in_every_shape(shape: Any, windows: Windows) -> None:
    found = event(shape(windows))
    assert found.values("Channel") == (windows.channel,)
    assert [str(value) for value in found.values("EventID")] == [str(windows.event_id)]
    assert found.values("Computer") == (windows.computer,)
    assert [str(value) for value in found.values("EventRecordID")] == [str(windows.record)]
    assert found.values("Provider_Name") == (windows.provider,)
    for name, value in windows.data.items():
        assert value in found.values(name), name
        assert value in found.values(name.replace(" ", ""))
    assert found.time == datetime(2026, 11, 23, 2, 30, 0, 123456, tzinfo=UTC)
    assert found.values("logsource.product") == ("windows",)


def test_system_fields_have_sigmas_names() -> None:
    found = fields(
        {"Event": {"System": {
            "Provider": {"#attributes": {"Name": "P", "Guid": "G"}},
            "EventID": {"#attributes": {"Qualifiers": 1}, "#text": 7045},
            "Execution": {"#attributes": {"ProcessID": 4, "ThreadID": 5}},
            "Security": {"#attributes": {"UserID": "S-1"}},
            "TimeCreated": {"#attributes": {"SystemTime": "2026-01-01T00:00:00Z"}},
            "Keywords": "0x80",
        }, "EventData": {"ProcessId": "77"}}}
    )  # fmt: skip
    assert found == {
        "Provider_Name": "P", "Provider_Guid": "G", "EventID": 7045, "Execution_ProcessID": 4,
        "Execution_ThreadID": 5, "Security_UserID": "S-1", "SystemTime": "2026-01-01T00:00:00Z",
        "Keywords": "0x80", "ProcessId": "77",
    }  # fmt: skip


def evtx(data: Any, part: str = "EventData") -> dict[str, Any]:
    return {"Event": {"System": {"Channel": "C", "EventID": 1}, part: data}}


@pytest.mark.parametrize(
    ("data", "values"),
    [
        ({"Data": ["a", "b"]}, ("a", "b")),
        ({"Data": "a"}, ("a",)),
        ({"Data": {"#text": ["a", "b"]}}, ("a", "b")),
        ({"Data": [{"#text": "a"}, "b", None]}, ("a", "b")),
        ("a", ("a",)),
        ({"Data": None}, ()),
        ({"Data": [["a", "b"]]}, ('["a","b"]',)),
    ],
    ids=repr,
)
def test_data_without_a_name_is_gathered_under_data(data: Any, values: tuple[Any, ...]) -> None:
    assert event(evtx(data)).values("Data") == values


def test_an_element_without_text_is_null() -> None:
    found = event(evtx({"Data": [{"@Name": "A"}, {"@Name": "B", "#text": None}]}))
    assert found.fields["A"] is None
    assert found.fields["B"] is None


@pytest.mark.parametrize(
    "data",
    [{"Channel": "Application"}, {"Data": [{"@Name": "Channel", "#text": "Application"}]}],
    ids=["by key", "by name"],
)
@pytest.mark.parametrize("part", ["EventData", "UserData"])
def test_data_named_like_a_system_field_stands_beside_it(data: Any, part: str) -> None:
    """Event 104 names the log that was cleared; that must not hide the event's own."""
    found = event(evtx(data if part == "EventData" else {"LogFileCleared": data}, part))
    assert found.values("Channel") == ("C", "Application")
    assert found.values("logsource.product") == ("windows",)


def test_what_stands_beside_the_envelope_is_kept() -> None:
    found = event({**evtx({"A": "1"}), "host": {"name": "collector"}, "tags": ["x"]})
    assert found.values("host.name") == ("collector",)
    assert found.values("tags") == ("x",)


def test_names_with_spaces_go_without_them_too_and_lose_no_other() -> None:
    found = event({"Threat Name": "a", "Error Code": 1, "ErrorCode": 2})
    assert found.values("ThreatName") == found.values("Threat Name") == ("a",)
    assert (found.values("ErrorCode"), found.values("Error Code")) == ((2,), (1,))


def test_a_payload_that_is_no_json_stays_searchable() -> None:
    found = event({"MapDescription": "x", "Payload": "{broken", "EventId": 1, "Channel": "C"})
    assert found.values("Payload") == ("{broken",)


AGENT = {
    "ecs": {"version": "8.0.0"},
    "event": {"category": ["process"], "type": ["start"], "module": "endpoint"},
    "host": {"os": {"type": "linux"}, "name": "web1"},
    "process": {
        "executable": "/usr/bin/curl", "command_line": "curl http://x", "pid": 7,
        "parent": {"executable": "/bin/sh", "command_line": "sh -c x"},
        "hash": {"md5": "a" * 32, "sha256": "b" * 64}, "pe": {"imphash": "c" * 32},
        "working_directory": "/tmp",
    },
    "user": {"name": "bob", "domain": "CORP"},
}  # fmt: skip


def test_ecs_gets_the_names_of_sigma() -> None:
    found = event(AGENT)
    assert found.values("Image") == ("/usr/bin/curl",)
    assert found.values("CommandLine") == ("curl http://x",)
    assert found.values("ParentImage") == ("/bin/sh",)
    assert found.values("User") == ("CORP\\bob",)
    hashes = f"MD5={'a' * 32},SHA256={'b' * 64},IMPHASH={'c' * 32}"
    assert found.values("Hashes") == (hashes,)
    assert found.values("process.executable") == ("/usr/bin/curl",)
    assert found.values("logsource.category") == ("process_creation",)
    assert found.values("logsource.product") == ("linux",)


def test_a_name_that_the_event_has_is_never_overwritten() -> None:
    assert event({**AGENT, "Image": "own", "User": "own"}).values("Image") == ("own",)
    beat = {"winlog": {"channel": "C", "event_id": 1, "event_data": {"Image": "a"}}, "Image": "b"}
    assert event(beat).values("Image") == ("b",)


NETWORK = {
    "ecs": {"version": "8"}, "event": {"category": "network", "type": "start"},
    "source": {"ip": "10.0.0.1", "port": 1}, "destination": {"ip": "1.1.1.1", "port": 443},
    "host": {"os": {"type": "windows"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("direction", "initiated"), [("egress", "true"), ("outbound", "true"), ("ingress", "false")]
)
def test_who_began_a_connection_is_told_by_its_direction(direction: str, initiated: str) -> None:
    found = event({**NETWORK, "network": {"direction": direction}})
    assert found.values("Initiated") == (initiated,)
    assert found.values("DestinationIp") == ("1.1.1.1",)
    assert found.values("logsource.category") == ("network_connection",)


def test_zeek_reads_the_same_nested_and_dotted() -> None:
    nested = {"@stream": "conn", "uid": "C1", "id": {"orig_h": "10.0.0.1", "resp_p": 443}}
    dotted = {"_path": "conn", "uid": "C1", "id.orig_h": "10.0.0.1", "id.resp_p": 443}
    for document in (nested, dotted):
        found = event(document)
        assert found.values("id.orig_h") == ("10.0.0.1",)
        assert found.values("id.resp_p") == (443,)
        assert found.values("logsource.product") == ("zeek",)
        assert found.values("logsource.service") == ("conn",)


def test_cloudtrail_is_flattened_and_its_objects_stay_searchable() -> None:
    found = event(
        {"eventSource": "ec2.amazonaws.com", "eventName": "ModifyInstanceAttribute",
         "userIdentity": {"type": "Root"}, "requestParameters": {"attribute": "userData"},
         "resources": [{"ARN": "a"}, {"ARN": "b", "type": "t"}]}
    )  # fmt: skip
    assert found.values("userIdentity.type") == ("Root",)
    assert found.values("requestParameters") == ('{"attribute":"userData"}',)
    assert found.values("resources.ARN") == ("a", "b")
    assert found.values("resources") == ('{"ARN":"a"}', '{"ARN":"b","type":"t"}')
    assert found.values("logsource.service") == ("cloudtrail",)


@pytest.mark.parametrize(
    ("document", "path", "values"),
    [
        ({"a": {"b": {"c": 1}}}, "a.b", ('{"c":1}',)),
        ({"a.b": {"c": 1}}, "a.b", ('{"c":1}',)),
        ({"a": [{"b": {"c": 1}}, {"b": {"c": 2}}]}, "a.b", ('{"c":1}', '{"c":2}')),
        ({"a": {"b.c": {"d": {"e": 1}}}}, "a.b.c.d", ('{"e":1}',)),
        ({"a": {"b": 1}}, "a.b.c", ()),
        ({"a": []}, "a", ()),
        ({"a": {}}, "a", ("{}",)),
        ({}, "a.b.c", ()),
    ],
)
def test_names_of_objects_give_their_json(document: Any, path: str, values: Any) -> None:
    assert event(document).values(path) == values


def test_our_own_labels_are_no_words_of_the_event() -> None:
    found = event({"Channel": "C", "EventID": 1, "logsource": {"product": "x"}})
    assert set(found.every_value()) == {"C", 1}


def test_nulls_in_arrays_are_left_out() -> None:
    assert event({"a": [None, 1, None]}).values("a") == (1,)
    assert event({"a": None}).values("a") == ()
    assert event({"a": [None, 1]}).first("b", "a") == 1
    assert event({}).first("b", "a") is None


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({"UtcTime": "2026-01-02 03:04:05.006", "@timestamp": "2030-01-01T00:00:00Z"}, 2026),
        ({"@timestamp": "2026-01-02T03:04:05Z"}, 2026),
        ({"ts": 1767323045.5}, 2026),
        ({"date": "2026-01-02", "time": "03:04:05"}, 2026),
        ({"TimeGenerated": "broken", "eventTime": "2026-01-02T03:04:05Z"}, 2026),
    ],
)
def test_an_events_time_is_its_makers_before_its_shippers(document: Any, wanted: int) -> None:
    found = event(document).time
    assert found is not None
    assert found.year == wanted


def test_one_host_has_one_clock_though_its_collector_mistook_the_zone() -> None:
    """What Sysmon says in UTC beside a wrong time of the log would part it from other logs."""
    logged = {"TimeCreated": "2026-01-02 12:00:00.5", "@timestamp": "2026-01-02T12:00:00.5Z"}
    sysmon = {**logged, "UtcTime": "2026-01-02 05:00:00.499"}
    assert event(sysmon).time == event(logged).time
    del sysmon["TimeCreated"], sysmon["@timestamp"]
    assert (found := event(sysmon).time) is not None
    assert found.hour == 5


def test_an_event_without_a_time_has_none() -> None:
    assert event({"a": 1}).time is None


KEYS = st.sampled_from(
    ["Event", "System", "EventData", "UserData", "Data", "#text", "#attributes", "@Name", "Name",
     "Execution", "TimeCreated", "EventID", "Channel", "Provider", "Payload", "MapDescription",
     "winlog", "event_data", "event", "category", "type", "a b", "", "a.b", "logsource", "product",
     "network", "direction", "cs-method", "cs-uri-stem", "@stream", "uid", "user", "name", "host",
     "ecs", "version", "process", "hash", "md5", "EventID_attributes", "source", "ip"]
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
    | st.sampled_from(["linux", "http", "start", "10.0.0.1", 7, 17, '{"EventData":{"Data":[1]}}'])
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)
DOCUMENTS = st.dictionaries(KEYS, JSON, max_size=6)
ENVELOPES = st.one_of(
    DOCUMENTS,
    DOCUMENTS.map(lambda d: {"Event": {"System": d, "EventData": d.get("Data")}}),
    DOCUMENTS.map(lambda d: {"Event": {"System": {}, "EventData": d}}),
    DOCUMENTS.map(lambda d: {"Event": {"System": {"Data": [1]}, "UserData": d}}),
    DOCUMENTS.map(lambda d: {"winlog": {"channel": "x", "event_data": d}, "event_data": d}),
)


@settings(max_examples=200)
@given(ENVELOPES)
def test_no_event_breaks_the_reading_or_is_changed_by_it(document: dict[str, Any]) -> None:
    before = json.dumps(document)
    found = normalise(Record(document, "o"), LogSource("x", "y", "z"))
    for name in (*found.fields, "Event", "a", "a.b", "winlog.event_data"):
        assert all(isinstance(v, str | int | float | bool) for v in found.values(name)), name
    assert found.time is None or found.time.tzinfo is UTC
    related(found, entities(found))
    assert json.dumps(document) == before


@settings(max_examples=300)
@given(st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=3) | JSON, max_size=8))
def test_a_flat_document_is_taken_at_once_as_any_is_value_by_value(
    document: dict[str, Any],
) -> None:
    at_once, one_by_one = flattened(document), _flattened(document)
    assert list(at_once.items()) == list(one_by_one.items())
    for key, value in at_once.items():
        assert not isinstance(value, list) or value is not document.get(key)


def nested(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {"x": 1}
    for _ in range(levels):
        document = {"a": document}
    return document


@pytest.mark.parametrize("levels", [10, 31, 32, 100, 300, 900])
def test_deep_events_are_read(levels: int) -> None:
    found = event(nested(levels))
    path = ".".join(["a"] * min(levels, 32))
    assert found.values(path)
    assert found.values(".".join(["a"] * 600)) == ()
    assert '"x":1' in str(found.values(path)) or levels > 100


@pytest.mark.parametrize("wrap", [
    lambda items: {"x": [{"a": item} for item in items]},
    lambda items: {"Event": {"System": {}, "EventData": {"Data": items}}},
    lambda items: {"x": items},
], ids=["objects", "data", "scalars"])  # fmt: skip
def test_large_arrays_take_time_in_proportion(wrap: Any) -> None:
    start = time.process_time()
    found = event(wrap(list(range(100_000))))
    assert max(len(found.values(name)) for name in found.fields) == 100_000
    assert time.process_time() - start < 5
