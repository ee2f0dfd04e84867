"""What rules may be about besides their tags is asked of the other rules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError, Problems
from engine.rule import Rule, Selection
from mitre.catalog import Catalog
from mitre.tags import map_tags
from vedette import rulesets
from vedette.lazy_mapper import LazyMapper
from vedette.rule_techniques import FEWEST, RuleProposals


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@cache
def own_rules() -> tuple[Rule, ...]:
    return tuple(rulesets.load([], Selection()).rules)


def proposing(rules: Sequence[Rule], **more: int) -> RuleProposals:
    return RuleProposals(LazyMapper(rules, None, Problems()), **more)


def tagged(rule: Rule) -> set[str]:
    return {t.id for t in map_tags(rule.tags, Catalog.load()).techniques}


def test_a_rule_is_asked_about_as_if_it_were_not_known() -> None:
    rules = own_rules()
    proposals = proposing(rules)
    found = {rule.id: proposals(rule.id) for rule in rules[:40]}
    assert any(found.values())
    for rule in rules[:40]:
        proposed = [each.step.id for each in found[rule.id]]
        assert not set(proposed) & tagged(rule)
        sure = [each.confidence for each in found[rule.id]]
        assert sure == sorted(sure, reverse=True)


def test_nothing_is_proposed_for_what_is_no_rule_of_these() -> None:
    assert proposing(own_rules())("model@1") == ()


def test_few_rules_and_very_many_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("asked")

    monkeypatch.setattr("vedette.mapper.mapper", never)
    few = own_rules()[: FEWEST - 1]
    assert proposing(few)(few[0].id) == ()
    many = own_rules()
    assert proposing(many, most=len(many) - 1)(many[0].id) == ()


def test_a_mapper_that_cannot_be_made_is_one_problem_until_there_are_other_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise InputError("there are too few texts")

    problems, rules = Problems(), own_rules()
    proposals = RuleProposals(LazyMapper(rules, None, problems))
    with monkeypatch.context() as patch:
        patch.setattr("vedette.mapper.mapper", refused)
        assert [proposals(rule.id) for rule in rules[:3]] == [(), (), ()]
    assert [str(p) for p in problems] == [
        "no technique is proposed beside what rules name: there are too few texts"
    ]
    proposals.adopt(rules)
    assert any(proposals(rule.id) for rule in rules[:40])
