"""Every limit says so when it bites, and tells how many there were as far as is known."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from random import Random

from engine.correlate.correlator import Correlator
from engine.correlate.finding import Finding
from engine.correlate.limits import Limits
from engine.correlate.words import sentence
from engine.errors import Problems
from engine.json_text import json_size, json_text
from engine.rule import RuleSet
from tests.engine.correlate.stream import LATER, Feed, Seen, correlation, ruleset


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


def size(correlator: Correlator) -> int:
    saved = correlator.save()
    return json_size({key: part for key, part in saved.items() if key != "texts"})


def full(folder: Path, problems: Problems, groups: int, **limits: int) -> Correlator:
    """A correlator that holds ten matches in each of its groups."""
    rules = counted(folder, gte=100)
    correlator = Correlator(
        rules.correlations, rules.rules, problems,
        limits=Limits(**limits), lateness=timedelta(minutes=1),
    )  # fmt: skip
    feed = Feed(rules, correlator)
    for n in range(10 * groups):
        feed.give(Seen(0, f"e{n:05}", ("a",), (("user", f"user{n % groups:04}"),)))
    assert correlator.advance(LATER) == []
    return correlator


def test_the_state_is_bounded_by_its_bytes_and_an_alert_says_what_that_cost(tmp_path: Path) -> None:
    assert size(full(tmp_path, Problems(), 500)) > 500_000
    problems = Problems()
    correlator = full(tmp_path, problems, 500, state=300_000)
    assert 200_000 < size(correlator) < 301_000
    again = size(correlator)
    assert size(correlator) == again, "what fits is not cut once more"
    assert problems.counts["correlation-capped"] >= 1
    assert any("the state is over 300,000 bytes" in str(problem) for problem in problems)
    (finding,) = correlator.finish()
    assert finding.capped
    assert finding.capped.what == "groups that fit into 300,000 bytes of state"
    assert 0 < finding.capped.limit < finding.capped.total == 500
    assert "groups that fit into 300,000 bytes of state has cut it" in sentence(finding, ())


def test_a_state_that_was_cut_goes_on_after_a_restart(tmp_path: Path) -> None:
    first = full(tmp_path, Problems(), 200, state=100_000)
    saved = json.loads(json_text(first.save()))
    again = Correlator(
        first.correlations, counted(tmp_path, gte=100).rules, Problems(),
        limits=Limits(state=100_000), lateness=timedelta(minutes=1),
    )  # fmt: skip
    again.restore(saved, LATER)
    ends = [[finding.capped for finding in each.finish()] for each in (first, again)]
    assert ends[0] == ends[1]
    assert ends[0]


def test_what_waits_is_bounded_by_its_bytes_where_it_is_saved(tmp_path: Path) -> None:
    rules = counted(tmp_path, gte=3)
    for lateness, capped in ((timedelta(days=60), 1), (None, 0)):
        problems = Problems()
        correlator = Correlator(
            rules.correlations,
            rules.rules,
            problems,
            limits=Limits(state=20_000),
            lateness=lateness,
        )
        correlator.watch(["s"], LATER)
        feed, found = Feed(rules, correlator), []
        for event in burst(400, every=1):
            feed.give(event)
            found += correlator.advance(LATER)
        found += correlator.finish()
        assert next(finding.by for finding in found if not finding.capped) == "al00002"
        assert min(problems.counts["correlation-capped"], 1) == capped


def test_a_state_that_fits_is_not_cut(tmp_path: Path) -> None:
    found, problems = run(counted(tmp_path, gte=3), burst(400, every=1), state=200_000)
    assert found
    assert not problems.counts
