"""The order of time: lateness, quiet sources, clocks that run ahead, and what a restart keeps."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from engine.correlate.correlator import Correlator
from engine.correlate.watermark import NEVER, Watermark
from engine.errors import Problem, Problems
from engine.rule import RuleSet
from tests.engine.correlate.stream import EPOCH, Feed, Seen, correlation, ruleset, told
from tests.engine.helpers import fail_on_problem

BUDGET = timedelta(seconds=60)
START = EPOCH + timedelta(hours=1)


def seen(second: int, user: str = "al", rule: str = "a", id: str = "") -> Seen:
    return Seen(second, id or f"e{second:04}", (rule,), (("user", user),))


@pytest.fixture
def rules(tmp_path: Path) -> RuleSet:
    block = {"type": "event_count", "rules": ["a"], "group_by": ["user"], "condition": {"gte": 2}}
    return ruleset(tmp_path, correlation(**block))


def feed_of(rules: RuleSet, report: object = fail_on_problem) -> Feed:
    feed = Feed(rules, Correlator(rules.correlations, rules.rules, report, lateness=BUDGET))
    feed.correlator.watch(["one"], START)
    return feed


def give(feed: Feed, *events: Seen, source: str = "one", now: datetime = START) -> set[str]:
    """A batch of a source; what is found after it, by completing event."""
    for each in events:
        feed.correlator.saw(source, feed.give(each, now), now)
    return {by for _, _, by in told(feed.correlator.advance(now))}


def test_matches_wait_for_the_lateness_budget(rules: RuleSet) -> None:
    feed = feed_of(rules)
    assert give(feed, seen(5), seen(0)) == set()
    assert give(feed, seen(65, "bo")) == set()
    assert give(feed, seen(66, "bo")) == {"e0005"}


def test_the_source_that_is_behind_the_most_holds_the_others_up(rules: RuleSet) -> None:
    feed = feed_of(rules)
    feed.correlator.watch(["two"], START)
    assert give(feed, seen(0), seen(1), seen(100)) == set()
    assert give(feed, seen(3, "bo"), source="two") == set()
    assert give(feed, seen(62, "bo"), source="two") == {"e0001"}


def test_a_quiet_source_holds_nobody_up_for_longer_than_the_budget(rules: RuleSet) -> None:
    feed = feed_of(rules)
    feed.correlator.watch(["two"], START)
    assert give(feed, seen(0), seen(1), seen(100)) == set()
    assert give(feed, seen(101), now=START + BUDGET) == {"e0001"}


def test_when_all_are_quiet_everything_is_certain(rules: RuleSet) -> None:
    feed = feed_of(rules)
    assert give(feed, seen(0), seen(1)) == set()
    assert give(feed, now=START + BUDGET - timedelta(seconds=1)) == set()
    assert give(feed, now=START + BUDGET) == {"e0001"}


def test_a_late_event_may_add_an_alert_and_is_counted(rules: RuleSet) -> None:
    problems = Problems()
    feed = feed_of(rules, problems)
    assert give(feed, seen(100), seen(200)) == set()
    assert give(feed, seen(95)) == {"e0100"}
    assert problems.counts == {"late-event": 1}


def test_a_late_event_within_the_timespan_of_an_alert_adds_none(rules: RuleSet) -> None:
    feed = feed_of(rules, Problems())
    assert give(feed, seen(100), seen(101), seen(200)) == {"e0101"}
    assert give(feed, seen(95)) == set()
    assert give(feed, seen(99)) == set()


def test_a_late_event_does_not_make_up_a_window_that_was_let_go_of(tmp_path: Path) -> None:
    block = {"type": "value_avg", "rules": ["a"], "condition": {"field": "user", "gte": 10}}
    feed = feed_of(ruleset(tmp_path, correlation(**block)), Problems())
    give(feed, seen(96, "0"), seen(107, "0"), seen(200, "0"))
    # of (93, 103] only 103 itself is held by now: its mean alone would be above 10
    assert give(feed, seen(103, "15")) == set()


def test_an_event_that_is_read_again_changes_nothing(rules: RuleSet) -> None:
    feed = feed_of(rules, Problems())
    assert give(feed, seen(0), seen(0), seen(100, "bo")) == set()
    assert give(feed, seen(0), seen(101, "bo")) == set()


def test_a_clock_that_runs_ahead_pushes_nobody_out_of_order(rules: RuleSet) -> None:
    problems = Problems()
    feed = feed_of(rules, problems)
    assert give(feed, seen(0), seen(3600 + 61), seen(1)) == set()
    assert problems.counts == {"future-time": 1}
    assert give(feed, seen(2)) == set()
    assert "late-event" not in problems.counts


def test_the_watermark_never_goes_back() -> None:
    mark = Watermark(10)
    assert mark.moved(0) == NEVER
    mark.saw("a", 100, 0)
    assert mark.moved(0) == 90
    mark.watch(["b"], 0)
    assert mark.moved(0) == 90
    mark.saw("b", 50, 0)
    assert mark.moved(0) == 90
    assert mark.moved(10) == 101


def restored(feed: Feed, rules: RuleSet, report: object = fail_on_problem) -> Feed:
    state = orjson.loads(orjson.dumps(feed.correlator.save()))
    fresh = feed_of(rules, report)
    fresh.correlator.restore(state, START)
    return fresh


def test_a_restart_remembers_that_a_group_has_fired(rules: RuleSet) -> None:
    feed = feed_of(rules)
    assert give(feed, seen(0), seen(1), seen(62, "bo")) == {"e0001"}
    assert give(restored(feed, rules), seen(8), seen(100, "bo")) == set()


def test_a_correlation_that_was_changed_starts_afresh_and_says_so(
    rules: RuleSet, tmp_path: Path
) -> None:
    feed = feed_of(rules)
    give(feed, seen(8), seen(70, "bo"))
    block = {"type": "event_count", "rules": ["a"], "group_by": ["user"], "condition": {"gt": 1}}
    document = {**correlation(**block), "id": rules.correlations[0].rule.id[:8] * 4}
    same = {**document, "correlation": dict(rules.correlations[0].rule.document["correlation"])}
    (tmp_path / "x").mkdir()
    one, two = (ruleset(tmp_path / "x", each) for each in (same, document))
    feed = feed_of(one)
    give(feed, seen(8), seen(70, "bo"))
    told: list[Problem] = []
    fresh = restored(feed, two, told.append)
    assert [problem.kind for problem in told] == ["correlation-fresh"]
    assert "was changed and starts afresh" in told[0].message
    assert give(fresh, seen(9), seen(100, "bo")) == set()


def test_a_state_of_another_version_is_left(rules: RuleSet) -> None:
    told: list[Problem] = []
    feed = feed_of(rules, told.append)
    feed.correlator.restore({"version": 0}, START)
    assert [problem.kind for problem in told] == ["correlation-fresh"]
