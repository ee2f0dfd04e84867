"""An event that a rule matches has what the rule needs, whatever an index makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.kinds import LogSource
from engine.match import reference
from engine.needs.need import ALWAYS, NEVER, Either, Every, Need, One, Word, either, every
from engine.needs.rules import Needs, needs
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.engine.helpers import expression
from tests.engine.match.scenarios import Scenario
from tests.engine.match.test_agreement import made, of_user
from tests.engine.needs.index import Index

TAGS = [None, LogSource("windows", None, "process_creation"), LogSource("linux")]


def matches(rule: Rule, document: Mapping[str, Any], tags: LogSource | None) -> bool:
    event = normalise(Record(document, "o"), tags)
    return any(reference.holds(binding.expression, event) for binding in rule.bindings)


@given(data=st.binary(min_size=200, max_size=900), tags=st.sampled_from(TAGS))
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_a_rule_matches_has_what_it_needs(data: bytes, tags: LogSource | None) -> None:
    scenario = Scenario.of(data)
    pipelines = of_user(scenario)
    made_rules = [made(n, raw, scenario.filters, pipelines) for n, raw in enumerate(scenario.rules)]
    rules = [rule for rule in made_rules if rule]
    found = needs(rules, tags)
    assert found.keys() == {rule.id for rule in rules}
    for document in scenario.events:
        matched = [rule for rule in rules if matches(rule, document, tags)]
        for documents in ([document], scenario.events):
            for folded in (False, True):
                index = Index(documents, folded=folded)
                for rule in matched:
                    assert index.passes(found[rule.id], document), (rule.document, document)
