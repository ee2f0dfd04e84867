"""Bundles with features learn on: in the scale of the first fit, and as if done by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.base import UNKNOWN
from models.bundle import keep
from models.bundle.bundle import Bundle
from models.bundle.counted import vectors
from models.bundle.featured import Featured
from models.bundle.features import Features
from models.bundle.learner import ANEW, ON
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.bundle.update import Updated, update
from models.errors import ModelError, StoreError
from models.feature.levels import LEVELS
from models.feature.windows import Window

INFO, ERROR = float(LEVELS.index("info")), float(LEVELS.index("error"))
EVERY = ("counts", "figures", "levels", "times", "words", "characters", "counter:bytes")
ACTIONS = ("", "open-file", "read-file", "close-file", "x", "mount-disk", "eject-disk", "log-in")
PLAN = Plan({"pca": {}, "markov": {}, "k-means": {}}, width=60,
            features=tuple(name for name in EVERY if name != "characters"))  # fmt: skip


APART = 7 * 3600.0 + 13 * 60.0


def minutes(
    count: int, first: int = 0, seed: int = 0, kinds: Sequence[int] = (1, 2, 3), level: float = INFO
) -> list[Observation]:
    """A host of some kinds of events, mostly of one level, with a counter that grows.

    A minute at a time of the week that is another each time.
    """
    rng = np.random.default_rng(seed)
    found = []
    for minute in range(first, first + count):
        for step in range(int(rng.integers(4, 10))):
            kind = int(rng.choice(kinds))
            found.append(
                Observation("web", minute * APART + step * 5.0, {"event.action": ACTIONS[kind]},
                            (), (level if rng.random() < 0.9 else ERROR, 1e6 + 10.0 * len(found)))
            )  # fmt: skip
    return found


NEW = minutes(60, 400, seed=1, kinds=(1, 2, 2, 3, 3, 3, 5, 6))
LATER = minutes(40, 900, seed=3, kinds=(1, 2, 3, 5))


@cache
def fitted() -> Bundle:
    return Bundle.fit(minutes(180), PLAN, code="7")


@cache
def updated() -> Updated:
    return update(fitted(), NEW)


def test_what_is_learned_is_what_one_learns_by_hand_in_the_scale_of_the_first_fit() -> None:
    """The slow reference: rows by the old mean and spread, with a column for each new kind."""
    old, new = fitted(), updated().bundle
    assert old.features is not None
    assert old.memory is not None
    seen = [*old.memory.windows, *new.windows(NEW)]
    folds = np.array([*old.memory.folds, *(at % 3 for at in range(len(new.windows(NEW))))])
    later = new.windows(LATER)
    for name in ("pca", "k-means"):
        whole = PLAN.make(name).fit(by_hand(old.features, seen, new))
        expected = whole.score(by_hand(old.features, later, new))
        assert new.parts[name].asked.score(later) == pytest.approx(expected, abs=1e-9)
        assert new.memory is not None
        for fold, scale in enumerate(old.memory.scales):
            inside = [each for each, at in zip(seen, folds, strict=True) if at != fold]
            reference = PLAN.make(name).fit(by_hand(scale, inside, new))
            asked = Featured(new.memory.apart()[name][fold], new.memory.scales[fold])
            expected = reference.score(by_hand(scale, later, new))
            assert asked.score(later) == pytest.approx(expected, abs=1e-9)


def by_hand(scale: Features, windows: Sequence[Window], known: Bundle) -> np.ndarray:
    """Counts of all kinds that are known now; all else as the scale told it, column by column."""
    texts = known.templates.texts()
    parts = []
    for name, part in zip(scale.names, scale._parts, strict=True):
        first = scale._starts[scale.names.index(name)][0]
        if name == "counts":
            parts.append(vectors([each.events for each in windows], len(texts)))
            continue
        if name in ("words", "characters"):
            part.texts = texts  # type: ignore[attr-defined]
        columns = slice(first, first + len(part.groups()))
        raw = part.rows(windows)
        mean, spread = scale._mean[columns], scale._spread[columns]
        parts.append((np.where(np.isnan(raw), mean, raw) - mean) / spread)
        if name in ("words", "characters"):
            part.texts = scale.texts  # type: ignore[attr-defined]
    return np.concatenate(parts, axis=1)


def test_each_fold_keeps_the_scale_of_its_first_fit_which_is_its_own() -> None:
    first, later = fitted().memory, updated().bundle.memory
    assert first is not None
    assert later is not None
    means = [each.state().arrays["mean"] for each in first.scales]
    assert len({tuple(mean) for mean in means}) == 3
    for scale, mean in zip(later.scales, means, strict=True):
        grown = scale.state().arrays["mean"]
        assert grown[np.abs(grown) > 0].tolist() == mean[np.abs(mean) > 0].tolist()


def test_it_says_what_was_learned_and_what_that_cost() -> None:
    done = updated()
    assert {each.name: each.how for each in done.changes} == {
        "pca": ANEW, "markov": ON, "k-means": ANEW
    }  # fmt: skip
    assert fitted().memory is not None
    assert done.old == len(fitted().memory.windows) >= 150
    assert (done.windows, done.kinds) == (60, 2)
    for each in (*done.changes, done.whole):
        assert 0 < each.before <= 1
        assert each.kept
        assert each.before - each.after <= 0.01
    assert done.after[1] < done.before[1]
    record = done.bundle.parts["pca"].training
    assert record["data"]["count"] == done.old + 60
    assert set(record["metrics"]) == {"made_up_pr_auc", "made_up_pr_auc_before"}


def test_new_kinds_are_known_to_features_and_p_is_calibrated_anew() -> None:
    bundle = updated().bundle
    assert bundle.features is not None
    assert bundle.features.texts == bundle.templates.texts()
    assert len(bundle.templates) == len(fitted().templates) + 2
    p = np.array([each.p for each in bundle.score(minutes(200, 3000, seed=9))])
    assert (p <= 0.02).mean() <= 0.05
    assert 0.2 <= (p <= 0.5).mean() <= 0.65


def test_saved_loaded_and_updated_again_it_is_the_same(tmp_path: Path) -> None:
    keep.save(fitted(), tmp_path / "a")
    loaded = keep.load(tmp_path / "a")
    once = update(loaded, NEW)
    assert [each.after for each in once.changes] == [each.after for each in updated().changes]
    assert once.bundle.score(LATER) == updated().bundle.score(LATER)
    print_ = keep.save(once.bundle, tmp_path / "b")
    assert keep.save(updated().bundle, tmp_path / "c") == print_
    again, more = keep.load(tmp_path / "b"), minutes(60, 1000, seed=5, kinds=(2, 7))
    assert again.memory is not None
    assert once.bundle.memory is not None
    assert [replace(each, end=0.0) for each in again.memory.windows] == [
        replace(each, end=0.0) for each in once.bundle.memory.windows
    ]
    twice, straight = update(again, more), update(updated().bundle, more)
    assert twice.bundle.score(LATER) == straight.bundle.score(LATER)
    for scored in twice.bundle.score(LATER)[:3]:
        assert twice.bundle.explain(scored) == straight.bundle.explain(scored)
    assert keep.save(twice.bundle, tmp_path / "d") == keep.save(straight.bundle, tmp_path / "e")


def test_one_that_stays_as_it_was_sees_windows_as_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("models.bundle.update._may", lambda before, after: before == after)
    done = update(fitted(), NEW)
    changes = {each.name: each.kept for each in done.changes}
    assert not changes["pca"]
    asked = done.bundle.parts["pca"].asked
    assert isinstance(asked, Featured)
    assert asked.events == len(fitted().templates) == len(done.bundle.templates) - 2
    old = fitted().parts["pca"].asked.score(fitted().windows(LATER))
    assert asked.score(done.bundle.windows(LATER)) == pytest.approx(old, abs=1e-9)
    keep.save(done.bundle, tmp_path)
    loaded = keep.load(tmp_path)
    assert loaded.score(LATER) == done.bundle.score(LATER)
    for scored in loaded.score(LATER)[:3]:
        assert loaded.explain(scored, LATER) == done.bundle.explain(scored, LATER)
    monkeypatch.undo()
    assert update(loaded, minutes(60, 1000, seed=5)).windows == 60


def test_windows_with_rare_kinds_have_no_part_in_the_scale(tmp_path: Path) -> None:
    odd = [replace(each, fields={"event.action": "wipe-disk"}) for each in minutes(1, 300)]
    bundle = Bundle.fit([*minutes(180), *odd], replace(PLAN, rare=3))
    assert bundle.passed_over == 1
    assert bundle.features is not None
    assert fitted().features is not None
    means = [each.features.state().arrays["mean"] for each in (bundle, fitted()) if each.features]
    odd_mean, mean = (each[np.abs(each) > 0] for each in means)
    assert odd_mean == pytest.approx(mean)
    keep.save(bundle, tmp_path)
    assert keep.load(tmp_path).score(LATER) == bundle.score(LATER)
    assert update(bundle, minutes(60, 400, seed=1)).windows == 60


def test_one_that_an_earlier_version_fitted_says_that_it_must_be_fitted_anew(
    tmp_path: Path,
) -> None:
    old = Bundle.fit(minutes(60), PLAN)
    old.memory = None
    keep.save(old, tmp_path)
    loaded = keep.load(tmp_path)
    assert loaded.score(LATER) == old.score(LATER)
    with pytest.raises(ModelError, match="nothing of what it learned: an earlier version fitted"):
        update(loaded, NEW)


@pytest.mark.parametrize("scales", [None, [], "fewer", "other"])
def test_a_memory_without_the_scale_of_each_fold_is_refused(tmp_path: Path, scales: object) -> None:
    keep.save(fitted(), tmp_path)
    path = tmp_path / keep.TOLD
    told = json.loads(path.read_text())
    known = told["memory"].pop("scales")
    if scales is not None:
        some = known[:2] if scales == "fewer" else [{}, {}, {}]
        told["memory"]["scales"] = some if isinstance(scales, str) else scales
    path.write_text(json.dumps(told))
    with pytest.raises(StoreError):
        keep.load(tmp_path)


TEXTS = [f"user {name} did something" for name in ("a", "b", "c", "d", "e")]
OLD = Features(EVERY, TEXTS[:3])


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.floats(0, 4e9), st.integers(-1, 6).map(float)),
                 max_size=5),
        min_size=2, max_size=6,
    )
)  # fmt: skip
def test_rows_of_who_knows_more_are_the_same_with_columns_for_new_kinds(
    drawn: list[list[tuple[int, float, float]]],
) -> None:
    windows = [
        Window("x", 0.0, 600.0, tuple(event for event, _, _ in each), tuple(range(len(each))),
               times=tuple(sorted(time for _, time, _ in each)),
               signals=tuple((level, time) for _, time, level in each))
        for each in drawn
    ]  # fmt: skip
    few = [
        replace(each, events=tuple(e if e <= 3 else UNKNOWN for e in each.events))
        for each in windows
    ]
    old = OLD.fitted(few)
    more = old.known(TEXTS)
    rows = more.rows(windows)
    assert rows[:, :3].tolist() == old.rows(windows)[:, :3].tolist()
    assert old.rows(windows).tolist() == old.rows(few).tolist()
    assert more.known(TEXTS[:3]).rows(windows).tolist() == old.rows(few).tolist()
    assert more.rows(few)[:, [0, 1, 2, *range(5, more.width)]] == pytest.approx(old.rows(few))
    # Kinds that are taken for unknown are counted as such; what else is told of them stays.
    assert more.folded(rows, 3)[:, :4] == pytest.approx(old.rows(few)[:, :4])
    assert more.folded(rows, 3).shape == (len(windows), old.width)
