"""Sliding windows: exact, alike wherever a run begins, and bounded."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from engine.correlate.measure import Count
from engine.hunt.sliding import Sliding
from tests.engine.hunt.helpers import (
    DAY,
    SECOND,
    at,
    event,
    findings,
    hunt,
    outcome,
    seconds,
    span,
)

FIVE = {"type": "threshold", "group_by": "u", "at_least": 5, "within": "60s"}


def events(*times: float, u: str = "a") -> list[dict[str, Any]]:
    return [event(time, u=u) for time in times]


def test_a_window_that_straddles_any_bucket_is_found() -> None:
    for shift in range(0, 60, 7):
        found = findings(hunt(**FIVE), events(*(300 + shift + n * 10 for n in range(5))))
        assert seconds(found) == [300 + shift + 40]


def test_events_that_are_exactly_the_time_apart_are_not_in_one_window() -> None:
    assert not findings(hunt(**FIVE), events(0, 15, 30, 45, 60))
    assert findings(hunt(**FIVE), events(0, 15, 30, 45, 59.999))


def test_an_episode_is_told_once_and_the_next_one_again() -> None:
    long = [n * 10.0 for n in range(100)]
    assert seconds(findings(hunt(**FIVE), events(*long))) == [40]
    again = [2000 + n * 10.0 for n in range(5)]
    assert seconds(findings(hunt(**FIVE), events(*long, *again))) == [40, 2040]


def test_an_episode_that_goes_on_is_told_again_each_day() -> None:
    times = [n * 10.0 for n in range(2 * 8640 + 10)]
    found = findings(hunt(**FIVE), events(*times), span(0, 3 * DAY))
    assert seconds(found) == [40, DAY, 2 * DAY]


def test_groups_are_apart_and_have_no_case() -> None:
    mixed = events(0, 2, 4, u="Alice") + events(1, 3, u="ALICE") + events(1, 2, 3, 4, u="bob")
    (found,) = findings(hunt(**FIVE), mixed)
    assert (found.anchor, found.group) == (("alice", "00002"), ("Alice",))


def test_events_without_the_field_take_no_part() -> None:
    assert not findings(hunt(**FIVE), [event(n) for n in range(50)])


def test_events_of_one_time_are_taken_in_the_order_of_their_ids() -> None:
    (found,) = findings(hunt(**FIVE), events(1, 1, 1, 1, 1, 1, 1))
    assert found.anchor == ("a", "00004")


@pytest.mark.parametrize("seed", range(12))
def test_windows_of_a_schedule_find_what_one_run_over_all_finds(seed: int) -> None:
    """With a look-back or without, each alert is found, and by the same anchor."""
    rng = Random(seed)
    wanted = hunt(**FIVE)
    story = [
        event(start + rng.uniform(0, 90), u=rng.choice("ab"))
        for start in (rng.uniform(0, 3600) for _ in range(40))
        for _ in range(rng.randrange(1, 9))
    ]
    whole = {finding.anchor for finding in findings(wanted, story, span(0, 3700))}
    step = rng.choice([30, 300, 700])
    parts = [findings(wanted, story, span(n, min(n + step, 3700))) for n in range(0, 3700, step)]
    assert {finding.anchor for part in parts for finding in part} == whole
    assert sum(map(len, parts)) == len(whole)
    again = [findings(wanted, story, span(max(0, n - 400), n + step)) for n in range(0, 3700, step)]
    assert {finding.anchor for part in again for finding in part} >= whole
    assert {f.anchor for part in again for f in part} == {
        finding.anchor for finding in findings(wanted, story, span(0, 3700 + step))
    }


@pytest.mark.parametrize("seed", range(12))
def test_what_is_found_is_what_a_slow_look_at_every_event_finds(seed: int) -> None:
    rng = Random(100 + seed)
    times = sorted(rng.randrange(0, 1500) for _ in range(rng.randrange(20, 120)))
    found = findings(hunt(**FIVE), events(*times))
    held = [
        t for n, t in enumerate(times) if sum(t - 60 < other <= t for other in times[: n + 1]) >= 5
    ]
    first = [t for n, t in enumerate(held) if not any(t - 60 < h for h in held[:n])]
    assert seconds(found) == first


def test_a_window_that_is_too_large_is_measured_by_its_latest_and_says_so() -> None:
    sliding = Sliding(("u",), 60 * SECOND, Count, lambda value, _: value == 4, room=10)
    from engine.hunt.rows import Rows
    from tests.engine.helpers import fail_on_problem
    from tests.engine.hunt.helpers import reader

    wanted = hunt(**FIVE)
    rows = Rows(wanted, reader(events(*(n / 10 for n in range(25)))), fail_on_problem)
    first, capped = sliding.windows(rows(span(0, DAY)), span(0, DAY))
    assert (first.total, first.capped) == (4, None)
    assert capped.capped is not None
    assert (capped.capped.limit, capped.capped.total) == (10, 25)


def test_only_the_first_alerts_of_a_run_are_made_and_one_tells_how_many_there_were() -> None:
    wanted = hunt(**FIVE, alert={"max": 3})
    story = [event(n, u=f"u{n % 8}") for n in range(40)]
    found = outcome(wanted, story).findings
    assert [finding.capped is None for finding in found] == [True, True, True, False]
    assert found[-1].capped is not None
    assert (found[-1].capped.limit, found[-1].capped.total) == (3, 8)
    assert found[-1].reason.startswith("Not all of it was told: 8 findings")


def test_an_event_of_several_values_counts_in_the_group_of_each() -> None:
    found = findings(hunt(**FIVE), [event(n, u=["a", "b"]) for n in range(5)])
    assert [finding.group for finding in found] == [("a",), ("b",)]


def test_time_is_that_of_the_time_field_else_the_events_own() -> None:
    wanted = hunt(**FIVE, time_field="when")
    story = [event(5000, u="a", when=f"2026-01-01T00:00:0{n}Z") for n in range(5)]
    assert seconds(findings(wanted, story)) == [4]
    assert at(0) == 1767225600 * SECOND
