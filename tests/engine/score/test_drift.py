"""Drift of what a model scores in a run: one finding a day, and none where nothing changed."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

from engine.score import drift
from engine.score.drift import FEWEST, MOST, Kept, Watch
from models.base import Floats
from models.bundle.bundle import DAY, Scored
from models.feature.windows import Window
from tests.engine.score.parts import NOW, ensemble, epoch, model, ordinary, own, record, see, told

START = epoch(0) // DAY * DAY


def watched(scores: Floats) -> Watch:
    watch = Watch(model())
    for at, each in enumerate(scores):
        start = START + 60 * at
        watch.add(Scored(Window("h", start, start + 60, (0, *[1] * 9), ()), float(each), {}, False))
    return watch


def test_a_day_like_those_of_training_is_no_finding_and_a_stranger_one_is() -> None:
    normal = np.asarray(model().bundle.normal)
    assert watched(normal).over(START + DAY) == []
    (found,) = watched(normal - 2).over(START + DAY)
    assert found.kept.share == 0.1
    assert found.drifts[0].p <= 0.01
    assert watched(normal * 0.1).over(START + DAY) == []  # less strange


@pytest.mark.parametrize("shift", [-2.0, -0.5, -0.25, -0.1, 0.0, 0.5])
def test_a_day_that_is_not_even_suspicious_would_not_be_told_by_the_whole_measures(
    shift: float,
) -> None:
    bundle = model().bundle
    watch = watched(np.asarray(bundle.normal) + shift)
    kept = next(iter(watch.days.values()))
    whole = drift.stranger(drift.measured(bundle, kept), bundle, kept)
    assert drift.suspicious(bundle, kept) or not whole
    assert [list(each.drifts) for each in watch.over(START + DAY)] == ([whole] if whole else [])


def test_a_day_is_told_when_it_is_over_and_once() -> None:
    watch = watched(np.asarray(model().bundle.normal) - 2)
    assert watch.over(START + DAY - 1) == []
    assert len(watch.over(START + DAY)) == 1
    assert watch.over(START + 9 * DAY) == []


def test_a_day_with_few_windows_says_nothing() -> None:
    assert watched(np.full(FEWEST - 1, -9.0)).over(START + DAY) == []
    assert len(watched(np.full(FEWEST, -9.0)).over(START + DAY)) == 1


def test_memory_is_bounded_and_what_is_kept_is_drawn_evenly() -> None:
    kept = Kept()
    for number in range(10_000):
        kept.add(f"host{number % 4}|{number}", -float(number), 1, 0)
    assert MOST / 4 < len(kept.log_p) <= MOST
    assert kept.seen == 10_000
    by_host = np.bincount([int(-p) % 4 for p in kept.log_p])
    assert by_host.min() > len(kept.log_p) / 8
    assert np.mean(kept.log_p) == pytest.approx(-5000, rel=0.1)


def test_days_that_are_not_over_outlast_a_stop() -> None:
    watch = watched(np.asarray(model().bundle.normal) - 2)
    other = Watch(model())
    other.restore(json.loads(json.dumps(watch.save())))
    assert other.over(START + DAY) == watch.over(START + DAY)


def test_a_hunt_through_ordinary_hours_tells_of_no_drift() -> None:
    one, _ = ensemble(alerts_a_day=1.0)
    kinds = [own(alert)["kind"] for alert in told(one, ordinary(200))]
    assert "drift" not in kinds


def test_hours_of_another_kind_are_one_alert_that_says_what_moved() -> None:
    one, _ = ensemble(alerts_a_day=1.0)
    other = [record(minute * 60 + step, 5140 + step) for minute in range(100) for step in range(3)]
    (alert,) = [each for each in told(one, other) if own(each)["kind"] == "drift"]
    assert alert.document["message"] == "Events have drifted from what the model small learned"
    assert "100.0% of events are of kinds that it never saw" in alert.document["event"]["reason"]
    found = own(alert)
    assert found["level"] == "low"
    assert found["explanation"][0]["text"].startswith(found["explanation"][0]["feature"])
    assert alert.anchor_time is not None
    assert alert.anchor_time.hour == 0
    again, _ = ensemble(alerts_a_day=1.0)
    ids = {each.id for each in told(again, other, lambda: NOW + timedelta(days=9))}
    assert alert.id in ids


def test_which_windows_will_be_kept_is_known_before_they_are_scored() -> None:
    watch = Watch(model())
    for first in (0, 300):
        names = [(f"host{at % 7}", START + 60.0 * at) for at in range(first, first + 300)]
        before = {place for day in watch.days.values() for place, _ in day.drawn}
        expected = {drift._place(drift.named(*each)) for each in watch.drawn(names)}
        assert watch.days.keys() == ({START // DAY} if first else set())
        for entity, start in names:
            watch.add(Scored(Window(entity, start, start + 60, (1,), ()), -1.0, {}, False))
        (day,) = watch.days.values()
        assert {place for place, _ in day.drawn} - before == expected
        assert day.step == 2 << (first > 0)


def drawn() -> dict[int, float]:
    """What is kept of half an hour, by the hash of each window's name."""
    one, _ = ensemble(lateness=timedelta(minutes=1), alerts_a_day=1e-6)
    for each in ordinary(30):
        see(one, each, NOW)
        one.advance("logs", NOW)
    return dict(pair for day in one.tracks[0].watch.days.values() for pair in day.drawn)


def test_windows_that_are_kept_were_scored_by_costly_detectors_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = drawn()
    monkeypatch.setattr(type(model().bundle.parts["markov"].detector), "costly", True)
    assert drawn() == whole
    monkeypatch.setattr(drift, "MOST", 8)
    some = drawn()
    assert 0 < len(some) <= 8
    assert some.items() <= whole.items()
