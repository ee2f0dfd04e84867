"""Every limit says so when it bites, and tells how many there were as far as is known."""

from __future__ import annotations

from pathlib import Path
from random import Random

from engine.correlate.correlator import Correlator
from engine.correlate.finding import Finding
from engine.correlate.limits import Limits
from engine.errors import Problems
from engine.rule import RuleSet
from tests.engine.correlate.stream import Feed, Seen, correlation, ruleset


def run(rules: RuleSet, events: list[Seen], **limits: int) -> tuple[list[Finding], Problems]:
    problems = Problems()
    correlator = Correlator(rules.correlations, rules.rules, problems, limits=Limits(**limits))
    feed, found = Feed(rules, correlator), []
    for event in events:
        feed.give(event)
        found += correlator.advance(None)  # type: ignore[arg-type] # without lateness it is unused
    return found + correlator.finish(), problems


def counted(folder: Path, **condition: int) -> RuleSet:
    block = {"type": "event_count", "rules": ["a"], "group_by": ["user"], "condition": condition}
    return ruleset(folder, correlation(**block))


def burst(count: int, user: str = "al", every: float = 0) -> list[Seen]:
    return [Seen(int(n * every), f"{user}{n:05}", ("a",), (("user", user),)) for n in range(count)]


def test_a_window_that_overflows_still_fires_and_tells_its_number(tmp_path: Path) -> None:
    found, problems = run(counted(tmp_path, gte=5), burst(50), matches=10)
    fired, capped = found
    assert (fired.by, fired.total, fired.capped) == ("al00004", 5, None)
    assert capped.capped
    assert (capped.capped.limit, capped.capped.total) == (10, 50)
    assert capped.by == "al00010"
    assert problems.counts["correlation-capped"] == 1


def test_a_window_has_room_for_what_its_condition_asks_for(tmp_path: Path) -> None:
    found, problems = run(counted(tmp_path, gte=30), burst(30), matches=10)
    assert [finding.total for finding in found] == [30]
    assert not problems.counts


def test_a_whole_window_that_was_cut_is_not_judged(tmp_path: Path) -> None:
    found, _ = run(counted(tmp_path, neq=3), burst(12), matches=10)
    assert [(f.capped.limit, f.capped.total) for f in found if f.capped] == [(10, 12)]
    assert len(found) == 1


def test_the_group_that_was_quiet_the_longest_is_given_up(tmp_path: Path) -> None:
    order = ("al", "bo", "cy", "al", "cy", "bo")
    events = [Seen(n, f"e{n}", ("a",), (("user", name),)) for n, name in enumerate(order)]
    found, problems = run(counted(tmp_path, gte=2), events, groups=2)
    # cy pushes al out, al pushes bo out, and cy alone is there to be completed
    assert [finding.group for finding in found if not finding.capped] == [("cy",)]
    (capped,) = (finding for finding in found if finding.capped)
    assert capped.capped
    assert capped.capped.what == "groups of one correlation"
    assert capped.capped.total > 2
    assert problems.counts["correlation-capped"] >= 1


def test_what_is_held_in_all_is_bounded(tmp_path: Path) -> None:
    rules = counted(tmp_path, gte=100)
    events = [event for n in range(300) for event in burst(20, f"user{n}")]
    problems = Problems()
    limits = Limits(matches=100, held=500)
    correlator = Correlator(rules.correlations, rules.rules, problems, limits=limits)
    feed = Feed(rules, correlator)
    for event in events:
        feed.give(event)
    correlator.finish()
    tracker = correlator.save()["trackers"][rules.correlations[0].rule.id]
    held = sum(len(group[1]) for _, group in tracker["groups"])
    assert held <= 500
    assert problems.counts["correlation-capped"] >= 1


def test_what_waits_is_bounded_and_taken_in_order(tmp_path: Path) -> None:
    found, problems = run(counted(tmp_path, gte=3), burst(100, every=1), waiting=10)
    assert [finding.by for finding in found] == [f"al{n:05}" for n in range(2, 100, 10)]
    assert problems.counts["correlation-capped"] >= 1


def test_groups_of_the_past_are_forgotten(tmp_path: Path) -> None:
    events = [event for n in range(100) for event in burst(1, f"u{n:03}")]
    spread = [Seen(n * 20, event.id, event.rules, event.fields) for n, event in enumerate(events)]
    rules = counted(tmp_path, gte=2)
    correlator = Correlator(rules.correlations, rules.rules, Problems())
    feed = Feed(rules, correlator)
    for event in spread:
        feed.give(event)
    correlator.finish()
    assert len(correlator.save()["trackers"][rules.correlations[0].rule.id]["groups"]) == 1


def test_hostile_values_make_no_large_state(tmp_path: Path) -> None:
    rng = Random(1)
    values = ["x" * 100_000, "\ud800" * 10, list(range(10_000)), 10**500, {"a": 1}.__repr__()]
    events = [
        Seen(n, f"e{n}", ("a",), (("user", rng.choice(values)),)) for n in range(50)
    ]  # fmt: skip
    found, problems = run(counted(tmp_path, gte=2), events)
    assert found
    assert max(len(text) for finding in found for text in finding.group) <= 256
    assert "correlation-capped" in problems.counts
