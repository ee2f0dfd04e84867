"""Chains with a long memory: what the root mean square and the likelihood ratio say."""

from __future__ import annotations

import numpy as np
import pytest

from models.baseline.backoff import Backoff
from models.baseline.grams import padded
from models.baseline.likelihood_ratio import LikelihoodRatio
from models.baseline.markov import Markov, MarkovPeak
from models.baseline.variable_order import VariableOrder
from tests.models import data

LONG = [(*range(1, 9), 20), (9, *range(2, 9), 21)] * 20
"""The last event depends on the first, eight steps before it."""


def test_it_remembers_what_a_short_chain_has_forgotten() -> None:
    right, wrong = (*range(1, 9), 20), (*range(1, 9), 21)
    deep, short = VariableOrder().fit(LONG), Markov().fit(LONG)
    assert np.diff(deep.score([right, wrong]))[0] > 0.3
    assert np.diff(short.score([right, wrong]))[0] == pytest.approx(0)
    assert np.diff(LikelihoodRatio().fit(LONG).score([right, wrong]))[0] > 0.1


def test_the_root_mean_square_lies_between_mean_and_peak() -> None:
    sessions, others = data.sessions(60), data.sessions(30, seed=1)
    mean, peak = (kind(order=12).fit(sessions).score(others) for kind in (Markov, MarkovPeak))
    found = VariableOrder().fit(sessions).score(others)
    assert (mean <= found + 1e-12).all()
    assert (found <= peak + 1e-12).all()
    assert (mean < found).any()


def test_a_rare_kind_of_session_is_strange_to_a_chain_and_not_by_the_ratio() -> None:
    train = [(1, 2, 1, 2)] * 98 + [(7, 8, 7, 8)] * 2
    common, rare, wrong = (1, 2, 1, 2), (7, 8, 7, 8), (7, 8, 8, 7)
    chain = Markov().fit(train).score([common, rare])
    ratio = LikelihoodRatio().fit(train).score([common, rare, wrong])
    assert np.diff(chain)[0] > 0.7
    assert abs(ratio[1] - ratio[0]) < 0.01
    assert ratio[2] > 0.2


def test_surprise_by_a_shorter_order_is_that_of_a_chain_of_it() -> None:
    sessions, others = data.sessions(40), data.sessions(10, seed=2)
    long, short = Backoff(4), Backoff(2)
    for chain in (long, short):
        chain.learn(sessions)
    whole = padded(others, 3)
    assert np.allclose(long.surprise(whole, 2), short.surprise(padded(others, 1)))


def test_a_reason_tells_how_much_less_likely() -> None:
    model = LikelihoodRatio().fit([(1, 2, 3), (1, 2, 4), (2, 1)])
    reasons = model.explain([(1, 2, 2)], 0)
    assert reasons[0].text.startswith("event 2 after events 1, 2 is ")
    assert reasons[0].text.endswith(" times less likely than anywhere")
    assert reasons[-1].text.endswith("as likely as anywhere")
