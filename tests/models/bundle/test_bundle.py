"""Bundles: detectors that learn together, score together, and stay what they are on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from models import store
from models.bundle import keep
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.errors import DataError, ModelError, StoreError
from models.graph.edge import Edge

LIGHT = Plan(detectors={"new-value": {}, "count-vector": {}, "markov": {}, "pca": {}}, width=60)


def code(number: int) -> dict[str, object]:
    return {"Channel": "Security", "EventID": number}


def said(message: str) -> dict[str, object]:
    return {"message": message}


def day(minutes: int, seed: int = 0) -> list[Observation]:
    """A few hosts that log on, work and log off."""
    rng = np.random.default_rng(seed)
    found = []
    for minute in range(minutes):
        for host in ("web-1", "web-2"):
            at = minute * 60.0
            found.append(Observation(host, at, code(4624)))
            for step in range(int(rng.integers(2, 6))):
                port = rng.integers(1024, 65535)
                found.append(
                    Observation(
                        host, at + 1 + step, said(f"connection from 10.0.0.{step} port {port}")
                    )
                )
            found.append(Observation(host, at + 30, code(4634)))
    return found


STRANGE = [
    Observation("web-1", 30_000.0 + step, code(1102)) for step in range(3)
] + [Observation("web-1", 30_010.0, said("segmentation fault in child"))]  # fmt: skip


@cache
def fitted() -> Bundle:
    return Bundle.fit(day(120), LIGHT)


def test_what_is_strange_gets_a_small_p_and_normal_windows_do_not() -> None:
    (strange,) = fitted().score(STRANGE)
    normal = np.array([scored.p for scored in fitted().score(day(60, seed=1))])
    assert strange.p < 0.01
    assert strange.extrapolated
    assert strange.percentile > 99
    assert (normal < 0.01).mean() < 0.05


@cache
def begun() -> Bundle:
    """Fitted on a day whose first half hour brings what never comes again."""
    first = [
        Observation(f"web-{host}", minute * 60.0 + 40, code(5000 + minute))
        for minute in range(30) for host in (1, 2)
    ]  # fmt: skip
    return Bundle.fit([*first, *day(180)], LIGHT)


def test_a_beginning_that_never_comes_again_is_learned_and_does_not_calibrate() -> None:
    assert fitted().learned == len(fitted().normal) == 240
    assert begun().learned == 360
    assert 180 <= len(begun().normal) <= 300
    assert all(part.calibrator.count < 360 for part in begun().parts.values())
    (first,) = begun().windows([Observation("web-1", 0, code(5000))])
    assert begun().templates.text(first.events[0]) == "Channel=Security EventID=5000"


def test_after_such_a_beginning_strange_windows_are_as_strange_as_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = [each for each in day(1, seed=3) if each.entity == "web-1"]
    new.append(Observation("web-1", 40.0, code(1102)))
    (found,) = begun().score(new)
    monkeypatch.setattr(
        "models.bundle.part.settled", lambda log_p, blocks: np.ones(len(log_p), dtype=np.bool_)
    )
    (whole,) = begun.__wrapped__().score(new)
    assert found.p < 0.01 < whole.p


def test_how_many_windows_were_learned_is_kept_and_checked(tmp_path: Path) -> None:
    keep.save(begun(), tmp_path)
    loaded = keep.load(tmp_path)
    assert (loaded.learned, len(loaded.normal)) == (begun().learned, len(begun().normal))
    parts = (begun().plan, begun().templates, begun().parts, begun().fusion)
    with pytest.raises(ModelError, match="cannot calibrate"):
        Bundle(*parts, begun().normal, len(begun().normal) - 1)


LOUD = Plan(detectors={"new-value": {}, "volume-shewhart": {}}, width=60)


@cache
def loud() -> Bundle:
    return Bundle.fit(day(180), LOUD)


def test_a_window_with_more_events_than_ever_is_strange_to_a_chart_of_volume(
    tmp_path: Path,
) -> None:
    first = 200 * 60.0
    burst = [Observation("web-1", first + at / 10, code(4624)) for at in range(300)]
    (found,) = loud().score(burst)
    assert found.by["volume-shewhart"] < np.log(0.01) < found.by["new-value"]
    texts = [reason.text for reason in loud().explain(found)]
    assert texts[0].startswith("events of web-1 in a window: count is 300, ")
    keep.save(loud(), tmp_path)
    assert keep.load(tmp_path).score(burst) == loud().score(burst)


def test_windows_of_which_nobody_says_what_was_before_cannot_be_charted() -> None:
    (window,) = fitted().windows([Observation("web-1", 0, code(4624))])
    with pytest.raises(DataError, match="nothing is told of the windows before"):
        loud().score_windows([window])


def test_reasons_name_the_events_in_words() -> None:
    (strange,) = fitted().score(STRANGE)
    told = " ".join(reason.text for reason in fitted().explain(strange))
    assert 1 <= len(fitted().explain(strange)) <= 3
    assert "new since training" in told
    named = " ".join(reason.text for reason in fitted().explain(strange, STRANGE))
    assert "new since training: Channel=Security EventID=1102" in named


def test_a_loaded_bundle_scores_the_same(tmp_path: Path) -> None:
    first = keep.save(fitted(), tmp_path / "a", {"events": 7})
    loaded = keep.load(tmp_path / "a")
    others = day(20, seed=2) + STRANGE
    assert loaded.score(others) == fitted().score(others)
    assert (
        keep.save(loaded, tmp_path / "b", {"events": 7})
        == first
        == keep.fingerprint(tmp_path / "a")
    )


def test_the_same_data_give_the_same_bundle(tmp_path: Path) -> None:
    prints = {keep.save(Bundle.fit(day(40), LIGHT), tmp_path / name) for name in "ab"}
    assert len(prints) == 1


@pytest.mark.parametrize(
    "file", [keep.ARRAYS, f"markov/{store.ARRAYS}", f"markov/{store.MANIFEST}"]
)
def test_an_altered_file_is_refused(tmp_path: Path, file: str) -> None:
    keep.save(fitted(), tmp_path)
    path = tmp_path / file
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(StoreError, match="is not the"):
        keep.load(tmp_path)


def test_a_missing_detector_is_named(tmp_path: Path) -> None:
    keep.save(fitted(), tmp_path)
    (tmp_path / "pca" / store.MANIFEST).unlink()
    with pytest.raises(StoreError, match=r"pca.*cannot be read"):
        keep.load(tmp_path)


def test_a_plan_that_there_cannot_be_is_refused(tmp_path: Path) -> None:
    keep.save(fitted(), tmp_path)
    path = tmp_path / keep.TOLD
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "plan": {**told["plan"], "width": -1}}))
    with pytest.raises(StoreError, match="no plan of a bundle"):
        keep.load(tmp_path)


def test_too_few_spans_of_time_are_refused() -> None:
    with pytest.raises(DataError, match="lie in 2 spans of 60 seconds"):
        Bundle.fit(day(2), LIGHT)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"detectors": {"nosuch": {}}}, "nosuch"),
        ({"detectors": {"ewma": {}}}, "series.*volume-ewma takes these"),
        ({"detectors": {}}, "at least one"),
        ({"width": 0}, "holds nothing"),
        ({"folds": 1}, "two folds"),
        ({"rule": "vote"}, "vote"),
    ],
)
def test_a_wrong_plan_is_said(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Plan(**wrong)  # type: ignore[arg-type]


def test_the_budget_is_what_was_asked_for_within_its_bounds() -> None:
    told = fitted().budget(alerts_a_day=10, entities=2)
    assert told.low <= told.a_day <= told.high
    assert told.p == pytest.approx(10 / (2 * 1440))


def test_costly_detectors_are_not_asked_of_what_is_ordinary_whatever_they_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = fitted()
    seen = bundle.windows([*day(60, seed=5), *STRANGE])
    whole = bundle.score_windows(seen)
    markov = bundle.parts["markov"].detector
    monkeypatch.setattr(type(markov), "costly", True)
    some = bundle.score_windows(seen, [1e-4] * len(seen))
    asked = ["markov" in each.by for each in some]
    assert 0 < sum(asked) < len(seen)
    for each, other in zip(whole, some, strict=True):
        if "markov" in other.by:
            assert other.log_p == pytest.approx(each.log_p)
            assert other.by == each.by
        else:
            assert 1e-4 < other.p <= each.p
    assert bundle.score_windows(seen[:1], [0.05])
    assert bundle.score_windows([], []) == []


GRAPHS = Plan(detectors={"new-value": {}, "rare-edge": {}, "graph-structure": {}}, width=60)


def with_edges(seen: list[Observation], user: str = "amy") -> list[Observation]:
    return [replace(each, edges=(Edge("user-host", user, each.entity),)) for each in seen]


def test_a_bundle_scores_the_edges_of_windows_and_stays_so_on_disk(tmp_path: Path) -> None:
    bundle = Bundle.fit(with_edges(day(60)), GRAPHS)
    assert GRAPHS.edges
    assert not LIGHT.edges
    others = with_edges(day(5, seed=3), "event 1")
    strange = bundle.score(others)[0]
    assert strange.by["rare-edge"] < np.log(0.05)
    assert strange.by["new-value"] > np.log(0.5)
    (reason,) = bundle.explain(strange, others, 1)
    assert reason.text == "user-host: event 1 → web-1 of a source that training never had"
    keep.save(bundle, tmp_path, {})
    assert keep.load(tmp_path).score(others) == bundle.score(others)
