"""Which events a rule is asked about: the same that pySigma's pipelines say."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.exceptions import SigmaError
from sigma.pipelines.base import Pipeline
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from engine import logsource
from engine.event import Event
from engine.kinds import LogSource
from engine.logsource import _AUDITED, _ways, bind
from engine.match.expression import And, Or, fields
from engine.match.expression import Test as Asked
from engine.match.pattern import Pattern
from engine.match.predicates import Number, Text
from engine.match.reference import holds
from engine.match.translate import UntranslatableError, translate
from tests.engine.helpers import event, loaded, match_all, rule

SYSMON = "Microsoft-Windows-Sysmon/Operational"
CATEGORIES = (
    "process_creation", "registry_set", "registry_event", "registry_add", "registry_delete",
    "network_connection", "dns_query", "file_event", "image_load", "process_access",
    "pipe_created", "ps_script", "ps_module", "ps_classic_start", "driver_load", "wmi_event",
    "create_remote_thread",
)  # fmt: skip
SERVICES = (
    "security",
    "system",
    "application",
    "powershell",
    "sysmon",
    "taskscheduler",
    "windefend",
)


def sigma(source: dict[str, str], selection: Any, condition: str = "selection") -> SigmaRule:
    detection = {"selection": selection, "filter": {"User": "x"}, "condition": condition}
    return SigmaRule.from_dict({"title": "x", "logsource": source, "detection": detection})


def whole(rule: SigmaRule, name: str) -> Any:
    """The rule with the whole pipeline of that way applied, condition and all."""
    source = LogSource(rule.logsource.product, rule.logsource.service, rule.logsource.category)
    copy = deepcopy(rule)
    dict(_ways(source))[name].apply(copy)
    parts = [translate(condition.parsed) for condition in copy.detection.parsed_condition]
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def agree(rule: SigmaRule, events: list[Event]) -> int:
    """Assert that route and body of each binding mean the whole rule.

    Returns how often an event was of the rule's log source.
    """
    routed = 0
    for binding in bind(rule):
        wanted = whole(rule, binding.name)
        for at in events:
            found = holds(binding.route, at) and holds(binding.body, at)
            assert found is holds(wanted, at), (binding.name, at.fields)
            assert found is holds(binding.expression, at)
            routed += holds(binding.route, at)
    return routed


SOURCES = st.one_of(
    st.sampled_from(CATEGORIES).map(lambda name: {"product": "windows", "category": name}),
    st.sampled_from(SERVICES).map(lambda name: {"product": "windows", "service": name}),
    st.sampled_from([{"product": "windows"}, {"category": "proxy"}, {"product": "linux"}]),
    st.just({"product": "windows", "category": "process_creation", "service": "security"}),
)
CHANNELS = st.sampled_from(
    [SYSMON, "Security", "System", "Microsoft-Windows-PowerShell/Operational"]
)
EVENTS = st.fixed_dictionaries(
    {"Image": st.sampled_from(["a", "b"])},
    optional={
        "Channel": CHANNELS,
        "EventID": st.sampled_from([1, 3, 7, 10, 11, 12, 13, 14, 22, 4688, 4657, 4104, 4103]),
        "EventType": st.sampled_from(["SetValue", "DeleteKey", "CreateKey"]),
        "NewProcessName": st.sampled_from(["a", "b"]),
        "OperationType": st.sampled_from(["%%1904", "%%1905"]),
        "User": st.sampled_from(["x", "y"]),
        "logsource.category": st.sampled_from(["proxy", "process_creation"]),
    },
)


@settings(max_examples=200)
@given(SOURCES, EVENTS, st.sampled_from(["selection", "not selection", "selection and not filter",
                                         "selection or filter", "1 of them"]))  # fmt: skip
def test_route_and_body_mean_the_rule_with_its_pipeline(
    source: dict[str, str], document: dict[str, Any], condition: str
) -> None:
    agree(sigma(source, {"Image": "a"}, condition), [event(document)])


@given(SOURCES, EVENTS)
def test_a_route_depends_on_nothing_that_the_rule_asks(
    source: dict[str, str], document: dict[str, Any]
) -> None:
    one, other = sigma(source, {"Image": "a"}), sigma(source, {"EventID": 5, "Channel": "x"})
    routes = {binding.name: binding.route for binding in bind(one)}
    assert {b.name: b.route for b in bind(other)}.items() <= routes.items()
    at = event(document)
    assert all(holds(b.route, at) is holds(routes[b.name], at) for b in bind(other))


def ways(source: dict[str, str], selection: Any = None) -> list[str]:
    return [binding.name for binding in bind(sigma(source, selection or {"Image": "a"}))]


def test_the_ways_of_log_sources() -> None:
    windows = {"product": "windows"}
    assert ways({**windows, "category": "process_creation"}) == [
        "sysmon",
        "windows-audit",
        "labels",
    ]
    registry = rule(
        logsource={**windows, "category": "registry_event"},
        detection={"s": {"TargetObject": "a"}, "condition": "s"},
    )
    names = [binding.name for binding in bind(SigmaRule.from_dict(registry))]
    assert names == ["sysmon", "windows-audit", "labels"]
    assert ways({**windows, "category": "image_load"}) == ["sysmon", "labels"]
    assert ways({**windows, "category": "ps_script"}) == ["windows", "labels"]
    assert ways({**windows, "service": "security"}) == ["windows", "labels"]
    assert ways({"category": "proxy"}) == ["labels"]
    assert ways({"product": "linux", "category": "process_creation"}) == ["labels"]


def test_audit_events_are_left_out_where_they_lack_a_field_that_the_rule_needs() -> None:
    registry = {"product": "windows", "category": "registry_event"}
    assert ways(registry, {"Image": "a"}) == ["sysmon", "labels"]


def only(folder: Path, source: dict[str, str], selection: Any) -> Any:
    detection = {"selection": selection, "condition": "selection"}
    return loaded(folder, rule(logsource=source, detection=detection))


REGISTRY = {
    "Channel": SYSMON,
    "EventID": 13,
    "EventType": "SetValue",
    "TargetObject": "HKLM\\SOFTWARE\\Run\\x",
    "Details": "evil.exe",
}


def test_one_registry_event_is_of_two_categories(tmp_path: Path) -> None:
    detection = {"selection": {"TargetObject|contains": "\\Run\\"}, "condition": "selection"}
    categories = ["registry_event", "registry_set", "registry_add", "registry_delete", "file_event"]
    rules = loaded(tmp_path, *(
        rule(name, logsource={"product": "windows", "category": name}, detection=detection)
        for name in categories
    ))  # fmt: skip
    assert [m.rule.title for m in match_all(rules, REGISTRY)] == ["registry_event", "registry_set"]
    created = {**REGISTRY, "EventID": 12, "EventType": "CreateKey"}
    found = [m.rule.title for m in match_all(rules, created)]
    assert found[:2] == ["registry_event", "registry_add"]
    assert "registry_set" not in found


def test_process_creation_is_seen_by_sysmon_and_by_the_audit_log(tmp_path: Path) -> None:
    selection = {"Image|endswith": "\\cmd.exe", "CommandLine|contains": "whoami",
                 "ParentImage|endswith": "\\w3wp.exe"}  # fmt: skip
    rules = only(tmp_path, {"product": "windows", "category": "process_creation"}, selection)
    sysmon = {"Channel": SYSMON, "EventID": 1, "Image": "C:\\cmd.exe", "CommandLine": "cmd whoami",
              "ParentImage": "C:\\w3wp.exe"}  # fmt: skip
    audit = {"Channel": "Security", "EventID": "4688", "NewProcessName": "C:\\cmd.exe",
             "CommandLine": "cmd whoami", "ParentProcessName": "C:\\w3wp.exe"}  # fmt: skip
    assert [m.binding for m in match_all(rules, sysmon)] == ["sysmon"]
    assert [m.binding for m in match_all(rules, audit)] == ["windows-audit"]
    assert not match_all(rules, {**audit, "ParentProcessName": "C:\\x.exe"})
    assert not match_all(rules, {**sysmon, "EventID": 5})


@pytest.mark.parametrize(
    ("category", "document"),
    [
        ("ps_script", {"Channel": "Microsoft-Windows-PowerShell/Operational", "EventID": 4104}),
        ("ps_script", {"Channel": "PowerShellCore/Operational", "EventID": 4104}),
        ("ps_module", {"Channel": "Microsoft-Windows-PowerShell/Operational", "EventID": 4103}),
        ("ps_classic_start", {"Channel": "Windows PowerShell", "EventID": 400}),
        ("ps_classic_provider_start", {"Channel": "Windows PowerShell", "EventID": 600}),
        ("network_connection", {"Channel": SYSMON, "EventID": 3}),
        ("dns_query", {"Channel": SYSMON, "EventID": 22}),
        ("pipe_created", {"Channel": SYSMON, "EventID": 17}),
        ("pipe_created", {"Channel": SYSMON, "EventID": 18}),
        ("process_access", {"Channel": SYSMON, "EventID": 10}),
        ("image_load", {"Channel": SYSMON, "EventID": 7}),
        ("file_event", {"Channel": SYSMON, "EventID": 11}),
        ("wmi_event", {"Channel": SYSMON, "EventID": 20}),
    ],
)
def test_windows_categories_by_channel_and_event_id(
    category: str, document: dict[str, Any], tmp_path: Path
) -> None:
    rules = only(tmp_path, {"product": "windows", "category": category}, {"x": 1})
    assert match_all(rules, {**document, "x": 1})
    assert not match_all(rules, {**document, "EventID": 9999, "x": 1})
    assert not match_all(rules, {**document, "Channel": "Other", "x": 1})


def test_a_route_reads_only_what_tells_log_sources_apart() -> None:
    for category in CATEGORIES:
        for binding in bind(sigma({"product": "windows", "category": category}, {"Image": "a"})):
            assert fields(binding.route) <= {
                "Channel", "EventID", "EventType", "OperationType", "logsource.product",
                "logsource.category", "logsource.service", "Provider_Name", "Source",
            }, category  # fmt: skip


def test_every_audited_category_has_that_way() -> None:
    for category in _AUDITED:
        assert "windows-audit" in dict(_ways(LogSource("windows", None, category)))


def sample(folder: Path, count: int) -> Iterator[Event]:
    """Events spread over the recordings, the same on each run."""
    chosen = random.Random(7)
    for file in sorted(folder.glob("*.zst"))[::9]:
        done = subprocess.run(["zstd", "-dcq", str(file)], capture_output=True, check=True)
        lines = done.stdout.splitlines()
        for line in chosen.sample(lines, min(count, len(lines))):
            yield event(json.loads(line))


def test_a_copy_for_a_pipeline_is_as_a_deep_one_and_leaves_the_rule_as_it_is() -> None:
    rule = sigma(
        {"product": "windows", "category": "process_creation"},
        [{"CommandLine|windash|contains": ["-a", "-b"]}, {"Image|re": "x+"}, {"ParentImage": None}],
    )
    before = deepcopy(rule)
    for name, way in logsource.ways(rule):
        same = deepcopy(before)
        pipeline = dict(_ways(LogSource("windows", None, "process_creation")))[name]
        if name != logsource.LABELS:
            pipeline.apply(same)
        assert way.to_dict() == same.to_dict(), name
        assert translate(way.detection.parsed_condition[0].parsed) == translate(
            same.detection.parsed_condition[0].parsed
        )
    assert rule.to_dict() == before.to_dict()
    assert rule.applied_processing_items == set()


@pytest.mark.shared
def test_public_rules_on_public_events_mean_what_their_pipelines_say(shared_data: Path) -> None:
    files = sorted((shared_data / "sigmahq" / "rules" / "windows").rglob("*.yml"))
    events = list(sample(shared_data / "otrf", 8))
    assert len(events) > 50
    rules = random.Random(7).sample(files, 300)
    asked, routed = 0, 0
    for file in rules:
        try:
            parsed = SigmaRule.from_yaml(file.read_text(encoding="utf-8"))
            routed += agree(parsed, events)
        except (SigmaError, UntranslatableError, yaml.YAMLError):
            continue
        asked += 1
    assert asked > 290
    assert routed > 200


def test_pipelines_that_others_install_do_not_change_what_events_a_rule_is_for() -> None:
    """Any function under pySigma's decorator `Pipeline` takes the place of those before it."""

    @Pipeline
    def another() -> ProcessingPipeline:
        return ProcessingPipeline()

    assert another is not None
    logsource._route.cache_clear()
    logsource._ways.cache_clear()
    source = LogSource("windows", None, "process_creation")
    assert logsource._route("sysmon", source) == And(
        (
            Asked("Channel", Text(Pattern(("microsoft-windows-sysmon/operational",)))),
            Asked("EventID", Number(1)),
        )
    )
