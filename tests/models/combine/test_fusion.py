"""Fused p-values are uniform on normals, and see what single detectors see."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibrate.groups import uniformity
from models.combine import rules
from models.combine.fusion import Fusion
from models.errors import DataError, StoreError

each_rule = pytest.mark.parametrize("rule", list(rules.RULES))


def normals(count: int, seed: int, shared: float) -> np.ndarray:  # type: ignore[type-arg]
    """log p of five detectors; `shared` of their variance is the same in all."""
    from scipy.stats import norm

    rng = np.random.default_rng(seed)
    common, own = rng.normal(size=(count, 1)), rng.normal(size=(count, 5))
    return np.asarray(norm.logsf(np.sqrt(shared) * common + np.sqrt(1 - shared) * own))


@each_rule
@pytest.mark.parametrize("shared", [0.0, 0.5, 0.99])
def test_the_fused_p_is_uniform_on_normals_however_detectors_depend(
    rule: str, shared: float
) -> None:
    fusion = Fusion(rule).fit(normals(4_000, 1, shared))
    p = np.exp(fusion.log_p(normals(20_000, 2, shared)))
    assert uniformity(p) < 0.04
    for rate in (0.1, 0.01):
        assert rate * 0.6 < (p <= rate).mean() < rate * 1.6


@each_rule
def test_what_every_detector_finds_strange_gets_a_small_p(rule: str) -> None:
    fusion = Fusion(rule).fit(normals(2_000, 1, 0.5))
    assert fusion.log_p(np.full((1, 5), -9.0))[0] < np.log(0.002)


@pytest.mark.parametrize("rule", ["cauchy", "harmonic", "minimum"])
def test_what_one_detector_alone_finds_very_strange_gets_a_small_p(rule: str) -> None:
    fusion = Fusion(rule).fit(normals(2_000, 1, 0.5))
    alone = np.array([[-14.0, -0.7, -0.7, -0.7, -0.7]])
    assert fusion.log_p(alone)[0] < np.log(0.002)


@each_rule
def test_smaller_p_of_any_detector_is_never_less_strange(rule: str) -> None:
    fusion = Fusion(rule).fit(normals(500, 1, 0.5))
    ladder = np.full((300, 5), -1.0)
    ladder[:, 2] = -np.geomspace(0.001, 600, 300)
    assert (np.diff(fusion.statistic(ladder)) >= -1e-9).all()


def test_the_rule_of_cauchy_is_that_of_its_paper() -> None:
    log_p = normals(200, 4, 0.3)
    paper = np.tan((0.5 - np.exp(log_p)) * np.pi).mean(axis=1)
    assert (np.argsort(rules.cauchy(log_p)) == np.argsort(paper)).mean() > 0.9


@each_rule
def test_p_that_are_all_but_0_give_finite_numbers(rule: str) -> None:
    far = np.array([[-1e4, -0.1], [-5.0, 0.0], [0.0, 0.0]])
    assert np.isfinite(rules.RULES[rule](far)).all()


def test_the_reasons_are_the_detectors_with_the_smallest_p() -> None:
    fusion = Fusion().fit(normals(100, 1, 0.5))
    reasons = fusion.explain(np.log([0.5, 0.001, 0.9, 0.01, 0.3]), list("abcde"), 2)
    assert [reason.feature for reason in reasons] == ["b", "d"]
    assert reasons[0].text == "b finds it stranger than 99.90 % of normal"


def test_a_restored_fusion_says_the_same() -> None:
    fusion = Fusion("fisher").fit(normals(300, 1, 0.5))
    again = Fusion.restore(fusion.state())
    others = normals(20, 2, 0.5)
    assert np.array_equal(again.log_p(others), fusion.log_p(others))


def test_a_rule_that_there_is_not_is_named() -> None:
    with pytest.raises(DataError, match=r"'vote'.*cauchy"):
        Fusion("vote")
    state = Fusion().fit(normals(50, 1, 0.5)).state()
    with pytest.raises(StoreError, match="vote"):
        Fusion.restore(type(state)({"rule": "vote"}, state.facts, state.arrays))


def test_another_number_of_detectors_is_refused() -> None:
    with pytest.raises(DataError, match="5 columns"):
        Fusion().fit(normals(50, 1, 0.5)).log_p(np.zeros((2, 4)))


def test_a_guess_by_the_tail_of_one_detector_does_not_outvote_all_others() -> None:
    log_p = normals(1_000, 1, 0.5)
    alone = np.array([[-900.0, -0.7, -0.7, -0.7, -0.7]])
    agreed = np.full((1, 5), -7.0)
    trusting, careful = Fusion("fisher", beyond=np.inf), Fusion("fisher", beyond=10)
    assert trusting.fit(log_p).statistic(alone) > trusting.statistic(agreed)
    assert careful.fit(log_p).statistic(alone) < careful.statistic(agreed)


@pytest.mark.parametrize("beyond", [0.0, -1.0, float("nan")])
def test_a_guess_cannot_count_for_less_than_what_was_counted(beyond: float) -> None:
    with pytest.raises(DataError, match="beyond"):
        Fusion(beyond=beyond)
