"""Who and what an event is about, in the types that ECS gives its fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.entities import FIELDS, MAX_RELATED, cut, entities, nest, related
from tests.engine.helpers import event


def of(document: dict[str, Any]) -> dict[str, Any]:
    return entities(event(document))


def test_a_windows_process_event() -> None:
    found = of(
        {"Computer": "WS01", "User": "CORP\\bob", "Image": "C:\\a\\cmd.exe", "CommandLine": "x",
         "ProcessId": "0x1f", "ParentImage": "/bin/sh", "ParentProcessId": 7}
    )  # fmt: skip
    assert found == {
        "host": {"name": "WS01", "hostname": "WS01"},
        "user": {"name": "bob", "domain": "CORP"},
        "process": {
            "executable": "C:\\a\\cmd.exe", "name": "cmd.exe", "command_line": "x", "pid": 31,
            "parent": {"executable": "/bin/sh", "pid": 7},
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        (" 10.0.0.1 ", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::1", "::1"),
    ],
)
def test_addresses_are_such_as_an_ip_field_takes(value: str, address: str) -> None:
    assert of({"SourceIp": value})["source"]["ip"] == address


@pytest.mark.parametrize("value", ["-", "", "LOCAL", "10.0.0", 167772161, True, "1.1.1.1:80", None])
def test_what_is_no_address_is_left_out(value: Any) -> None:
    assert of({"SourceIp": value}) == {}


def test_the_first_name_that_has_a_good_value_wins() -> None:
    assert of({"SourceIp": "-", "IpAddress": "10.0.0.2"})["source"]["ip"] == "10.0.0.2"
    assert of({"SourceIp": ["-", "10.0.0.3"]})["source"]["ip"] == "10.0.0.3"


@pytest.mark.parametrize("value", [-1, 1 << 63, "x", "", "1.5", True, None, "9" * 5000])
def test_what_is_no_whole_number_is_left_out(value: Any) -> None:
    assert of({"ProcessId": value}) == {}


@pytest.mark.parametrize(
    ("document", "user"),
    [
        ({"User": "CORP\\bob"}, {"name": "bob", "domain": "CORP"}),
        ({"User": "bob"}, {"name": "bob"}),
        ({"User": "\\bob"}, {"name": "\\bob"}),
        ({"User": "CORP\\"}, {"name": "CORP\\"}),
        ({"TargetUserName": "eve", "TargetDomainName": "D"}, {"name": "eve", "domain": "D"}),
        ({"TargetUserName": "eve", "TargetDomainName": "-"}, {"name": "eve"}),
        ({"EventID": 4624, "SubjectUserName": "SYSTEM", "SubjectDomainName": "NT",
          "TargetUserName": "eve", "TargetDomainName": "D"}, {"name": "eve", "domain": "D"}),
        ({"EventID": 4688, "SubjectUserName": "bob", "SubjectDomainName": "D",
          "TargetUserName": "-", "TargetDomainName": "-"}, {"name": "bob", "domain": "D"}),
    ],
)  # fmt: skip
def test_users_and_their_domains(document: dict[str, Any], user: dict[str, str]) -> None:
    assert of(document)["user"] == user


def test_a_folder_is_no_process_name() -> None:
    assert "name" not in of({"Image": "C:\\"})["process"]


def test_related_names_everyone_once_and_not_without_end() -> None:
    document = {
        "SourceIp": "10.0.0.1", "DestinationIp": "10.0.0.1", "TargetUserName": "eve",
        "SubjectUserName": "bob", "Computer": "ws", "QueryName": "evil.test",
        "Hashes": f"MD5={'A' * 32},SHA256={'b' * 64},IMPHASH=0",
    }  # fmt: skip
    at = event(document)
    assert related(at, entities(at)) == {
        "ip": ["10.0.0.1"], "user": ["eve", "bob"], "hosts": ["ws", "evil.test"],
        "hash": ["a" * 32, "b" * 64],
    }  # fmt: skip
    many = event({"Hashes": " ".join(f"{i:032x}" for i in range(500))})
    assert len(related(many, {})["hash"]) == MAX_RELATED
    assert related(event({}), {}) == {}


@given(st.text(max_size=200), st.integers(40, 100))
def test_a_cut_text_keeps_to_its_limit_and_says_how_much_is_gone(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    if len(text) <= limit:
        assert short == text
    else:
        kept, _, gone = short.rpartition("… [cut: ")
        assert text.startswith(kept)
        assert gone == f"{len(text) - len(kept)} more characters]"


@given(st.dictionaries(
    st.sampled_from(sorted({name for names in FIELDS.values() for name in names})),
    st.text(max_size=5) | st.integers() | st.floats() | st.booleans() | st.none(),
    max_size=6,
))  # fmt: skip
def test_every_entity_has_the_type_that_ecs_gives_it(document: dict[str, Any]) -> None:
    found = of(document)
    for side in ("source", "destination"):
        assert isinstance(found.get(side, {}).get("port", 0), int)
    assert isinstance(found.get("process", {}).get("pid", 0), int)
    for part in ("host", "user", "file", "url", "registry"):
        assert all(isinstance(value, str) for value in found.get(part, {}).values())


def test_dotted_names_nest() -> None:
    assert nest({"a.b": 1, "a.c.d": 2, "e": 3}) == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
