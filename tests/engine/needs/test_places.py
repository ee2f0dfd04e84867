"""The values of every field come from where they are said to stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.ecs import ECS, MADE, READ
from engine.kinds import ZEEK_NAMES
from engine.match.pattern import Pattern
from engine.match.predicates import Text, as_text
from engine.needs.places import RENAMED, Places, places
from engine.needs.rules import ALSO
from engine.needs.test import Test as Asked
from engine.needs.test import spellings
from engine.normalise import ALIASES, DATA, WINLOGBEAT, normalise
from engine.ports import Record
from tests.engine.match.scenarios import Scenario
from tests.engine.needs.index import leaves, objects
from tests.engine.shapes import SHAPES, Windows

NAMES = sorted(
    {*ALIASES, *ECS, *MADE, *READ, *RENAMED, "Threat Name", "Log Name", "Event ID", "a.b", "uid",
     "ecs.version", "agent.type", "winlog.channel", "@stream", "_path", "event.dataset", "Payload",
     "MapDescription", "logsource.product", "host.os.type", "Image", "User", "DestinationIp"}
    | {other for table in (ALIASES, WINLOGBEAT) for others in table.values() for other in others}
    | {name for pair in ZEEK_NAMES for name in pair}
)  # fmt: skip
names = st.builds(
    lambda before, name: before + name,
    st.sampled_from(["", "", *(f"{data}." for data in DATA), "deep."]),
    st.sampled_from(NAMES),
)
TEXTS = ["x", "y", "http", "dns", "zeek", "windows", "linux", "network", "egress",
         '{"EventData": {"Image": "x"}}', "4.0"]  # fmt: skip
scalars = st.sampled_from([*TEXTS, 7, 17, 1, 4.0, True, None])
values = st.one_of(scalars, scalars, scalars, st.lists(scalars, max_size=2), st.builds(dict))

SEEN: list[dict[str, Any]] = [
    {}, {}, {"event.category": "library", "EventID": 7, "file.path": "z"},
    {"ecs.version": "8.0", "EventID": 17, "file.name": "z"},
    {"@stream": "http", "uid": "x"}, {"winlog.channel": "x", "agent.type": "winlogbeat"},
]  # fmt: skip
"""What makes `normalise` look for more names."""


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Names of all shippers among each other, with dots or as objects."""
    found = dict(draw(st.sampled_from(SEEN)))
    for name, value in draw(st.lists(st.tuples(names, values), max_size=7)):
        if draw(st.booleans()):
            found[name] = value
            continue
        *above, last = name.split(".")
        inner = found
        for key in above:
            below = inner.setdefault(key, {})
            inner = below if isinstance(below, dict) else {}
        inner[last] = value
    return found


def check(document: Mapping[str, Any]) -> None:
    """Every value of every field stands in one of its places, spelled as it may be."""
    indexed: dict[str, set[str]] = {}
    for name, text in leaves(document):
        indexed.setdefault(name, set()).update(as_text(s) for s in spellings(text))
    if any(text.startswith("{") for text in indexed.get("Payload", ())):
        return  # one of `ALSO`
    found = Places(indexed, set(objects(document)))
    event = normalise(Record(document, "o"))
    for field in {*event.fields, *objects(document)}:
        if field.startswith("logsource."):
            continue
        wanted = {as_text(value) for value in event.values(field)}
        where = found.of(field)
        if where is not None:
            assert wanted <= {text for name in where for text in indexed[name]}, field


@given(document=documents())
@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_values_of_fields_stand_in_their_places(document: dict[str, Any]) -> None:
    check(document)


@given(data=st.binary(min_size=200, max_size=700))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_so_they_do_in_all_events_that_rules_are_tested_with(data: bytes) -> None:
    for document in Scenario.of(data).events:
        check(document)


SYSMON = Windows("Microsoft-Windows-Sysmon/Operational", 1, "Microsoft-Windows-Sysmon", "pc", 3,
                 "2026-11-23T02:30:00Z", {"Image": "a.exe", "ProcessId": "4"})  # fmt: skip
EVTX = {"evtx", "evtx_qualified", "evtx_attributes_apart", "evtx_data_list", "user_data",
        "xmltodict"}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_so_they_do_in_the_shape_of_every_shipper(shape: str) -> None:
    document = SHAPES[shape](SYSMON)
    check(document)
    found = Places({name for name, _ in leaves(document)})
    if shape in EVTX:
        assert found.of("Channel") is None
    elif shape != "evtxecmd":
        assert all(found.of(field) for field in ("Channel", "EventID", "Provider_Name", "Image"))


def test_a_field_is_looked_for_under_all_names_that_shippers_have() -> None:
    leaves = {"Image", "winlog.event_data.Image", "process.executable", "image", "Computer",
              "winlog.event_data.Process Name", "Hostname"}  # fmt: skip
    assert places("Image", leaves) == leaves - {"image", "winlog.event_data.Process Name",
                                                "Computer", "Hostname"}  # fmt: skip
    assert places("ProcessName", leaves) == {"winlog.event_data.Process Name"}
    assert places("Computer", leaves) == {"Computer", "Hostname"}
    assert places("CommandLine", leaves) == frozenset()


def test_what_is_an_object_or_made_of_several_values_is_not_known() -> None:
    assert Places({"requestParameters.name"}).of("requestParameters") is None
    assert Places({"a"}, {"requestParameters"}).of("requestParameters") is None
    assert Places({"user.name"}).of("User") is None
    assert Places({"winlog.event_data.process.hash.md5"}).of("Hashes") is None
    assert Places({"User"}).of("User") == {"User"}


def contains(text: str) -> Asked:
    return Asked(Text(Pattern(("", text, ""))))


def test_words_are_looked_for_in_all_values_and_those_made_of_several() -> None:
    apart = Places({"a", "user.name", "user.domain"})
    assert apart.words(contains("mimikatz")) == {"a", "user.name", "user.domain"}
    assert apart.words(contains("corp\\admin")) is None
    assert apart.words(contains("sha1")) is None
    assert Places({"a"}).words(contains("corp\\admin")) == {"a"}


PARTS = sorted({"DestinationIp", "note", *(part for parts in MADE.values() for part in parts)})
joined = st.dictionaries(
    st.sampled_from(PARTS),
    st.sampled_from(["admin", "corp", "abc", "egress", 5, None, True, ["admin", None], [None], []]),
)


@given(
    document=joined,
    text=st.sampled_from(["admin", "corp\\admin", "sha", "c,s", "5", "true", "bc", "none", "'",
                          "rp", "md5=a", "egress"]),
)  # fmt: skip
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_word_of_several_values_is_one_of_a_value(document: dict[str, Any], text: str) -> None:
    document = {**document, "ecs.version": "8.0"}
    where = Places(dict(leaves(document)), set(objects(document))).words(contains(text))
    event = normalise(Record(document, "o"))
    if any(text in as_text(value).lower() for value in event.every_value()) and where is not None:
        assert any(text in found.lower() for name, found in leaves(document) if name in where)


def test_documents_that_may_mean_anything_are_told() -> None:
    (one,) = ALSO
    assert one.field == "Payload"
    assert one.test.holds('{"EventData": {}}')
    assert not one.test.holds("text")
