"""Suppression against an oracle that remembers every alert that passed."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.tune.windows import Windows

SPAN = 10
EVENTS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 80)), max_size=40)
LATENESS = st.one_of(st.none(), st.integers(0, 30))


def oracle(events: list[tuple[str, int]], lateness: int | None) -> list[bool]:
    passed: list[tuple[str, int]] = []
    decided = []
    latest = 0
    for key, time in events:
        latest = max(latest, time)
        near = [
            p for k, p in passed
            if k == key and abs(p - time) < SPAN
            and (lateness is None or p + SPAN + lateness >= latest)
        ]  # fmt: skip
        decided.append(not near)
        if not near:
            passed.append((key, time))
    return decided


def passes(windows: Windows, key: str, span: int, time: int, alert: str) -> bool:
    if windows.held(key, span, time, alert):
        return False
    windows.open(key, span, time, alert)
    return True


def decide(windows: Windows, events: list[tuple[str, int]], first: int = 0) -> list[bool]:
    return [
        passes(windows, key, SPAN, time, f"alert {n}")
        for n, (key, time) in enumerate(events, start=first)
    ]


@given(EVENTS, LATENESS)
def test_what_passes_is_what_the_oracle_lets_pass(
    events: list[tuple[str, int]], lateness: int | None
) -> None:
    windows = Windows(lateness)
    assert decide(windows, events) == oracle(events, lateness)


@given(EVENTS, LATENESS, st.integers(0, 40))
def test_it_goes_on_from_what_was_saved(
    events: list[tuple[str, int]], lateness: int | None, cut: int
) -> None:
    one, other = Windows(lateness), Windows(lateness)
    decided = decide(one, events[:cut])
    other.restore(json.loads(json.dumps(one.save())))
    assert decided + decide(other, events[cut:], cut) == oracle(events, lateness)


@given(EVENTS)
def test_every_alert_passed_or_is_counted_between_its_first_and_last(
    events: list[tuple[str, int]],
) -> None:
    windows = Windows(None)
    passed = decide(windows, events)
    held = [(key, time) for (key, time), ok in zip(events, passed, strict=True) if not ok]
    assert sum(window.count for _, window in windows) == len(held)
    for key, window in windows:
        if window.count:
            assert (key, window.first) in held
            assert (key, window.last) in held
            assert window.start - SPAN < window.first <= window.last < window.start + SPAN


def test_alerts_of_one_key_that_pass_are_a_span_apart() -> None:
    windows = Windows(None)
    order = [50, 45, 70, 60, 59, 61, 40, 41]
    passed = [t for t in order if passes(windows, "k", SPAN, t, str(t))]
    assert passed == [50, 70, 60, 40]


def test_the_alert_of_a_window_that_is_met_again_passes_again() -> None:
    windows = Windows(None)
    assert [passes(windows, "k", SPAN, 5, "same") for _ in range(3)] == [True] * 3


@given(st.lists(st.integers(0, 1000), max_size=200))
def test_the_number_of_windows_is_bounded_and_what_is_let_go_of_is_counted(
    keys: list[int],
) -> None:
    windows = Windows(None, most=20)
    for time, key in enumerate(keys):
        passes(windows, str(key), 10_000, time, str(time))
        assert len(list(windows)) == windows._total <= 20
    assert windows.evicted == 0 or len(set(keys)) > 20
