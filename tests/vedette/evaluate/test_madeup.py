"""Made-up anomalies come from training normals alone, and are none of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.base import UNKNOWN
from vedette.evaluate import madeup
from vedette.evaluate.madeup import ALTERATIONS, ODDS, Pool
from vedette.evaluate.sets.registry import SETS, load

SESSION = tuple(range(1, 21))
POOL = Pool([SESSION, (31, 32, 33)])


@pytest.mark.parametrize("name", [*SETS])
def test_nothing_of_the_test_is_used(name: str, made_up: Path) -> None:
    public = load(name, made_up)
    for trial, other in zip(public.trials, madeup.made_up(public).trials, strict=True):
        normal, learned = {*trial.train.sessions}, {*other.train.sessions}
        assert learned <= normal
        for session, family in zip(other.test.sessions, other.test.families, strict=True):
            if family == "new kind":
                assert session in normal - learned
            else:
                assert (session in normal) == (family == "")


@pytest.mark.parametrize("name", [*SETS])
def test_the_normals_of_a_made_up_test_come_after_what_is_learned(name: str, made_up: Path) -> None:
    public = load(name, made_up)
    for trial, other in zip(public.trials, madeup.made_up(public).trials, strict=True):
        place = {block: at for at, block in enumerate(dict.fromkeys(trial.train.blocks))}
        normal = [b for b, f in zip(other.test.blocks, other.test.families, strict=True) if not f]
        assert max(place[b] for b in other.train.blocks) < min(place[b] for b in normal)


def test_normals_weigh_so_much_more_than_anomalies(made_up: Path) -> None:
    test = madeup.made_up(load("hdfs", made_up)).trials[0].test
    ratio = test.weights[~test.labels].sum() / test.weights[test.labels].sum()
    assert ratio == pytest.approx(ODDS)


@pytest.mark.parametrize("name", [*ALTERATIONS])
def test_an_alteration_changes_a_session_and_its_seed_decides_how(name: str) -> None:
    alter = ALTERATIONS[name]
    made = [alter(SESSION, POOL, np.random.default_rng(seed)) for seed in (1, 1, 2, 3)]
    assert made[0] == made[1]
    assert any(each != SESSION for each in made)
    assert all(isinstance(event, int) for each in made for event in each)


@pytest.mark.parametrize("name", [*ALTERATIONS])
@pytest.mark.parametrize("session", [(), (1,), (1, 2)])
def test_short_sessions_can_be_altered_too(name: str, session: tuple[int, ...]) -> None:
    ALTERATIONS[name](session, POOL, np.random.default_rng(0))


def test_each_alteration_does_what_its_name_says() -> None:
    rng = np.random.default_rng(0)
    assert len(ALTERATIONS["cut off"](SESSION, POOL, rng)) < len(SESSION)
    assert len(ALTERATIONS["left out"](SESSION, POOL, rng)) < len(SESSION)
    assert len(ALTERATIONS["repeated"](SESSION, POOL, rng)) > len(SESSION)
    assert sorted(ALTERATIONS["shuffled"](SESSION, POOL, rng)) == list(SESSION)
    assert UNKNOWN in ALTERATIONS["unseen events"](SESSION, POOL, rng)
    assert len(ALTERATIONS["foreign events"](SESSION, POOL, rng)) > len(SESSION)
    assert ALTERATIONS["spliced"](SESSION, POOL, rng)[:10] == SESSION[:10]
