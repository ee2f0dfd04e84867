"""Sessions beside their nearest neighbour."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from models.base import Session
from models.baseline.gram_neighbours import GramNeighbours
from models.errors import DataError
from tests.models import data


def spelt(session: Session) -> dict[Session, float]:
    """1 + ln of how often each event and pair occurs, START before and END behind."""
    whole = (-1, *session, -2)
    grams = [(event,) for event in whole[1:]] + list(itertools.pairwise(whole))
    return {gram: 1 + np.log(grams.count(gram)) for gram in grams}


def distance(session: Session, known: list[Session]) -> float:
    """What the detector computes, spelt out."""
    bags = [spelt(each) for each in dict.fromkeys(known)]

    def vector(bag: dict[Session, float]) -> dict[Session, float]:
        weighed = {
            gram: value * (np.log((1 + len(bags)) / (1 + sum(gram in bag for bag in bags))) + 1)
            for gram, value in bag.items()
        }
        length = np.sqrt(sum(value**2 for value in weighed.values()))
        return {gram: value / length for gram, value in weighed.items()}

    own = vector(spelt(session))
    return 1 - max(
        sum(value * other.get(gram, 0.0) for gram, value in own.items())
        for other in map(vector, bags)
    )


def test_the_distance_is_that_of_tf_idf_and_cosine() -> None:
    known, others = data.sessions(30), [*data.sessions(10, seed=1), (9, 1), (), (9,)]
    want = [distance(session, known) for session in others]
    assert GramNeighbours().fit(known).score(others) == pytest.approx(want, abs=1e-6)


def test_a_known_session_is_at_no_distance_and_a_foreign_one_at_one() -> None:
    model = GramNeighbours().fit(data.sessions(50))
    known, foreign = model.score([data.sessions(50)[7], (90, 91, 92) * 50])
    assert known == pytest.approx(0, abs=1e-6)
    assert foreign > 0.99


def test_no_more_sessions_and_columns_are_kept_than_allowed() -> None:
    model = GramNeighbours(columns=5, most=7).fit(data.sessions(50))
    assert model._kept.shape == (5, 7)
    assert np.isfinite(model.score(data.sessions(20, seed=1))).all()


def test_another_seed_keeps_other_sessions() -> None:
    others = data.sessions(50, seed=1)
    first, second = (GramNeighbours(most=5, seed=seed).fit(data.sessions(50)) for seed in (0, 1))
    assert not np.array_equal(first.score(others), second.score(others))


def test_reasons_name_the_runs_that_the_nearest_session_lacks() -> None:
    texts = [reason.text for reason in GramNeighbours().fit([(1, 2, 3)]).explain([(1, 2, 9)], 0)]
    assert "event 9: not in the most alike session of training" in texts
    assert "events 2, 9: not in the most alike session of training" in texts


def test_a_session_with_nothing_new_says_so() -> None:
    text = GramNeighbours().fit([(1, 2, 3)]).explain([(1, 2, 3)], 0)[0].text
    assert text == "a session with these runs of events is known"


def test_sizes_of_nothing_are_refused() -> None:
    with pytest.raises(DataError):
        GramNeighbours(most=0)
