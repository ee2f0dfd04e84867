"""What pySigma's tools are told of a rule is what the engine evaluates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sigma.backends.vedette import VedetteBackend
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaFeatureNotSupportedByBackendError
from sigma.pipelines.vedette import vedette_labels
from sigma.plugins import InstalledSigmaPlugins
from sigma.rule import SigmaRule

from engine.logsource import bind


def rules(**detection: Any) -> SigmaCollection:
    rule = {
        "title": "A rule",
        "logsource": {"product": "windows", "category": "process_creation"},
        "detection": detection,
    }
    return SigmaCollection.from_dicts([rule])


def test_it_is_discovered_with_its_pipeline() -> None:
    found = InstalledSigmaPlugins.autodiscover(include_validators=False)
    assert found.backends["vedette"] is VedetteBackend
    assert "vedette_labels" in found.pipelines


def test_the_text_has_every_way_and_what_is_asked_there() -> None:
    (text,) = VedetteBackend().convert(
        rules(s={"Image|endswith": "\\a.exe"}, f={"User": None}, condition="s and not f")
    )
    assert text.splitlines()[:11] == [
        "A rule",
        "  of events by sysmon:",
        "    all of",
        "      Channel = 'microsoft-windows-sysmon/operational'",
        "      EventID = 1",
        "  that have:",
        "    all of",
        "      Image ends with '\\\\a.exe'",
        "      not",
        "        User is missing or null",
        "  of events by windows-audit:",
    ]
    assert "      NewProcessName ends with '\\\\a.exe'" in text.splitlines()


def test_the_tree_has_the_tests_that_the_engine_makes() -> None:
    collection = rules(s={"CommandLine|re": "a+", "Image": ["x", "y"]}, condition="s")
    (tree,) = VedetteBackend().convert(collection, "json")
    rule = collection.rules[0]
    assert isinstance(rule, SigmaRule)
    ways = bind(rule)
    assert [way["name"] for way in tree["ways"]] == [way.name for way in ways]
    said = json.dumps(tree)
    assert '{"field": "CommandLine", "test": "matches /a+/"}' in said
    assert '{"any": [{"field": "Image", "test": "= \'x\'"}' in said


def test_converting_leaves_the_rule_as_it_was() -> None:
    collection = rules(s={"Image": "x"}, condition="s")
    before = str(collection.rules[0])
    VedetteBackend(vedette_labels()).convert(collection)
    assert str(collection.rules[0]) == before


def test_a_rule_that_vedette_refuses_is_refused_with_its_reason() -> None:
    with pytest.raises(SigmaFeatureNotSupportedByBackendError, match=r"%names% has no value"):
        VedetteBackend().convert(rules(s={"User|expand": "%names%"}, condition="s"))


def test_a_correlation_is_refused_and_sent_to_the_command_that_reads_it() -> None:
    collection = SigmaCollection.from_dicts(
        [
            {"title": "R", "name": "r", "logsource": {"product": "x"},
             "detection": {"s": {"a": 1}, "condition": "s"}},
            {"title": "C", "correlation": {"type": "event_count", "rules": ["r"],
             "group-by": ["a"], "timespan": "1m", "condition": {"gte": 2}}},
        ]
    )  # fmt: skip
    with pytest.raises(SigmaFeatureNotSupportedByBackendError, match="vedette rules check"):
        VedetteBackend().convert(collection)


def test_the_labels_are_those_that_the_rule_names() -> None:
    rule = SigmaRule.from_dict(
        {"title": "t", "logsource": {"product": "linux", "service": "sshd"},
         "detection": {"s": {"a": 1}, "condition": "s"}}
    )  # fmt: skip
    (text,) = VedetteBackend(vedette_labels()).convert(SigmaCollection([rule]))
    body = text[text.index("that have:") :]
    assert "logsource.product = 'linux'" in body
    assert "logsource.service = 'sshd'" in body
    assert "logsource.category" not in text
