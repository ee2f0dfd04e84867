"""The second stage looks at what the first one flags, and the result is a p again."""

from __future__ import annotations

import numpy as np
import pytest

from models.base import State
from models.calibrate.groups import uniformity
from models.combine.validator import Validator
from models.errors import DataError, StoreError

RNG = np.random.default_rng(2)


def scene(count: int) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """log p of the first stage and scores of the second, which go together a little."""
    log_p = np.log(1 - RNG.uniform(size=count))
    return log_p, RNG.normal(size=count) - 0.3 * log_p


def test_p_after_both_stages_is_uniform_on_normals() -> None:
    first, second = scene(20_000)
    validator = Validator(0.1).fit(first, lambda at: second[at])
    first, second = scene(20_000)
    p = np.exp(validator.log_p(first, lambda at: second[at]))
    assert uniformity(p) < 0.02
    assert 0.006 < (p <= 0.01).mean() < 0.014


def test_the_second_stage_is_asked_only_about_what_is_flagged() -> None:
    first, second = scene(5_000)
    validator = Validator(0.05).fit(first, lambda at: second[at])
    asked: list[int] = []
    validator.log_p(first, lambda at: asked.extend(at) or second[at])  # type: ignore[func-returns-value]
    assert asked == np.flatnonzero(first <= np.log(0.05)).tolist()


def test_the_second_stage_reorders_what_is_flagged_and_nothing_else() -> None:
    first, second = scene(5_000)
    validator = Validator(0.05).fit(first, lambda at: second[at])
    log_p = validator.log_p(np.log([0.01, 0.04, 0.5]), lambda at: np.array([-5.0, 9.0])[at])
    assert log_p[1] < log_p[0] <= np.log(0.05) + 1e-9
    assert log_p[2] == np.log(0.5)


def test_too_few_flagged_normals_are_refused() -> None:
    with pytest.raises(DataError, match="the second needs 20"):
        Validator(0.05).fit(np.log(np.linspace(0.01, 1, 100)), lambda at: at.astype(float))


def test_too_few_normals_are_refused_before_anything_is_learned() -> None:
    Validator(0.05).require(400)
    with pytest.raises(DataError, match="from 400 normals or more, and there are 399"):
        Validator(0.05).require(399)


def test_what_was_learned_is_restored_and_what_was_not_is_refused() -> None:
    first, second = scene(2_000)
    validator = Validator(0.1).fit(first, lambda at: second[at])
    state = validator.state()
    again = Validator.restore(state)
    assert again.share == 0.1
    assert (
        again.log_p(first, second.__getitem__) == validator.log_p(first, second.__getitem__)
    ).all()
    with pytest.raises(StoreError, match="no second stage"):
        Validator.restore(State({"share": 2.0}, {}, state.arrays))
    with pytest.raises(StoreError):
        Validator.restore(State({"share": 0.1}, {}, {}))


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(DataError, match="share"):
        Validator(1.5)
