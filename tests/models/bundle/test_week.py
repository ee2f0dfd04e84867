"""A bundle that tells p by the part of the week that a window lies in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from models.bundle import keep
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.calibrate.groups import time_of_week, uniformity
from models.errors import ModelError, StoreError
from tests.models.bundle.test_bundle import code

MONDAY = datetime(2026, 11, 16, tzinfo=UTC).timestamp()
PLAN = Plan({"event-rarity": {}, "count-tail": {}, "markov": {}}, 600.0, week=0.0)
PLAIN = replace(PLAN, week=None)
NIGHT, DAY = MONDAY + 2 * 3600, MONDAY + 12 * 3600


def window(start: float, busy: bool, rng: np.random.Generator) -> list[Observation]:
    """Ten minutes: people work, or a few machines do."""
    numbers, shares, most = (
        ([4624, 4634, 4688, 4689, 4672], [0.3, 0.3, 0.2, 0.15, 0.05], 25)
        if busy
        else ([4688, 4689, 4624], [0.6, 0.38, 0.02], 6)
    )
    chosen = rng.choice(numbers, int(rng.integers(2, most)), p=shares)
    return [Observation("ws", start + at, code(int(each))) for at, each in enumerate(chosen)]


def week(seed: int = 0, first: int = -2) -> list[Observation]:
    """A week from Saturday on, or `first` days after Monday, its weekend as quiet as the nights."""
    rng = np.random.default_rng(seed)
    starts = [MONDAY + 600.0 * at for at in range(first * 144, (first + 7) * 144)]
    return [each for start in starts
            for each in window(start, time_of_week(start) == "weekday day", rng)]  # fmt: skip


@cache
def fitted() -> Bundle:
    return Bundle.fit(week(), PLAN)


@cache
def plain() -> Bundle:
    return Bundle.fit(week(), PLAIN)


def test_what_is_ordinary_by_day_is_strange_at_night() -> None:
    rng = np.random.default_rng(5)
    seen = [window(NIGHT + 600 * at, True, rng) for at in range(12)]
    p = np.array([[one.score(each)[0].p for each in seen] for one in (fitted(), plain())])
    assert np.median(p[0]) < 0.03 < 0.1 < np.median(p[1])


def test_p_is_nearer_to_uniform_in_each_part_of_the_week_than_pooled() -> None:
    def worst(bundle: Bundle) -> float:
        scored = bundle.score(week(seed=1))
        parts = np.array([time_of_week(each.window.start) for each in scored])
        p = np.array([each.p for each in scored])
        return max(uniformity(p[parts == part]) for part in ("weekday day", "weekday night"))

    assert worst(fitted()) < 0.25 < 0.4 < worst(plain())  # not 0: windows of nights tie


def test_a_week_that_ends_with_its_weekend_calibrates_whole() -> None:
    ended = Bundle.fit(week(first=0), replace(PLAIN, detectors={"count-tail": {}}))
    assert len(ended.normal) == ended.learned == 7 * 144


def test_no_answer_changes_sides_where_costly_detectors_are_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = fitted().windows(week(seed=2))
    whole = fitted().score_windows(seen)
    monkeypatch.setattr(type(fitted().parts["markov"].detector), "costly", True)
    some = fitted().score_windows(seen, [0.005] * len(seen))
    assert 0 < sum("markov" in each.by for each in some) < len(seen)
    for each, other in zip(whole, some, strict=True):
        assert (each.p <= 0.005) == (other.p <= 0.005)
        assert other.p <= each.p


def test_a_loaded_one_scores_the_same(tmp_path: Path) -> None:
    print_ = keep.save(fitted(), tmp_path / "a")
    loaded = keep.load(tmp_path / "a")
    others = window(NIGHT, True, np.random.default_rng(1))
    assert loaded.score(others) == fitted().score(others)
    assert keep.save(loaded, tmp_path / "b") == print_
    path = tmp_path / "a" / keep.TOLD
    told = json.loads(path.read_text())
    path.write_text(json.dumps({key: each for key, each in told.items() if key != "week"}))
    with pytest.raises(StoreError, match="does not hold together"):
        keep.load(tmp_path / "a")


def test_the_plan_says_by_which_clock_and_refuses_one_that_is_nowhere() -> None:
    assert Plan.of(PLAN.as_json()) == PLAN
    assert PLAN.as_json()["week"] == 0.0
    assert "week" not in PLAIN.as_json()
    with pytest.raises(ModelError, match="nowhere"):
        replace(PLAN, week=30.0)
