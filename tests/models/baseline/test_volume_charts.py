"""Charts of each entity's volume say what its own chart says of its own series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from models import registry
from models.base import Floats, Takes
from models.baseline.volume_charts import VolumeChart
from models.errors import StoreError
from models.feature.past import BEFORE, Past
from models.feature.volume import Volume
from models.threads import one_thread

NAMES = [
    name
    for name, kind in registry.detectors().items()
    if kind.takes is Takes.VOLUMES and issubclass(kind, VolumeChart)
]
each_chart = pytest.mark.parametrize("name", NAMES)
DAY = 144


def rhythm(count: int, seed: int = 0, mean: float = 30) -> Floats:
    """Counts in ten minutes with a daily rhythm, some of them none."""
    hours = np.arange(count) * 2 * np.pi / DAY
    rate = np.maximum(mean * (1 + np.sin(hours)) - mean / 4, 0)
    return np.random.default_rng(seed).poisson(rate).astype(np.float64)


def steady(count: int, seed: int = 0, mean: float = 30) -> Floats:
    """Counts without a rhythm."""
    return np.random.default_rng(seed).poisson(mean, count).astype(np.float64)


def volumes(counts: Floats, entity: str = "h0", first: int = 1_000) -> list[Volume]:
    """The windows that have events."""
    past = Past()
    told = [(first + at, int(n)) for at, n in enumerate(counts)]
    return [past.add(entity, number, n) for number, n in told if n]


def make(name: str) -> Any:
    return registry.detector(name)()


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


def test_there_is_one_for_every_chart() -> None:
    charts = {n for n, kind in registry.detectors().items() if kind.takes is Takes.SERIES}
    assert set(NAMES) == {f"volume-{name}" for name in charts}


@pytest.mark.parametrize("name", ["volume-shewhart", "volume-moving-mean", "volume-moving-median"])
def test_scores_are_those_of_the_entitys_chart_that_goes_on(name: str) -> None:
    counts = rhythm(5 * DAY)
    learned, after = volumes(counts)[:-100], volumes(counts)[-100:]
    at = learned[-1].number + 1 - 1_000
    chart = make(name).chart().fit(counts[:at])
    wanted = chart.score(counts[at:])[[each.number - 1_000 - at for each in after]]
    assert np.allclose(make(name).fit(learned).score(after), wanted)


@each_chart
def test_a_burst_is_what_scores_highest_there_or_just_after(name: str) -> None:
    counts = steady(DAY, seed=1)
    counts[-20:-16] = 600
    detector = make(name).fit(volumes(steady(DAY), first=1_000))
    after = volumes(counts, first=1_000 + DAY)
    strangest = after[int(detector.score(after).argmax())].number
    assert 0 <= strangest - (1_000 + 2 * DAY - 20) <= 5


def test_what_is_usual_at_noon_is_strange_at_night_to_the_one_that_knows_hours() -> None:
    detector = make("volume-holt-winters").fit(volumes(rhythm(6 * DAY)))
    noon, night = DAY // 4, DAY * 3 // 4
    later = 1_000 + 20 * DAY
    before = tuple(int(n) for n in rhythm(2 * DAY, seed=3)[noon + DAY - BEFORE : noon + DAY])
    at_noon = detector.score([Volume("h0", later + noon, 55, before)])
    quiet = detector.score([Volume("h0", later + night, 55, (0,) * BEFORE, BEFORE)])
    assert quiet[0] > 3 * at_noon[0]


@each_chart
def test_an_entity_is_held_against_its_own_past_alone(name: str) -> None:
    busy, still = (
        volumes(steady(DAY, mean=300), "busy"),
        volumes(np.full(DAY, 2.0), "still"),
    )
    detector = make(name).fit([*busy, *still])
    later = 1_000 + DAY
    usual = tuple(int(n) for n in steady(DAY, mean=300)[-BEFORE:])
    many = detector.score(
        [
            Volume("busy", later, usual[-1], usual),
            Volume("still", later, usual[-1] + 200, (2,) * BEFORE),
        ]
    )
    assert many[1] > many[0]


@each_chart
def test_the_order_in_which_windows_are_told_does_not_matter(name: str) -> None:
    seen = [*volumes(rhythm(120), "a"), *volumes(rhythm(120, 1), "b")]
    others = [*volumes(rhythm(50, 2), "a", 1_400), *volumes(rhythm(50, 3), "b", 1_400)]
    there = make(name).fit(seen).score(others)
    assert np.array_equal(make(name).fit([*seen[::-1]]).score(others), there)


@each_chart
def test_moving_on_takes_up_what_follows_and_who_is_new(name: str) -> None:
    seen = volumes(rhythm(144))
    detector = make(name).fit(seen[:60]).partial_fit([*seen[60:], *volumes(rhythm(60), "new")])
    number = seen[-1].number + 1
    (known, new) = (Volume(entity, number, 900, (30,) * BEFORE) for entity in ("h0", "new"))
    assert (detector.score([known, new]) > 3).all()


@each_chart
def test_who_is_new_is_judged_by_the_windows_before_where_no_library_is_asked(name: str) -> None:
    detector = make(name).fit(volumes(rhythm(100)))
    soon = Volume("new", 5_000, 900, (30,) * (BEFORE - 1))
    later = soon._replace(before=(29, 30, 31) * (BEFORE // 3))
    scores = detector.score([soon, later])
    assert scores[0] == 0
    assert (scores[1] > 3) == detector.young
    assert detector.explain([soon], 0)[0].text.startswith("nothing is known yet")


def test_windows_that_were_left_out_of_training_are_not_taken_for_quiet_ones() -> None:
    seen = volumes(np.full(90, 20.0))
    detector = make("volume-shewhart").fit([each for at, each in enumerate(seen) if at % 3])
    assert detector.score([Volume("h0", 2_000, 20, (20,) * BEFORE)])[0] == 0


def test_quiet_windows_are_learned_as_none() -> None:
    counts = np.array([10.0, 0, 0, 0] * 30)
    detector = make("volume-shewhart").fit(volumes(counts))
    (told,) = detector.explain([Volume("h0", 2_000, 99)], 0, 1)
    assert told.text.startswith("events of h0 in a window: count is 99, ")
    assert "above the 2.56 expected" in told.text  # the series ends with its last event


def test_charts_that_are_not_those_of_the_entities_are_refused() -> None:
    detector = make("volume-ewma").fit(volumes(rhythm(50)))
    state = detector.state()
    state.facts["entities"].append("more")
    with pytest.raises(StoreError, match="not those of its entities"):
        type(detector).restore(state)
