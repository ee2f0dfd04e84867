"""Of a document that keeps only the paths of some fields, these have the values that they had."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.event import Event
from engine.match.expression import fields
from engine.normalise import normalise
from engine.paths import MOST, patterns
from engine.ports import Record
from engine.reads import ALWAYS, Reads
from engine.rule import RuleSet, Selection
from mitre.catalog import Catalog
from tests.engine.correlate.stream import correlation, ruleset
from tests.engine.match.scenarios import Scenario
from tests.engine.match.test_agreement import made
from tests.engine.test_run import NOW
from vedette import rulesets


def kept(document: Mapping[str, Any], paths: Sequence[str] | None) -> dict[str, Any]:
    """What servers leave of a document; as Elasticsearch reads patterns, who sees less in them."""
    assert paths is not None
    texts = [re.escape(path).replace(r"\*\*", ".*").replace(r"\*", "[^.]*") for path in paths]
    return _below(document, re.compile("|".join(text.replace("\\ ", " ") for text in texts)), "")


def _below(part: Mapping[str, Any], wanted: re.Pattern[str], path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in part.items():
        if wanted.fullmatch(path + key):
            found[key] = value
        elif isinstance(value, Mapping):
            if below := _below(value, wanted, f"{path}{key}."):
                found[key] = below
        elif isinstance(value, list):
            inside = [_below(each, wanted, f"{path}{key}.") for each in value
                      if isinstance(each, Mapping)]  # fmt: skip
            if any(inside):
                found[key] = [each for each in inside if each]
    return found


def values(event: Event, names: frozenset[str]) -> dict[str, Any]:
    return {name: found for name in names if (found := event.values(name))}


def labels(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event.fields.items() if name.startswith("logsource.")}


@given(data=st.binary(min_size=200, max_size=900))
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_read_of_a_part_is_what_is_read_of_the_whole(data: bytes) -> None:
    scenario = Scenario.of(data)
    rules = [rule for n, raw in enumerate(scenario.rules) if (rule := made(n, raw))]
    reads = Reads.of(RuleSet(rules))
    if reads.everything:
        return
    paths = patterns(reads.fields)
    detector = Detector(rules, lambda problem: None)
    maker = AlertMaker(Catalog.load(), Execution("x", "test"), namespace="default")
    for document in scenario.events:
        whole, part = (
            normalise(Record(document, "o")),
            normalise(Record(kept(document, paths), "o")),
        )
        assert values(part, reads.fields) == values(whole, reads.fields)
        assert labels(part) == labels(whole)
        assert part.time == whole.time
        alerts = [[maker.make(match, "1", NOW).document for match in detector.match(event)]
                  for event in (whole, part)]  # fmt: skip
        for alert in (*alerts[0], *alerts[1]):
            del alert["vedette"]["alert"]["source_events"]
        assert alerts[0] == alerts[1]


SHAPES: list[dict[str, Any]] = [
    {"winlog": {"channel": "Security", "event_id": "4688", "event_data": {"Threat Name": "x"}},
     "agent": {"type": "winlogbeat"}, "message": "long"},
    {"event_data": {"ThreatName": "x"}, "log_name": "Security", "event_id": 1, "message": "long"},
    {"Event": {"System": {"Channel": "Security", "EventID": 1},
               "EventData": {"Data": [{"@Name": "ThreatName", "#text": "x"}]}}, "message": "long"},
    {"MapDescription": "m", "Payload": '{"EventData": {"ThreatName": "x"}}', "message": "long"},
    {"Threat Name": "x", "message": "long"},
    {"deep": {"Threat Name": "x"}, "ThreatName": ["x"], "message": "long"},
]  # fmt: skip


@pytest.mark.parametrize("document", SHAPES)
def test_a_field_is_found_wherever_shippers_put_it_and_the_rest_is_left(
    document: dict[str, Any],
) -> None:
    names = frozenset({"ThreatName", "deep.ThreatName"})
    part = kept(document, patterns(names | ALWAYS - {"message"}))
    assert values(normalise(Record(part, "o")), names) == values(
        normalise(Record(document, "o")), names
    )
    assert values(normalise(Record(part, "o")), names)


def test_what_is_left_out_is_what_nobody_reads() -> None:
    document = {"winlog": {"event_data": {"Image": "x", "Junk": "y"}, "channel": "c"}, "tags": [1],
                "event": {"original": "z" * 100}}  # fmt: skip
    assert kept(document, patterns({"Image"})) == {
        "winlog": {"event_data": {"Image": "x"}, "channel": "c"}
    }


def test_correlations_and_routes_are_read_too(tmp_path: Path) -> None:
    many = correlation("Many", type="value_count", rules=["a"], group_by=["who"], timespan="3m",
                       condition={"field": "what", "gte": 3}, generate=True)  # fmt: skip
    found = Reads.of(ruleset(tmp_path, many))
    assert {"who", "what", "kind", "logsource.product"} <= found.fields
    assert found.everything == ()


def test_a_rule_that_searches_every_value_is_named() -> None:
    rule = made(0, {"title": "r", "logsource": {"product": "windows"},
                    "detection": {"s": ["mimikatz"], "condition": "s"}})  # fmt: skip
    assert rule
    assert Reads.of(RuleSet([rule])).everything == ("generated",)


def test_the_projects_own_rules_read_no_more_than_servers_take() -> None:
    rules = rulesets.load([], Selection())
    assert patterns(Reads.of(rules).fields)
    for rule in rules.rules:
        for binding in rule.bindings:
            assert fields(binding.body) <= Reads.of(RuleSet([rule])).fields


def test_of_very_many_fields_the_data_is_kept_whole_and_of_too_many_all() -> None:
    many = patterns({f"field{n}" for n in range(MOST // 2)})
    assert many is not None
    assert len(many) <= MOST
    assert kept({"winlog": {"event_data": {"Junk": 1}}}, many) == {
        "winlog": {"event_data": {"Junk": 1}}
    }
    assert patterns({f"field{n}" for n in range(MOST)}) is None
