"""Which of the rules that load are wanted."""

from __future__ import annotations

import pytest

from engine.kinds import LogSource
from engine.level import LEVELS, level_rank
from engine.rule import Rule, Selection


def rule(**changes: object) -> Rule:
    parts = {
        "id": "0B5C", "title": "A Rule", "level": "medium", "status": "test",
        "logsource": LogSource("any"), "tags": ("attack.execution", "attack.t1059.001"),
        "bindings": (), "file": "f", "ruleset": "s", "document": {}, **changes,
    }  # fmt: skip
    return Rule(**parts)  # type: ignore[arg-type]


def test_without_criteria_every_rule_is_wanted() -> None:
    assert Selection().wants(rule(status=None, tags=()))


@pytest.mark.parametrize("level", LEVELS)
def test_a_least_level_is_inclusive(level: str) -> None:
    wanted = Selection(min_level="medium").wants(rule(level=level))
    assert wanted is (level in ("medium", "high", "critical"))


def test_statuses_are_those_named_and_a_rule_without_one_has_none_of_them() -> None:
    only = Selection(statuses=frozenset({"test", "stable"}))
    assert only.wants(rule())
    assert not only.wants(rule(status="experimental"))
    assert not only.wants(rule(status=None))


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [("t1059", True), ("attack.t1059", True), ("attack.t1059.001", True), ("t1059.001", True),
     ("attack", True), ("t105", False), ("t1059.00", False), ("t1059.0011", False),
     ("execution", True), ("cve", False)],
)  # fmt: skip
def test_a_tag_stands_for_those_below_it(tag: str, wanted: bool) -> None:
    assert Selection(tags=frozenset({tag})).wants(rule()) is wanted


def test_tags_of_rules_are_read_in_any_case() -> None:
    assert Selection(tags=frozenset({"t1059"})).wants(rule(tags=("attack.T1059",)))


@pytest.mark.parametrize("name", ["0b5c", "a rule"])
def test_rules_are_excluded_by_id_or_title_in_any_case(name: str) -> None:
    assert not Selection(exclude=frozenset({name})).wants(rule())
    assert Selection(exclude=frozenset({"another"})).wants(rule())


def test_every_criterion_must_hold() -> None:
    both = Selection(min_level="high", tags=frozenset({"t1059"}))
    assert not both.wants(rule())
    assert both.wants(rule(level="high"))
    assert not both.wants(rule(level="high", tags=()))


def test_an_unknown_level_ranks_as_medium() -> None:
    assert level_rank("odd") == level_rank("medium")
    assert [level_rank(level) for level in LEVELS] == [0, 1, 2, 3, 4]
