"""Documents as Winlogbeat ships them are told of before they are parsed, too, and rightly."""

from __future__ import annotations

import os
import random
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.detect import Detector, ReferenceGroup
from engine.match.lines import REFUSALS, Lines
from engine.rule import Rule
from tests.engine.match.choices import Choices
from tests.engine.match.test_agreement import asked, made, reasons

pytestmark = pytest.mark.usefixtures("both_ways")

EXAMPLES = int(os.environ.get("VEDETTE_TEST_EXAMPLES", "2000")) // 10

CHANNEL = "Microsoft-Windows-Sysmon/Operational"
FIELDS = [
    "Image", "CommandLine", "OriginalFileName", "User", "Hashes", "ImageLoaded", "PipeName",
    "Initiated", "DestinationIp", "TargetFilename", "Provider_Name", "Computer", "QueryName",
    "a.b", "process.executable", "user.name", "winlog.event_data.Image", "event", "ThreatName",
]  # fmt: skip
"""Those that have their value from several places, and some that are places themselves."""

LIKELY = ["winlog.event_data.Image", "process.executable", "ecs.version", "user.name", "file.path",
          "winlog.event_data.CommandLine", "process.command_line", "network.direction",
          "destination.ip", "event.category", "winlog.computer_name", "dll.path"]  # fmt: skip
PLACES = [
    *(f"winlog.event_data.{name}" for name in FIELDS),
    *FIELDS,
    "winlog.event_data.Threat Name", "winlog.event_data.process.executable", "event_data.Image",
    "winlog.user_data.Image", "winlog.provider_name", "winlog.computer_name", "host.name",
    "SourceName", "winlog.event_data.SourceName", "event.provider", "event.code",
    "process.executable", "process.command_line", "process.pe.original_file_name",
    "dll.pe.original_file_name", "dll.path", "file.path", "file.name", "user.name", "user.domain",
    "process.hash.md5",
    "process.pe.imphash", "destination.ip", "network.direction", "dns.question.name",
    "event.category", "ecs.version", "agent.type", "message", "logsource.product",
    "winlog.event_data.EventID", "winlog.event_data.Channel", "Payload", "MapDescription",
]  # fmt: skip
VALUES: list[Any] = ["evil", "evil", "good", "x evil", "", "egress", "process", None]
ODD: list[Any] = [7, ["evil"], True, {"b": "evil"}, [{"b": "evil"}], 1 << 63, "\0"]


def put(document: dict[str, Any], place: str, value: Any, spelling: int) -> None:
    """Write a value; `spelling` says which dots of its place are objects."""
    keys = place.split(".")
    while len(keys) > 1:
        spelling, nested = divmod(spelling, 2)
        inner = document.setdefault(keys[0], {}) if not nested else None
        if isinstance(inner, dict):
            document = inner
            keys = keys[1:]
        else:
            keys = [f"{keys[0]}.{keys[1]}", *keys[2:]]
    document[keys[0]] = value


def value(c: Choices) -> Any:
    return c.of(ODD) if c.seldom(12) else c.of(VALUES)


def family(c: Choices) -> list[dict[str, Any]]:
    """Documents that have much in common."""
    places = c.several(1, 5, lambda: c.of(PLACES if c.seldom(2) else LIKELY))
    spelling = c.of([0, 0, 31])
    return c.several(2, 6, lambda: document(c, places, spelling))


def document(c: Choices, places: list[str], spelling: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place in places:
        if not c.seldom(6):
            put(found, place, value(c), spelling)
    if c.seldom(4):
        put(found, c.of(PLACES), value(c), c.of([spelling, spelling, c.below(8)]))
    put(found, "winlog.channel", CHANNEL, spelling)
    put(found, "winlog.event_id", c.of([1, 1, 1, 7, 17, "1"]), spelling)
    return found if c.seldom(2) else dict(reversed(found.items()))


def rules(c: Choices) -> list[Rule]:
    """Some that read few fields, so that not every oddity matters to them."""
    fields = c.several(1, 4, lambda: c.of(FIELDS))
    selections: list[Any] = [{f"{name}|contains": "evil"} for name in fields]
    selections += [{name: None} for name in fields]
    selections.append({f"{fields[0]}|endswith": "evil", fields[-1]: None})
    if c.seldom(4):
        selections += [["keyword evil"], {"Initiated": "true"}, {"Hashes|contains": "MD5=evil"}]
    found = [
        made(n, {"title": f"r{n}", "logsource": {"product": "windows"},
                 "detection": {"s": selection, "condition": "s"}})
        for n, selection in enumerate(selections)
    ]  # fmt: skip
    return [rule for rule in found if rule]


@given(st.binary(min_size=100, max_size=400).map(Choices))
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_is_told_of_a_nested_document_is_what_the_reference_says(c: Choices) -> None:
    """The plan of one document is asked of all that are of its kind."""
    asking, found = rules(c), family(c)
    fast = Detector(asking, lambda problem: None, patience=0)
    slow = Detector(asking, lambda problem: None, ReferenceGroup)
    for event in (*found, *found):
        assert reasons(fast, event, orjson.dumps(event)) == reasons(slow, event, None), event


def test_what_is_made_up_here_is_worth_asking() -> None:
    rnd, told, some, total = random.Random(3), 0, 0, 0
    for _ in range(40):
        c = Choices(rnd.randbytes(400))
        fast = Detector(rules(c), lambda problem: None, patience=0)
        for event in family(c):
            found = fast.candidates(orjson.dumps(event))
            total += 1
            told += found is not None
            some += bool(found)
    assert told > 0.3 * total
    assert some > 0.1 * total


NESTED: dict[str, Any] = {
    "winlog": {"channel": CHANNEL, "event_id": 1, "event_data": {"Other": "x"}},
    "ecs": {"version": "8.0.0"},
    "host": {"name": "h"},
}
DOTTED: dict[str, Any] = {
    "winlog.channel": CHANNEL,
    "winlog.event_id": 1,
    "winlog.event_data.Other": "x",
    "ecs.version": "8.0.0",
    "host.name": "h",
}
CATEGORY = {"product": "windows", "category": "process_creation"}


def detector() -> Detector:
    detection = {"s": {"Image|endswith": "\\evil.exe"}, "condition": "s"}
    rule = made(0, {"title": "r", "logsource": CATEGORY, "detection": detection})
    assert rule
    return Detector([rule], lambda problem: None, patience=0)


def told(fast: Detector, document: dict[str, Any]) -> int | None:
    found = fast.candidates(orjson.dumps(document))
    return None if found is None else len(found)


@pytest.mark.parametrize("place", ["winlog.event_data.Image", "process.executable"])
@pytest.mark.parametrize(("base", "spelling"), [(NESTED, 0), (DOTTED, 31)])
def test_a_value_is_found_where_the_document_has_it(
    place: str, base: dict[str, Any], spelling: int
) -> None:
    fast = detector()
    for _ in range(2):
        for image, found in (("C:\\EVIL.exe", 1), ("C:\\good.exe", 0), (None, 0)):
            document = deepcopy(base)
            put(document, place, image, spelling)
            assert told(fast, document) == found
        assert told(fast, base) == 0


@pytest.mark.parametrize("base", [NESTED, DOTTED])
@pytest.mark.parametrize(
    "change",
    [
        {"Event": {"System": {}}},
        {"MapDescription": "x", "Payload": '{"EventData": {"Image": "C:\\\\evil.exe"}}'},
        {"logsource": {"product": "linux"}},
        {"logsource.product": "linux"},
        {"_source": {"Image": "C:\\evil.exe"}},
        {"Records": []},
        {"Image": {"a": 1}},
        {"Image": ["C:\\evil.exe"]},
        {"winlog.event_data": {"Image": "C:\\evil.exe"}},
        {"process.executable": ["C:\\evil.exe"]},
        {"process": [{"executable": "C:\\evil.exe"}]},
        {"Ima ge": "C:\\evil.exe"},
    ],
)
def test_what_few_values_of_a_nested_document_cannot_tell_is_left_to_others(
    base: dict[str, Any], change: dict[str, Any]
) -> None:
    fast = detector()
    assert told(fast, base) == 0
    assert told(fast, base | change) is None


def test_both_spellings_of_a_name_are_left_to_others() -> None:
    fast = detector()
    assert told(fast, NESTED) == told(fast, DOTTED) == 0
    nested, dotted = deepcopy(NESTED), deepcopy(DOTTED)
    nested["winlog"]["event_data.Image"] = "C:\\evil.exe"
    assert told(fast, nested) is None
    assert told(fast, dotted | {"winlog": {"event_data": {"Image": "C:\\evil.exe"}}}) is None
    assert told(fast, dotted | {"process": {"executable": "C:\\evil.exe"}}) is None
    assert told(fast, NESTED | {"winlog.event_data.Image": "C:\\evil.exe"}) is None
    assert told(fast, NESTED | {"process.executable": "C:\\evil.exe"}) is None


def test_the_event_s_data_stand_in_one_place() -> None:
    fast = detector()
    for other in ("winlog.user_data.Image", "event_data.Image"):
        assert told(fast, DOTTED | {other: "C:\\evil.exe"}) is None
        assert told(fast, DOTTED) == 0
        assert told(fast, DOTTED | {other: "C:\\evil.exe"}) is None
    data = {name: DOTTED[name] for name in DOTTED if "event_data" not in name}
    data["winlog.user_data.Image"] = "C:\\evil.exe"
    assert told(detector(), data) == 1
    assert told(detector(), data | {"winlog.event_data.Image": "C:\\good.exe"}) is None


@pytest.mark.parametrize("direction", ["egress", "ingress", None])
def test_a_direction_that_is_null_is_none(direction: str | None) -> None:
    detection = {"s": {"Initiated": None}, "condition": "s"}
    rule = made(0, {"title": "r", "logsource": CATEGORY, "detection": detection})
    assert rule
    fast = Detector([rule], lambda problem: None, patience=0)
    slow = Detector([rule], lambda problem: None, ReferenceGroup)
    for given_direction in ("egress", direction):
        document = NESTED | {
            "network": {"direction": given_direction},
            "destination": {"ip": "10.0.0.1"},
        }
        found = asked(fast, document, orjson.dumps(document))
        assert found == asked(slow, document, None)
        assert bool(found) is (given_direction is None)


def test_documents_whose_keys_come_in_another_order_are_of_one_plan() -> None:
    """Go's maps have none."""
    fast, rnd = detector(), random.Random(1)
    for number in range(50):
        data = {"Image": f"C:\\{number}.exe", "CommandLine": "x", "ProcessId": 1}
        document = NESTED | {"winlog": {**NESTED["winlog"], "event_data": data}}
        keys = rnd.sample(list(document), len(document))
        assert told(fast, {key: document[key] for key in keys}) == 0
    assert fast.misses() == 50


def test_lines_that_are_parsed_in_vain_are_not_parsed_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast = detector()
    learnt: list[bytes] = []
    learn = Lines._learn

    def learning(lines: Lines[Any], line: bytes) -> Any:
        learnt.append(line)
        return learn(lines, line)

    monkeypatch.setattr(Lines, "_learn", learning)
    odd = NESTED | {"Event": 1}
    for _ in range(3 * REFUSALS):
        assert told(fast, odd) is None
    assert len(learnt) <= REFUSALS + 3
    assert told(fast, NESTED) in (0, None)
