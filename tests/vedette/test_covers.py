"""Kinds of cover are kept apart: rules detect, log sources are needed, models only watch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.kinds import LogSource
from engine.rule import Rule
from mitre.catalog import Catalog
from vedette.covers import COLOURS, Survey, fed, navigator, survey
from vedette.report.coverage import page

WINDOWS = LogSource(product="windows", category="process_creation")
CLOUD = LogSource(product="aws", service="cloudtrail")


def rule(title: str, source: LogSource, *tags: str) -> Rule:
    return Rule(
        id=title, title=title, level="high", status=None, logsource=source, tags=tags,
        bindings=(), file="r.yml", ruleset="r", document={},
    )  # fmt: skip


RULES = [
    rule("Dump", WINDOWS, "attack.t1003.001"),
    rule("Key <b>made</b>", CLOUD, "attack.t1098"),
    rule("No tag", WINDOWS),
]


def surveyed(*delivered: LogSource, models: tuple[str, ...] = ()) -> Survey:
    return survey(RULES, Catalog.load(), delivered=delivered or None, models=models)


def state(found: Survey, id: str) -> str:
    return next(each.state for each in found.seen if each.technique.id == id)


def test_a_technique_is_detected_blind_or_a_gap() -> None:
    found = surveyed(LogSource(product="windows"))
    assert state(found, "T1003.001") == "detected"
    assert state(found, "T1098") == "blind"
    assert state(found, "T1123") == "gap"
    assert (found.count("detected"), found.count("blind")) == (1, 1)
    assert (found.rules, found.untagged) == (3, 1)
    assert len(found.seen) == sum(t.living for t in Catalog.load().release().techniques.values())


def test_when_nobody_says_what_is_delivered_all_is_and_no_model_watches() -> None:
    found = surveyed(models=("office",))
    assert state(found, "T1098") == "detected"
    assert not found.asked
    assert not any(each.models for each in found.seen)


def test_a_model_watches_where_logs_come_and_detects_nothing_by_name() -> None:
    with_it = surveyed(LogSource(product="windows"), models=("office",))
    assert [e.technique.id for e in with_it.seen if e.models] == ["T1003.001"]
    without = surveyed(LogSource(product="windows"))
    assert [e.state for e in with_it.seen] == [e.state for e in without.seen]


def test_a_rule_that_only_feeds_a_correlation_covers_nothing() -> None:
    silent = [replace(each, output=False) for each in RULES]
    assert survey(silent, Catalog.load()).count("detected") == 0


@pytest.mark.parametrize(
    ("delivered", "held"),
    [
        (LogSource(product="windows"), True),
        (LogSource(product="Windows", service="sysmon"), True),
        (LogSource(category="process_creation"), True),
        (LogSource(product="windows", category="dns"), False),
        (LogSource(product="linux"), False),
        (LogSource(service="auth"), False),
        (LogSource(), False),
    ],
)
def test_a_source_feeds_a_rule_when_no_part_that_both_name_differs(
    delivered: LogSource, held: bool
) -> None:
    assert fed(WINDOWS, delivered) is held
    assert fed(LogSource(), delivered)


def test_the_layer_has_score_colour_and_a_comment_for_each_kind_of_cover() -> None:
    made = navigator(surveyed(LogSource(product="windows"), models=("office",)), "n")
    cells = {cell["techniqueID"]: cell for cell in made["techniques"]}
    assert made["versions"]["layer"] == "4.5"
    dump = cells["T1003.001"]
    assert (dump["score"], dump["color"]) == (1, COLOURS["detected"])
    assert dump["comment"].splitlines() == [
        "rules: Dump",
        "log sources: product:windows/category:process_creation (delivered)",
        "watched, not detected, by models: office",
    ]
    assert cells["T1098"]["color"] == COLOURS["blind"]
    assert "(not delivered)" in cells["T1098"]["comment"]
    assert (cells["T1123"]["score"], cells["T1123"]["color"]) == (0, COLOURS["gap"])


def test_the_page_names_gaps_and_lets_nothing_in() -> None:
    found = surveyed(LogSource(product="windows"))
    text = page(found, "my <rules>", datetime(2026, 1, 1, tzinfo=UTC))
    assert "Key &lt;b&gt;made&lt;/b&gt;" in text
    assert "my &lt;rules&gt;" in text
    assert "default-src &#39;none&#39;" in text
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert "T1098 Account Manipulation: needs product:aws/service:cloudtrail" in text
    gaps = text.partition("Techniques that nothing covers")[2]
    assert "T1123 Audio Capture" in gaps
    assert "T1003 OS Credential Dumping" not in gaps
