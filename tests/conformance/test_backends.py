"""A query's difference counts as explained only when the server agrees once its trait is undone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from engine.load import load_rules
from engine.rule import Rule
from tests.conformance import backends
from tests.conformance.backends import CAUSES, Cause, Events
from tests.conformance.indices import Answers, Index
from tests.conformance.queries import NETWORKS, SEARCHED, Converter, Query

RULE = """\
title: A process
id: 6b1d7d3c-0000-4000-8000-000000000001
status: test
level: low
logsource: {product: windows, category: process_creation}
detection:
  s: {CommandLine|re: 'A(?:b|c)', ParentImage|cidr: 10.0.0.0/8}
  condition: s
"""
ID = "6b1d7d3c-0000-4000-8000-000000000001"


@dataclass
class Told:
    """An index that finds the numbers a test says, or refuses."""

    finds: set[int]
    refused: bool = False

    def ask(self, queries: Sequence[Query], only: Collection[int]) -> Answers:
        if self.refused:
            return Answers({}, {ID: "too many clauses"})
        return Answers({ID: self.finds & set(only)}, {})


@pytest.fixture
def converter(tmp_path: Path) -> Converter:
    (tmp_path / "rule.yml").write_text(RULE)
    rule: Rule = load_rules([tmp_path]).rules[0]
    return Converter("opensearch", {ID: rule})


def agreed(index: Any, cause: Cause, converter: Converter) -> set[tuple[str, int]]:
    events = Events([], frozenset({(ID, 1)}))  # the engine finds the rule in event 1, not in 2
    return backends._agreed(cast(Index, index), cause, {(ID, 1), (ID, 2)}, events, converter)


def test_what_the_server_then_says_as_the_engine_does_is_explained(converter: Converter) -> None:
    cause = CAUSES["text"][0]
    assert agreed(Told({1}), cause, converter) == {(ID, 1), (ID, 2)}
    assert agreed(Told({1, 2}), cause, converter) == {(ID, 1)}
    assert agreed(Told(set()), cause, converter) == {(ID, 2)}


def test_a_refused_query_explains_nothing(converter: Converter) -> None:
    assert agreed(Told({1}, refused=True), CAUSES["text"][0], converter) == set()


def test_each_way_to_the_events_is_a_query(converter: Converter) -> None:
    assert [query.way for query in converter.queries(ID)] == ["sysmon", "windows-audit"]


def test_mended_queries_search_regular_expressions_and_spell_networks_out(
    converter: Converter,
) -> None:
    mended = converter.queries(ID, frozenset({SEARCHED, NETWORKS}))[0].text
    assert "CommandLine:/(.|\n)*(a(b|c))(.|\n)*/" in mended
    assert "ParentImage:(10.*)" in mended
    assert "(?:" in converter.queries(ID)[0].text
