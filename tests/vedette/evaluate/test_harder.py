"""Harder made-up sets: new kinds among normals, and programs of other systems among anomalies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.base import Session
from vedette.evaluate.harder import shifted, strangers, told_here
from vedette.evaluate.part import Part, PublicSet, Trial

OTHER = [(9, 9, 9, 8), (9, 8, 7)]


def public() -> PublicSet:
    rng = np.random.default_rng(3)
    sessions: list[Session] = [
        tuple(10 * kind + int(e) for e in rng.integers(1, 6, rng.integers(4, 12)))
        for at in range(400)
        for kind in (at % 8,)
    ]
    train = Part.of(sessions, [at // 10 for at in range(400)])
    return PublicSet("made", [Trial("made", train, train)])


@pytest.mark.parametrize("make", [strangers, shifted])
def test_nothing_that_is_scored_was_learned_and_all_anomalies_are_new(
    make: Callable[[PublicSet, list[list[Session]], int], PublicSet],
) -> None:
    whole = public()
    (trial,) = make(whole, [OTHER], 1).trials
    labels = trial.test.labels
    normals = [s for s, label in zip(trial.test.sessions, labels, strict=True) if not label]
    strange = [s for s, label in zip(trial.test.sessions, labels, strict=True) if label]
    assert sorted([*trial.train.sessions, *normals]) == sorted(whole.trials[0].train.sessions)
    assert not {*strange} & {*whole.trials[0].train.sessions}
    assert {"another system", "spliced"} <= {*trial.test.families}
    assert trial.test.weights[~labels].sum() == pytest.approx(30 * labels.sum())


def test_half_of_the_kinds_are_shifted_away() -> None:
    (trial,) = shifted(public(), [OTHER]).trials
    normal = [not each for each in trial.test.families]
    assert 0.2 * 400 < sum(normal) <= 0.5 * 400
    learned = {event for session in trial.train.sessions for event in session}
    held = [s for s, at in zip(trial.test.sessions, normal, strict=True) if at]
    assert sum(bool({*s} - learned) for s in held) > 0.5 * len(held)


def test_the_same_seed_makes_the_same_and_another_does_not() -> None:
    first, again, other = (shifted(public(), [OTHER], seed).trials[0] for seed in (1, 1, 2))
    assert first.test.sessions == again.test.sessions
    assert first.test.sessions != other.test.sessions


def test_sessions_of_another_system_are_told_by_rank() -> None:
    own = [(1, 1, 1, 2), (1, 2)]
    told = told_here(own, OTHER, 9, np.random.default_rng(0))
    # 9 is the commonest there and 1 here; 8 is next, and so is 2; for 7 there is none left
    assert sorted(told) == [(1, 1, 1, 2), (1, 2, 2)]
