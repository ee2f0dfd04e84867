"""Counts by period against an oracle that counts with a dictionary."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from engine.tune.periods import Periods

MOST = 3
EVENTS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(-20, 80)), max_size=60)


def decide(periods: Periods, events: list[tuple[str, int]]) -> list[bool]:
    decided = []
    for counter, time in events:
        period = periods.at(counter, 10, time)
        decided.append(period.passed < MOST)
        if period.passed < MOST:
            period.passed += 1
        else:
            period.hold(time)
    return decided


def oracle(events: list[tuple[str, int]]) -> list[bool]:
    seen: Counter[tuple[str, int]] = Counter()
    decided = []
    for counter, time in events:
        seen[counter, time // 10] += 1
        decided.append(seen[counter, time // 10] <= MOST)
    return decided


@given(EVENTS, st.integers(0, 60))
def test_so_many_pass_in_each_period_also_after_a_restart(
    events: list[tuple[str, int]], cut: int
) -> None:
    one, other = Periods(), Periods()
    decided = decide(one, events[:cut])
    other.restore(json.loads(json.dumps(one.save())))
    assert decided + decide(other, events[cut:]) == oracle(events)


@given(EVENTS)
def test_the_totals_are_those_of_the_calendar(events: list[tuple[str, int]]) -> None:
    periods = Periods()
    decide(periods, events)
    totals = {(c, p.start): p.passed + p.count for c, p in periods}
    assert totals == Counter((c, time // 10 * 10) for c, time in events)
    assert {(c, p.start) for c, p in periods.due(None)} == {k for k, n in totals.items() if n > 3}


def test_a_period_is_due_once_it_is_over_and_forgotten_once_it_was_told() -> None:
    periods = Periods()
    decide(periods, [("a", 5)] * 5)
    assert periods.due(9) == []
    ((counter, period),) = periods.due(10)
    assert (counter, period.count) == ("a", 2)
    periods.forget(100)
    assert len(list(periods)) == 1
    period.told = True
    assert periods.due(10) == []
    periods.forget(100)
    assert list(periods) == []


def test_the_number_of_periods_is_bounded_and_those_that_lose_a_total_are_counted() -> None:
    periods = Periods(most=10)
    decide(periods, [("a", 0)] * 5 + [("a", time) for time in range(10, 200, 10)])
    assert len(list(periods)) <= 10
    assert periods.evicted == 1
