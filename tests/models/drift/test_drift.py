"""Drift is found where there is some, and seldom where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.drift.drift import Drift, drifted
from models.drift.embeddings import direction, discrepancy
from models.drift.reference import permuted
from models.drift.scores import distance, index, stability
from models.drift.templates import frequencies, unseen
from models.errors import DataError

Make = Callable[[np.random.Generator, bool], Any]


def scores(rng: np.random.Generator, moved: bool) -> Any:
    return rng.normal(0.8 if moved else 0, 1, 200)


def templates(rng: np.random.Generator, moved: bool) -> Any:
    return rng.choice(6, 300, p=[0.3, 0.3, 0.2, 0.1, 0.05, 0.05][:: -1 if moved else 1]) + 1


def rows(rng: np.random.Generator, moved: bool) -> Any:
    return rng.normal(0, 1, (60, 8)) + (np.arange(8) % 3 if moved else 1)


MEASURES: dict[str, tuple[Callable[..., Drift], Make]] = {
    "stability": (stability, scores),
    "distance": (distance, scores),
    "frequencies": (frequencies, templates),
    "direction": (direction, rows),
    "discrepancy": (discrepancy, rows),
}
each_measure = pytest.mark.parametrize("name", MEASURES)


@each_measure
def test_what_moved_is_found(name: str) -> None:
    measure, make = MEASURES[name]
    rng = np.random.default_rng(1)
    block = {"block": 5} if name == "frequencies" else {}
    found = measure(make(rng, False), make(rng, True), **block)
    assert found.p == pytest.approx(1 / 200)
    assert found.found()
    assert "has drifted" in found.words()


@each_measure
def test_what_did_not_move_is_found_as_often_as_the_level_says(name: str) -> None:
    measure, make = MEASURES[name]
    rng = np.random.default_rng(2)
    block = {"block": 1} if name == "frequencies" else {}
    ps = [
        measure(make(rng, False), make(rng, False), times=19, seed=seed, **block).p
        for seed in range(60)
    ]
    assert sum(p <= 0.1 for p in ps) <= 14  # 6 expected; more than 14 once in 1,500 cases
    assert 0.35 < np.mean(ps) < 0.7


def test_bursts_do_not_pass_for_drift_when_blocks_are_shuffled() -> None:
    rng = np.random.default_rng(3)
    ps: dict[int, list[float]] = {1: [], 40: []}
    for seed in range(30):
        lines = np.repeat(rng.choice(8, 30), 20) + 1
        for block, kept in ps.items():
            kept.append(frequencies(lines[:300], lines[300:], times=19, block=block, seed=seed).p)
    assert np.mean(np.array(ps[1]) <= 0.05) > 0.5
    assert np.mean(np.array(ps[40]) <= 0.05) < 0.25


def test_the_index_is_that_of_the_textbook() -> None:
    before, now = np.array([10, 20, 30]), np.array([30, 20, 10])
    p, q = (before + 0.5) / 61.5, (now + 0.5) / 61.5
    assert index(before, now) == pytest.approx(sum((q - p) * np.log(q / p)))
    assert index(before, before) == 0


def test_the_distance_is_that_of_scipy() -> None:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(4)
    then, now = rng.poisson(3, 80).astype(float), rng.poisson(4, 50).astype(float)
    assert distance(then, now, times=1).value == pytest.approx(ks_2samp(then, now).statistic)


def test_a_row_of_equal_scores_is_as_before() -> None:
    assert stability(np.ones(30), np.ones(20)).p == 1
    assert distance(np.ones(30), np.ones(20)).p == 1


def test_templates_that_are_new_are_counted_and_named() -> None:
    then = np.tile([1, 2, 3], 200)
    found = unseen(then, np.array([1, 2, 9, 0, 1, 9]))
    assert found.value == pytest.approx(0.5)
    assert found.p == pytest.approx(1 / 200)
    assert found.detail == "2 new templates, 0, 9"


def test_a_source_that_always_has_some_new_templates_has_not_drifted_by_a_few_more() -> None:
    rng = np.random.default_rng(5)
    lines = np.where(rng.random(2_000) < 0.05, np.arange(2_000) + 10, 1)
    assert not unseen(lines[:1_700], lines[1_700:]).found()
    assert unseen(lines[:1_700], np.where(rng.random(300) < 0.3, 9_999, 1)).found()


def test_of_many_findings_only_those_are_told_that_chance_does_not_explain() -> None:
    findings = [Drift("a", 1, 0.001), *(Drift(f"m{at}", 1, 0.009) for at in range(9))]
    assert [each.name for each in drifted(findings, 0.01)] == ["a"]
    assert drifted([], 0.01) == []


@pytest.mark.parametrize(("before", "now"), [(0, 5), (5, 0)])
def test_nothing_to_compare_is_refused(before: int, now: int) -> None:
    with pytest.raises(DataError, match="something from"):
        permuted(lambda one, two: 0.0, before, now)
    with pytest.raises(DataError, match="something from"):
        stability(np.ones(before), np.ones(now))
    with pytest.raises(DataError, match="something from"):
        unseen(np.ones(before, dtype=int), np.ones(now, dtype=int))


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DataError, match="finite"):
        distance(np.array([1.0, np.nan]), np.ones(3))


def test_the_same_seed_gives_the_same_p() -> None:
    rng = np.random.default_rng(6)
    then, now = scores(rng, False), scores(rng, False)
    assert stability(then, now, seed=3) == stability(then, now, seed=3)
