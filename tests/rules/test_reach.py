"""How much the project's own rules cover, as the README and others may say it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from engine.load import load_rules
from engine.rule import Rule, RuleSet
from mitre.catalog import Catalog
from vedette.rule_tests import run_tests

RULES = Path(__file__).resolve().parents[2] / "rules"
BEFORE_ANY_LOG = {"resource-development"}
"""What an attacker does at home leaves nothing in our logs."""


@cache
def ruleset() -> RuleSet:
    return load_rules([RULES])


def alerting() -> list[Rule]:
    """Those that alert themselves; others only feed correlations."""
    return [rule for rule in ruleset().rules if rule.output]


def techniques(rule: Rule) -> set[str]:
    """Techniques that the rule names, without the part behind the dot."""
    found = (re.fullmatch(r"attack\.(t\d{4})(?:\.\d{3})?", tag) for tag in rule.tags)
    return {match[1].upper() for match in found if match}


def test_at_least_eighty_rules_alert_twenty_of_them_correlations() -> None:
    assert len(alerting()) >= 80
    assert len([c for c in ruleset().correlations if c.rule.output]) >= 20


def test_they_cover_sixty_techniques_that_attack_has() -> None:
    covered = {name for rule in alerting() for name in techniques(rule)}
    known = Catalog.load().release().techniques
    assert covered <= set(known)
    assert len(covered) >= 60


def test_they_cover_every_tactic_that_logs_can_show() -> None:
    tagged = {tag.removeprefix("attack.") for rule in alerting() for tag in rule.tags}
    every = {tactic.shortname for tactic in Catalog.load().tactics()}
    assert every - tagged == BEFORE_ANY_LOG


def test_each_of_them_passes_tests_of_both_kinds() -> None:
    assert [str(error) for error in ruleset().refused] == []
    for rule in alerting():
        results = list(run_tests(rule, ruleset()))
        assert len(results) >= 2, rule.file
        assert [result.failure for result in results if result.failure] == [], rule.file
