"""Windows that are held out: who learned what, and what is counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.score.model import Model
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.prepare.sample import Sample
from tests.models.bundle.test_bundle import code, day
from vedette.heldout import HeldOut, held_out, parted
from vedette.sampled import Sampled

PLAN = Plan({"new-value": {}, "count-tail": {}, "markov": {}}, 60)
TIMES = st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 900)), min_size=1, max_size=40)


@given(TIMES, st.floats(0.05, 0.95))
def test_no_window_has_a_part_on_either_side(times: list[tuple[str, float]], share: float) -> None:
    seen = [Observation(entity, time, code(1)) for entity, time in times]
    before, start = parted(seen, 60.0, share)
    assert before == [each for each in seen if each.time < start]
    assert start % 60 == 0
    every = Counter({(each.entity, each.time // 60) for each in seen})
    kept = {(each.entity, each.time // 60) for each in before}
    later = every.total() - len(kept)
    # Those that begin together with the first of the share are held out, too: two at most.
    assert int(every.total() * share) <= later <= int(every.total() * share) + 2


@cache
def figures() -> HeldOut:
    return held_out(day(240), PLAN, 0.25)[0]


def test_figures_are_those_of_a_model_of_what_lies_before() -> None:
    every = day(240)
    found = figures()
    bundle = Bundle.fit([each for each in every if each.time < 180 * 60], PLAN)
    later = bundle.score([each for each in every if each.time >= 180 * 60])
    assert (found.windows, found.learned, found.days) == (120, 360, pytest.approx(1 / 24))
    for row in found.targets:
        hits = sum(each.p <= row.target for each in later)
        assert (row.windows, row.achieved) == (hits, pytest.approx(hits / 120))
        assert row.low <= row.achieved <= row.high
    assert found.budgets[0].p == pytest.approx(1 / 360)
    own = Counter(min(each.by, key=lambda name: each.by[name]) for each in later if each.p <= 0.05)
    assert Counter(found.drives) == own


def test_a_window_of_a_sample_stands_for_many() -> None:
    """Alerts a day are those that come of all windows, not of the sample."""
    threefold = held_out(day(240), PLAN, 0.25, weight=lambda _: 3.0)[0]
    assert threefold.budgets[0].p == pytest.approx(1 / 1080)
    for one, three in zip(figures().targets, threefold.targets, strict=True):
        assert (one.achieved, one.high) == pytest.approx((three.achieved, three.high))


def sampled(each: bool) -> Sampled:
    made = Sampled(Sample(10, each=each), PLAN)
    quiet = [Observation("quiet", 60.0 * at, code(1)) for at in range(20)]
    busy = [Observation("busy", 60.0 * at + step, code(1)) for at in range(80) for step in (0, 30)]
    made.observe(busy[::-1])
    made.observe(quiet)
    made.close()
    return made


def test_a_sample_has_all_events_of_its_windows_in_the_order_of_time() -> None:
    whole = sampled(each=False)
    assert (whole.facts()["windows"], whole.facts()["of"], whole.weight("busy")) == (10, 100, 10.0)
    each = sampled(each=True)
    assert (each.weight("busy"), each.weight("quiet")) == (8.0, 2.0)
    for found in (whole.observations, each.observations):
        assert found == sorted(found, key=lambda seen: seen.time)
        counts = Counter((seen.entity, seen.time // 60) for seen in found)
        assert all(count == (2 if entity == "busy" else 1) for (entity, _), count in counts.items())


def test_a_budget_is_of_the_windows_that_a_sample_was_drawn_of() -> None:
    bundle = Bundle.fit(day(60), PLAN)
    told = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-03T00:00:00Z"}
    assert Model("a", "b", bundle, told).windows_a_day() == 60
    assert Model("a", "b", bundle, {**told, "sampled": {"of": 4000}}).windows_a_day() == 2000


def test_a_sample_of_sessions_says_how_many_there_would_be_in_all() -> None:
    """Spans are drawn, and those of a busy host have two sessions each."""
    made = Sampled(Sample(10, each=True), replace(PLAN, gap=20.0))
    made.observe(Observation("quiet", 60.0 * at, code(1)) for at in range(20))
    made.observe(
        Observation("busy", 60.0 * at + step, code(1)) for at in range(80) for step in (0, 5, 40)
    )
    made.close()
    told = made.facts()
    assert (told["windows"], told["of"]) == (10 + 20, 20 + 160)
