"""Bundles that learn on: what they know then, what it costs, and what p says of old and new."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.baseline.backoff import Backoff
from models.baseline.markov import Markov
from models.baseline.new_value import NewValue
from models.bundle import keep, keep_memory
from models.bundle.bundle import Bundle
from models.bundle.counted import Counted
from models.bundle.learner import ANEW, ON
from models.bundle.memory import scores
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.bundle.update import Updated, update
from models.errors import DataError, ModelError, StoreError
from models.graph.edge import Edge
from models.train.record import data_hash

PLAN = Plan(
    detectors={"new-value": {}, "event-rarity": {}, "count-vector": {}, "markov": {}}, width=60
)


def code(number: int) -> dict[str, object]:
    return {"Channel": "Security", "EventID": number}


def minutes(
    count: int, first: int = 0, seed: int = 0, kinds: int = 12, base: int = 4600
) -> list[Observation]:
    """A host whose kinds of events mostly follow one another, some rarely; one window a minute."""
    rng = np.random.default_rng(seed)
    share = 1.0 / np.arange(1, kinds + 1) ** 1.5
    found, kind = [], 0
    for minute in range(first, first + count):
        for step in range(int(rng.integers(4, 12))):
            other = int(rng.choice(kinds, p=share / share.sum()))
            kind = (kind + 1) % kinds if rng.random() < 0.7 else other
            found.append(Observation("web-1", minute * 60.0 + step, code(base + kind)))
    return found


@cache
def fitted() -> Bundle:
    return Bundle.fit(minutes(400), PLAN, code="1")


@cache
def updated() -> Updated:
    """Of newer minutes that have other kinds of events, too."""
    new = [*minutes(200, 500, seed=1), *minutes(200, 500, seed=2, kinds=4, base=9000)]
    return update(fitted(), new, code="2")


def test_it_says_what_each_detector_did_and_what_that_cost() -> None:
    done = updated()
    how = {each.name: each.how for each in done.changes}
    assert how == {"new-value": ON, "event-rarity": ON, "count-vector": ANEW, "markov": ON}
    for each in (*done.changes, done.whole):
        assert 0 < each.before <= 1
        assert each.kept
        assert each.before - each.after <= 0.01
    assert (done.old, done.windows, done.kinds, done.moved) == (400, 200, 4, 0)
    assert done.bundle.learned == 600


def test_kinds_that_were_new_are_known_and_old_ones_keep_their_numbers() -> None:
    before, after = fitted().templates, updated().bundle.templates
    assert after.texts()[: len(before)] == before.texts()
    assert len(after) == len(before) + 4
    assert after.match(code(9001)) > len(before)
    later = minutes(60, 1000, seed=3, kinds=4, base=9000)
    old, new = (
        np.median([each.p for each in bundle.score(later)])
        for bundle in (fitted(), updated().bundle)
    )
    assert old < 0.01
    assert new > 0.05
    assert updated().before[1] > 0.9, "to the old one new windows were strange"
    assert updated().after[1] < 0.05


def test_the_bundle_that_learned_on_was_not_touched() -> None:
    others = minutes(30, 2000, seed=8)
    before = fitted().score(others)
    update(fitted(), minutes(50, 500, seed=9))
    assert fitted().score(others) == before


PARTS = np.array([0.02, 0.1, 0.3, 0.5])


def shares(bundle: Bundle, seen: list[Observation]) -> np.ndarray[Any, Any]:
    """The shares of windows that nobody learned with a p up to each of `PARTS`."""
    p = np.array([each.p for each in bundle.score(seen)])
    return np.array([(p <= most).mean() for most in PARTS])


def test_p_is_uniform_on_new_normals_and_on_old_ones() -> None:
    """After four updates that bring other kinds: counters have other scores, p means the same."""
    bundle = Bundle.fit(minutes(300, seed=30), PLAN)
    for number in range(1, 5):
        bundle = update(bundle, minutes(150, 300 * number, seed=number, kinds=16)).bundle
    assert bundle.learned == 900
    # What it learned is a third of the old kind and two of the new; so are these.
    old, new = minutes(400, 9000, seed=20), minutes(800, 20000, seed=40, kinds=16)
    found = shares(bundle, [*old, *new])
    assert (np.abs(found - PARTS) <= [0.015, 0.03, 0.05, 0.06]).all(), found
    assert (shares(bundle, old) <= PARTS + 0.02).all(), "rather fewer alarms than asked for"


def test_no_window_that_calibrates_was_learned_by_the_detector_that_scores_it() -> None:
    """A kind that one window alone has is new to the detectors without that window's fold."""
    single = [Observation("web-1", 700 * 60.0, code(1102))]
    done = update(fitted(), [*minutes(100, 600, seed=4), *single]).bundle
    memory = done.memory
    assert memory is not None
    number = done.templates.match(code(1102))
    (at,) = [at for at, each in enumerate(memory.windows) if number in each.events]
    detectors = memory.apart()["new-value"]
    texts, window = done.templates.texts(), [memory.windows[at]]
    own = scores(detectors, texts, window, memory.folds[[at]])
    other = scores(detectors, texts, window, (memory.folds[[at]] + 1) % 3)
    assert own[0] >= 1 > other[0]


def test_all_windows_that_are_remembered_are_those_of_the_first_fit_while_there_is_room() -> None:
    memory = fitted().memory
    assert memory is not None
    assert [each.events for each in memory.windows] == [
        each.events for each in fitted().windows(minutes(400))
    ]
    assert {each.entity for each in memory.windows} == {""}
    more = updated().bundle.memory
    assert more is not None
    assert (len(more.windows), more.seen) == (600, 600)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.bundle.memory.SIZE", 50)
    small = Bundle.fit(minutes(120), PLAN)
    done = update(small, minutes(60, 300, seed=1)).bundle
    assert small.memory is not None
    assert done.memory is not None
    assert len(small.memory.windows) == len(done.memory.windows) == 50
    assert done.memory.seen == 180
    new = [each for each in done.memory.windows if each.start >= 300 * 60]
    assert 5 <= len(new) <= 30  # a third of what was seen
    assert done.reference is not None
    assert len(done.reference) == sum(len(each) for each in done.memory.windows)
    monkeypatch.setattr("models.bundle.memory.EVENTS", 80)
    tiny = Bundle.fit(minutes(120), PLAN).memory
    assert tiny is not None
    assert len(tiny.windows) < 20


def forget(self: Markov, _: object) -> Markov:
    self._chain = Backoff(self.order)
    self._chain.learn([(1,)] * 50)
    return self


def test_a_detector_that_forgets_stays_as_it_was_unless_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new, old = minutes(60, 500, seed=5), fitted().parts["markov"].detector
    monkeypatch.setattr(Markov, "partial_fit", forget)
    done = update(fitted(), new)
    (change,) = [each for each in done.changes if each.name == "markov"]
    assert not change.kept
    assert change.before - change.after > 0.1
    assert done.bundle.parts["markov"].detector is old
    assert done.whole.kept
    assert abs(done.whole.before - done.whole.after) <= 0.01
    others = minutes(60, 900, seed=6)
    assert shares(done.bundle, others)[3] == pytest.approx(0.5, abs=0.2)
    asked = update(fitted(), new, anyway=True)
    assert asked.whole.kept
    assert asked.whole.after < asked.whole.before - 0.01
    assert asked.bundle.parts["markov"].detector is not old


def test_one_that_counts_and_stays_as_it_was_takes_new_kinds_for_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("models.bundle.update._may", lambda before, after: before == after)
    new = [*minutes(60, 500, seed=1), *minutes(60, 500, seed=2, kinds=4, base=9000)]
    pca = Plan(detectors={"pca": {}, "new-value": {}}, width=60)
    first = Bundle.fit(minutes(200), pca)
    done = update(first, new)
    assert [each.kept for each in done.changes] == [False, False]
    asked = done.bundle.parts["pca"].asked
    assert isinstance(asked, Counted)
    assert asked.events == len(first.templates) == len(done.bundle.templates) - 4
    keep.save(done.bundle, tmp_path)
    loaded, others = keep.load(tmp_path), minutes(20, 900, seed=3, kinds=4, base=9000)
    assert loaded.score(others) == done.bundle.score(others)
    for scored in loaded.score(others)[:2]:
        assert loaded.explain(scored, others) == done.bundle.explain(scored, others)
    assert update(loaded, minutes(60, 1000, seed=3)).windows == 60


def fitted_order() -> int:
    detector = fitted().parts["markov"].detector
    assert isinstance(detector, Markov)
    return detector.order


def test_a_record_says_what_each_detector_came_from(tmp_path: Path) -> None:
    sessions = [each.events for each in fitted().windows(minutes(400))]
    told = fitted().parts["markov"].training
    assert told["data"] == {"sha256": data_hash(sessions), "count": 400}
    assert (told["code_version"], told["parameters"]) == ("1", {"order": fitted_order()})
    later = {name: part.training for name, part in updated().bundle.parts.items()}
    assert later["markov"]["data"]["count"] == 200
    assert later["count-vector"]["data"]["count"] == 600
    (change,) = [each for each in updated().changes if each.name == "markov"]
    assert later["markov"]["metrics"] == {
        "made_up_pr_auc": change.after, "made_up_pr_auc_before": change.before
    }  # fmt: skip
    keep.save(updated().bundle, tmp_path)
    assert keep.load(tmp_path).parts["markov"].training == later["markov"]


GRAPHS = Plan(
    detectors={"new-value": {}, "rare-edge": {}, "volume-shewhart": {}, "embedding-hdbscan":
               {"encoder": "hashing"}}, width=60,
)  # fmt: skip


def with_edges(seen: list[Observation]) -> list[Observation]:
    users = ("amy", "bob", "eve")
    return [
        replace(each, edges=(Edge("user-host", users[at % 7 % 3], each.entity),
                             Edge("user-host", "amy", f"db-{at % 5}")))
        for at, each in enumerate(seen)
    ]  # fmt: skip


def test_edges_volumes_and_texts_learn_on_and_stay_so_on_disk(tmp_path: Path) -> None:
    first = Bundle.fit(with_edges(minutes(200)), GRAPHS)
    keep.save(first, tmp_path)
    done = update(keep.load(tmp_path), with_edges(minutes(60, 300, seed=2)))
    assert {each.name: each.how for each in done.changes} == {
        "new-value": ON, "rare-edge": ON, "volume-shewhart": ON, "embedding-hdbscan": ANEW
    }  # fmt: skip
    keep.save(done.bundle, tmp_path, {"events": 1})
    loaded, others = keep.load(tmp_path), with_edges(minutes(20, 700, seed=3))
    assert loaded.score(others) == done.bundle.score(others)
    assert loaded.memory is not None
    assert done.bundle.memory is not None
    assert [replace(each, entity="") for each in done.bundle.memory.windows] == (
        loaded.memory.windows
    )
    told: dict[str, Any] = {"events": 1}
    print_ = keep.save(done.bundle, tmp_path / "a", told)
    assert keep.save(loaded, tmp_path / "b", told) == print_


def test_a_bundle_without_memory_and_too_few_events_are_refused() -> None:
    old = Bundle.fit(minutes(60), PLAN)
    old.memory = None
    with pytest.raises(ModelError, match="nothing of what it learned: an earlier version"):
        update(old, minutes(10, 100))
    with pytest.raises(DataError, match="lie in 2 spans of time"):
        update(fitted(), minutes(2, 900))


def test_a_second_look_and_parts_of_the_week_are_calibrated_again() -> None:
    plan = replace(PLAN, validator="markov", week=0.0)
    first = Bundle.fit(minutes(500), plan)
    done = update(first, minutes(200, 600, seed=1)).bundle
    assert done.validator is not None
    assert done.weekly is not None
    assert done.weekly.pooled.count == 700
    assert shares(done, minutes(400, 2000, seed=5))[1] == pytest.approx(0.1, abs=0.06)


def _remembered(folder: Path) -> None:
    memory = keep.load(folder).memory
    assert memory is not None
    memory.apart()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("memory/memory.npz", "is not the file"),
        ("memory/markov.1/manifest.json", "is not the detector"),
        ("memory/markov.1/arrays.npz", "is not the file"),
    ],
)
def test_an_altered_memory_is_refused(tmp_path: Path, file: str, said: str) -> None:
    keep.save(fitted(), tmp_path)
    path = tmp_path / file
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(StoreError, match=said):
        _remembered(tmp_path)


def test_a_memory_of_events_that_the_bundle_does_not_know_is_refused(tmp_path: Path) -> None:
    memory = fitted().memory
    assert memory is not None
    told, names = keep_memory.save(memory, tmp_path), [*PLAN.detectors]
    assert len(keep_memory.load(tmp_path, told, names, 12, 60.0).windows) == 400
    with pytest.raises(StoreError, match="cannot have seen"):
        keep_memory.load(tmp_path, told, names, 3, 60.0)
    with pytest.raises(StoreError, match="cannot have seen"):
        keep_memory.load(tmp_path, {**told, "size": 1}, names, 12, 60.0)
    fewer = {**told, "detectors": {"markov": told["detectors"]["markov"][:1]}}
    with pytest.raises(StoreError, match="lacks detectors"):
        keep_memory.load(tmp_path, fewer, ["markov"], 12, 60.0)
    with pytest.raises(StoreError, match="lacks detectors"):
        keep_memory.load(tmp_path, told, names[1:], 12, 60.0)
    for wrong in (None, {}, json.loads("[]")):
        with pytest.raises(StoreError, match="does not say what it remembers"):
            keep_memory.load(tmp_path, wrong, names, 12, 60.0)


def test_a_detector_of_what_is_new_that_forgets_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(self: NewValue, _: object) -> NewValue:
        self._seen.clear()
        return self

    bundle = fitted()
    monkeypatch.setattr(NewValue, "partial_fit", nothing)
    done = update(bundle, minutes(60, 500, seed=5))
    (change,) = [each for each in done.changes if each.name == "new-value"]
    assert not change.kept, change


def test_rare_kinds_stay_unknown_and_their_windows_are_not_learned() -> None:
    plan = replace(PLAN, rare=3)
    first = Bundle.fit(minutes(200), plan)
    single = [Observation("web-1", 330 * 60.0, code(1102))]
    frequent = [Observation("web-1", minute * 60.0, code(5140)) for minute in range(310, 320)]
    new = [*minutes(60, 300, seed=1), *single, *frequent]
    done = update(first, sorted(new, key=lambda each: each.time))
    templates = done.bundle.templates
    assert done.kinds == 1
    assert templates.match(code(1102)) == 0
    assert templates.match(code(5140)) > 0
    (scored,) = done.bundle.score([Observation("web-1", 900 * 60.0, code(1102))])
    assert scored.p < 0.05
    learned = done.bundle.parts["new-value"].detector
    assert isinstance(learned, NewValue)
    assert 0 not in learned._seen
