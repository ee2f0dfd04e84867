"""Features: strange levels, times, counters, rates and words are found where the plan asks."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.bundle import keep
from models.bundle.bundle import Bundle
from models.bundle.features import LEAST, NAMES, Features
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.errors import DataError, ModelError, StoreError
from models.feature.levels import LEVELS
from models.feature.signal import ABSENT
from models.feature.windows import Window
from models.registry import detectors

TEXTS = ["user opened a door", "user closed a door", "disk is full", "💥"]
EVERY = (*NAMES, "counter:bytes")
INFO, ERROR = float(LEVELS.index("info")), float(LEVELS.index("error"))
HOUR, DAY = 3_600.0, 86_400.0
START = 19_000 * DAY
"""A Saturday, so that what begins two days later begins on a Monday."""


def plan(*features: str, detector: str = "pca") -> Plan:
    few = {"epochs": 2} if detector.endswith("autoencoder") else {}
    return Plan({detector: few}, width=600.0, features=features)


def window(
    start: float,
    seed: int,
    *,
    level: float = INFO,
    grown: float = 100.0,
    pace: float = 60.0,
    clock: float | None = None,
) -> list[Observation]:
    """Ordinary kinds of one host in ten minutes, mostly of one level, with a counter that grows."""
    rng = np.random.default_rng(seed)
    first = start if clock is None else start // DAY * DAY + clock
    kinds = rng.integers(1, 4, rng.integers(5, 9)).tolist()
    growth = np.cumsum(rng.uniform(0.8, 1.2, len(kinds)) * grown / len(kinds))
    return [
        Observation("web", first + at * pace, {"Channel": "App", "EventID": kind}, (),
                    (level if rng.random() < 0.95 else ERROR if level == INFO else INFO,
                     5e6 + float(growth[at])))
        for at, kind in enumerate(kinds)
    ]  # fmt: skip


@cache
def ordinary() -> list[Observation]:
    """Six windows an hour by day, on twelve days."""
    starts = [START + day * DAY + hour * HOUR + at * 600
              for day in range(12) for hour in range(8, 16) for at in range(6)]  # fmt: skip
    return [each for at, start in enumerate(starts) for each in window(start, at)]


def of_signals(observations: list[Observation], names: tuple[str, ...]) -> list[Observation]:
    """With those signals alone that the features ask for, as whoever gathers gives them."""
    kept = [at for at, name in enumerate(("levels", "counter:bytes")) if name in names]
    return [replace(each, signals=tuple(each.signals[at] for at in kept)) for each in observations]


@cache
def fitted(*features: str, detector: str = "pca") -> Bundle:
    return Bundle.fit(of_signals(ordinary(), features), plan(*features, detector=detector))


def p_of(observations: list[Observation], *features: str) -> float:
    (scored,) = fitted(*features).score(of_signals(observations, features))
    return scored.p


LATER = START + 14 * DAY + 10 * HOUR
STRANGE = {
    "levels": (window(LATER, 3, level=ERROR), "errors are "),
    "times": (window(LATER, 3, clock=3 * HOUR), "hour 3 (UTC): "),
    "counter:bytes": (window(LATER, 3, grown=1e6), "bytes grew by "),
    "figures": (window(LATER, 3, pace=0.01), "rate "),
}


@pytest.mark.parametrize("feature", STRANGE)
def test_ordinary_kinds_with_something_strange_are_found_with_the_feature_alone(
    feature: str,
) -> None:
    strange, said = STRANGE[feature]
    assert p_of(strange) > 0.1
    assert p_of(strange, "counts", feature) < 0.01
    assert p_of(window(LATER, 3), "counts", feature) > 0.1
    bundle, seen = fitted("counts", feature), of_signals(strange, ("counts", feature))
    (scored,) = bundle.score(seen)
    part = bundle.parts["pca"]
    reasons = part.asked.explain([scored.window], 0, 3)
    assert any(each.text.startswith(said) for each in reasons), reasons
    assert "of a score of" in reasons[0].text


@pytest.mark.parametrize("name", [n for n, k in detectors().items() if k.takes == "vectors"])
def test_every_detector_of_vectors_takes_features_and_is_what_it_was_after_loading(
    name: str, tmp_path: Path
) -> None:
    chosen = ("counts", *EVERY[1:])
    some = of_signals(ordinary()[:600], chosen)
    bundle = Bundle.fit(some, plan(*chosen, detector=name))
    keep.save(bundle, tmp_path)
    loaded = keep.load(tmp_path)
    others = of_signals([*window(LATER, 5), *window(LATER + 600, 6, level=ERROR)], chosen)
    first, again = bundle.score(others), loaded.score(others)
    assert [each.log_p for each in first] == [each.log_p for each in again]
    reasons = bundle.explain(first[1], others)
    assert loaded.explain(again[1], others) == reasons
    assert reasons
    assert not any("column" in each.text + each.feature for each in reasons)
    assert Bundle.fit(some, plan(*chosen, detector=name)).score(others) == first


def test_a_plan_without_features_is_written_as_before() -> None:
    assert "features" not in Plan().as_json()
    assert plan("counts") == plan()
    told = json.loads(json.dumps(plan("counts", "levels").as_json()))
    assert Plan.of(told).features == ("counts", "levels")
    assert plan("levels", "counter:a", "counter:b").signals == ("level", "counter:a", "counter:b")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"features": ("level",)}, "no feature is called 'level'; there are counts, figures"),
        ({"features": ("counter:",)}, "no feature is called 'counter:'"),
        ({"features": tuple(f"counter:{at}" for at in range(9))}, "8 counters at most"),
        ({"features": ("levels",), "detectors": {"markov": {}}}, "no detector of the plan looks"),
        ({"features": ("counter:a.b",), "mask": ("a.b",)}, "a.b is to be hidden"),
        ({"features": ("counter:a.b",), "hashed": ("a",)}, "a.b is to be hidden"),
    ],
)
def test_what_cannot_be_a_feature_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Plan(**{"detectors": {"pca": {}}, **wrong})  # type: ignore[arg-type]


def without(observations: list[Observation]) -> list[Observation]:
    return [replace(each, signals=(ABSENT, ABSENT)) for each in observations]


def test_features_of_which_no_event_says_anything_are_refused() -> None:
    with pytest.raises(DataError, match="no event has a level: levels say nothing"):
        Bundle.fit(of_signals(without(ordinary()), ("levels",)), plan("counts", "levels"))
    with pytest.raises(DataError, match="two events with a number in bytes: counter:bytes says"):
        Bundle.fit(of_signals(without(ordinary()), ("counter:bytes",)), plan("counter:bytes"))
    silent = [replace(each, fields={"message": "💥"}) for each in ordinary()]
    with pytest.raises(DataError, match="no text of an event has a word: words say nothing"):
        Bundle.fit(of_signals(silent, ("words",)), plan("words"))


def test_events_that_were_not_asked_are_refused() -> None:
    """Or all of them would be usual."""
    with pytest.raises(DataError, match="nobody asked all events for level, counter:bytes"):
        fitted("levels", "counter:bytes").score([replace(ordinary()[0], signals=())])


@pytest.mark.parametrize("feature", ["levels", "counter:bytes"])
def test_a_window_that_does_not_say_is_neither_strange_nor_not_a_number(feature: str) -> None:
    strange = p_of(without(window(LATER, 3)), "counts", feature)
    assert strange > 0.05


def test_all_that_is_scaled_has_mean_0_and_spread_1_and_a_constant_does_not_blow_up() -> None:
    windows = fitted("levels", "figures", "times", "counter:bytes").windows(
        of_signals(ordinary(), ("levels", "counter:bytes"))
    )
    features = Features(("levels", "figures", "times", "counter:bytes"), TEXTS).fitted(windows)
    rows = features.rows(windows)
    spread = rows.std(axis=0)
    assert rows.mean(axis=0) == pytest.approx(np.zeros(features.width), abs=1e-6)
    assert (spread < 1 + 1e-6).all()
    assert (np.isclose(spread, 1) | (spread < 0.5)).all()
    same = [replace(windows[0], signals=((INFO, 7.0),) * len(windows[0]))] * 30
    constant = features.fitted(same)
    assert np.abs(constant.rows(same)).max() < 1e-9
    assert np.abs(constant.rows(windows)).max() <= 1 / LEAST * 60


@settings(max_examples=30)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 9),
                st.floats(0, 4e9),
                st.integers(-1, 7).map(float),
                st.one_of(st.just(ABSENT), st.floats(0, float(1 << 64))),
            ),
            max_size=4,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_windows_hold_rows_are_finite(
    drawn: list[list[tuple[int, float, float, float]]],
) -> None:
    windows = [
        Window("x", 0.0, 600.0, tuple(event for event, _, _, _ in each), tuple(range(len(each))),
               times=tuple(sorted(time for _, time, _, _ in each)),
               signals=tuple((level, value) for _, _, level, value in each))
        for each in drawn
    ]  # fmt: skip
    features = Features(EVERY, TEXTS).fitted(windows)
    rows = features.rows(windows)
    assert rows.shape == (len(windows), features.width)
    assert np.isfinite(rows).all()
    for group in range(int(features.groups.max()) + 1):
        assert all(features.said(group, rows[0], rows[-1]))


def test_a_row_does_not_depend_on_the_others() -> None:
    bundle = fitted("counts", *EVERY[1:])
    windows = bundle.windows(of_signals(ordinary()[:200], EVERY))
    assert bundle.features is not None
    rows = bundle.features.rows(windows)
    alone = np.concatenate([bundle.features.rows([each]) for each in windows])
    assert rows == pytest.approx(alone)


def test_words_are_what_kinds_share() -> None:
    def of(*events: int) -> Window:
        return Window("x", 0.0, 1.0, events, tuple(range(len(events))))

    for name, said in (("words", "“user” before “opened”"), ("characters", "letters “ope”")):
        features = Features((name,), TEXTS).fitted([of(1), of(2), of(3)])
        opened, closed, full, new = features.rows([of(1, 1), of(2), of(3), of(9)])
        assert opened @ closed > opened @ full
        assert np.linalg.norm(opened) == pytest.approx(1)
        assert not new.any()
        assert said in {features.named(at) for at in range(features.width)}


def test_what_was_altered_is_refused(tmp_path: Path) -> None:
    bundle = fitted("counts", "levels", "words")
    assert bundle.features is not None
    names, texts, state = bundle.features.names, bundle.templates.texts(), bundle.features.state()
    assert Features.restore(state, names, texts, 0.0).width == bundle.features.width
    for arrays in (
        {**state.arrays, "mean": np.zeros(3)},
        {**state.arrays, "spread": np.zeros(bundle.features.width)},
        {**state.arrays, "levels/prior": np.ones(3)},
        {key: array for key, array in state.arrays.items() if key != "words/idf"},
    ):
        with pytest.raises(StoreError):
            Features.restore(replace(state, arrays=arrays), names, texts, 0.0)
    keep.save(bundle, tmp_path)
    told = json.loads((tmp_path / keep.TOLD).read_text())
    assert "features" in told
    del told["features"]
    (tmp_path / keep.TOLD).write_text(json.dumps(told))
    with pytest.raises(StoreError):
        keep.load(tmp_path)
