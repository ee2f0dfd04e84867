"""Short ways to make events, rules and matches in tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from sigma.rule import SigmaRule

from engine.detect import Detector, Match
from engine.errors import Problem
from engine.event import Event
from engine.load import load_rules
from engine.match.expression import Expression
from engine.match.translate import translate
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import RuleSet

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


def fail_on_problem(problem: Problem) -> None:
    raise AssertionError(f"unexpected problem: {problem}")


def event(document: Mapping[str, Any], **record: Any) -> Event:
    return normalise(Record(document, **{"origin": "test", **record}))


def fields(document: Mapping[str, Any]) -> dict[str, Any]:
    return dict(event(document).fields)


def write_rules(folder: Path, *rules: Mapping[str, Any], name: str = "rules.yml") -> Path:
    file = folder / name
    file.write_text(yaml.safe_dump_all(rules, sort_keys=False), encoding="utf-8")
    return file


def rule(title: str = "A rule", **changes: Any) -> dict[str, Any]:
    whole = {
        "title": title,
        "logsource": {"product": "any"},
        "detection": {"selection": {"a": 1}, "condition": "selection"},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def loaded(folder: Path, *rules: Mapping[str, Any]) -> RuleSet:
    found = load_rules([write_rules(folder, *rules)])
    assert [str(error) for error in found.refused] == []
    return found


def labelled(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"logsource.product": "any", **document}


def match_all(rules: RuleSet, document: Mapping[str, Any]) -> list[Match]:
    return Detector(rules.rules, fail_on_problem).match(event(document))


def expression(detection: Mapping[str, Any]) -> Expression:
    """A Sigma detection as our expression, without any log source."""
    sigma = SigmaRule.from_dict(
        {"title": "x", "logsource": {"product": "any"}, "detection": detection}
    )
    return translate(sigma.detection.parsed_condition[0].parsed)
