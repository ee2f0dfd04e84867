"""The model that comes with Vedette is the one that the code of today makes of the demo's days.

All of it but the network is made again, which takes seconds. The network takes half a minute, and
its training grows what one processor rounds otherwise than another: of it the data, the events and
the parameters are compared.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from models.base import State
from models.bundle import keep
from models.bundle.bundle import Bundle
from models.sequence.gpt import PARAMETERS
from models.sequence.vocabulary import Vocabulary
from models.template.mask import VERSION
from vedette import __version__
from vedette.bundles import SHIPPED, Gathered
from vedette.demo.model import PLAN, days

OFFICE = SHIPPED["demo-office"]
NETWORK = "gpt"
QUICK = [name for name in PLAN.detectors if name != NETWORK]
CLOSE = 1e-9
"""How far numbers with a point may lie from one another, in parts of their size."""


@cache
def gathered() -> Gathered:
    found = Gathered()
    found.add(days())
    return found


@cache
def made() -> Bundle:
    plan = replace(PLAN, detectors={name: PLAN.detectors[name] for name in QUICK})
    return Bundle.fit(gathered().observations, plan, code=__version__)


@cache
def kept() -> Bundle:
    return keep.load(OFFICE)


def same(one: State, other: State) -> None:
    assert one.parameters == other.parameters
    assert one.facts == other.facts
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        assert array.dtype == other.arrays[name].dtype, name
        np.testing.assert_allclose(array, other.arrays[name], CLOSE, CLOSE, err_msg=name)


def test_it_learned_what_the_generator_makes_today() -> None:
    told = keep.read(OFFICE)["training"]
    assert told["data_sha256"] == gathered().sha256()
    assert told["events"] == len(gathered().observations)
    assert told["windows"] == made().learned
    assert told["code_version"] == __version__


def test_its_plan_and_its_templates_are_those_of_today() -> None:
    assert kept().plan == PLAN
    assert kept().templates.state().facts["messages"]["facts"]["mask"] == VERSION
    same(kept().templates.state(), made().templates.state())


@pytest.mark.parametrize("name", QUICK)
def test_what_fits_fast_is_what_it_would_be_today(name: str) -> None:
    old, new = kept().parts[name], made().parts[name]
    same(old.detector.state(), new.detector.state())
    same(old.calibrator.state(), new.calibrator.state())
    assert old.training == new.training


def test_it_remembers_what_it_would_remember_today() -> None:
    old, new = kept().memory, made().memory
    assert old is not None
    assert new is not None
    assert (old.windows, old.size, old.seen) == (new.windows, new.size, new.seen)
    assert (old.folds == new.folds).all()
    for name in QUICK:
        for one, other in zip(old.apart()[name], new.apart()[name], strict=True):
            same(one.state(), other.state())


def test_its_network_is_that_of_today_but_for_its_weights() -> None:
    old, sessions = kept().parts[NETWORK], made().windows(gathered().observations)
    assert old.training["data"] == made().parts["markov"].training["data"]
    assert old.training["code_version"] == __version__
    state = old.detector.state()
    assert state.facts["events"] == Vocabulary.of([each.events for each in sessions]).events
    fresh = PLAN.make(NETWORK)
    assert state.parameters == {name: getattr(fresh, name) for name in PARAMETERS}
