"""A bundle whose validator looks again at what its other detectors flag."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from models.bundle import keep
from models.bundle.bundle import Bundle, Scored
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.calibrate.groups import uniformity
from models.errors import DataError, ModelError, StoreError
from tests.models.bundle.test_bundle import LIGHT, STRANGE, code

PLAN = replace(LIGHT, validator="markov")
WITHOUT = Plan({name: {} for name in PLAN.first}, LIGHT.width)
SHARE = 0.05


def day(minutes: int, seed: int = 0) -> list[Observation]:
    """Two hosts whose windows are hardly ever the same, so that their p-values do not tie."""
    rng = np.random.default_rng(seed)
    found = []
    for minute in range(minutes):
        for host in ("web-1", "web-2"):
            codes = rng.choice([4624, 4634, 4688, 4689, 4672], int(rng.integers(3, 25)),
                               p=[0.4, 0.3, 0.15, 0.1, 0.05])  # fmt: skip
            found += [Observation(host, minute * 60.0 + at, code(int(number)))
                      for at, number in enumerate(codes)]  # fmt: skip
    return found


@cache
def looked() -> Bundle:
    return Bundle.fit(day(400), PLAN)


@cache
def plain() -> Bundle:
    return Bundle.fit(day(400), WITHOUT)


def both() -> list[tuple[Scored, Scored]]:
    """What each says of the same windows, some of them strange."""
    seen = [*day(200, seed=1), *STRANGE]
    return list(zip(looked().score(seen), plain().score(seen), strict=True))


def test_only_what_the_others_flag_is_looked_at_again() -> None:
    asked = [one for one, _ in both() if one.first is not None]
    assert 0 < len(asked) < len(both()) / 4
    for one, other in both():
        assert ("markov" in one.by) == (one.first is not None) == (other.p <= SHARE)
        if one.first is None:
            assert (one.log_p, one.by, one.first_p) == (other.log_p, other.by, None)
        else:
            assert one.first_p == other.p
            assert one.p <= SHARE + 1e-9


def test_the_validator_decides_among_what_is_flagged() -> None:
    flagged = [one for one, _ in both() if one.first is not None]
    by_p = sorted(flagged, key=lambda one: (one.log_p, one.by["markov"]))
    assert by_p == sorted(flagged, key=lambda one: one.by["markov"])
    assert by_p != sorted(flagged, key=lambda one: one.first or 0.0)


def test_p_after_the_second_look_is_uniform_on_normals() -> None:
    p = np.exp(looked().normal)
    assert uniformity(p) < 1.36 / np.sqrt(len(p))
    assert (p <= SHARE).mean() == pytest.approx(SHARE, abs=0.01)


def test_what_is_strange_to_both_stays_strange() -> None:
    (strange,) = looked().score(STRANGE)
    assert strange.p < 0.005
    told = " ".join(each.text for each in looked().explain(strange, STRANGE))
    assert "EventID=1102" in told


def test_no_answer_changes_sides_where_costly_detectors_are_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = {**PLAN.detectors, "event-rarity": {}, "count-tail": {}, "ngram": {}, "stide": {}}
    bundle = Bundle.fit(day(300), replace(PLAN, detectors=more))
    seen = bundle.windows([*day(60, seed=5), *STRANGE])
    whole = bundle.score_windows(seen)
    monkeypatch.setattr(type(bundle.parts["count-vector"].detector), "costly", True)
    some = bundle.score_windows(seen, [1e-6] * len(seen))
    assert 0 < sum("count-vector" in each.by for each in some) < len(seen)
    for each, other in zip(whole, some, strict=True):
        if each.first is not None or "count-vector" in other.by:
            assert other.log_p == pytest.approx(each.log_p)
            assert other.by == each.by
        else:
            assert SHARE < other.p <= each.p


def test_a_loaded_one_scores_the_same(tmp_path: Path) -> None:
    print_ = keep.save(looked(), tmp_path / "a")
    loaded = keep.load(tmp_path / "a")
    assert loaded.score(STRANGE) == looked().score(STRANGE)
    assert keep.save(loaded, tmp_path / "b") == print_


def test_one_that_lost_its_second_stage_is_refused(tmp_path: Path) -> None:
    keep.save(looked(), tmp_path)
    path = tmp_path / keep.TOLD
    told = json.loads(path.read_text())
    path.write_text(json.dumps({key: each for key, each in told.items() if key != "validator"}))
    with pytest.raises(StoreError, match="does not hold together"):
        keep.load(tmp_path)
    path.write_text(json.dumps({**told, "validator": {"share": 7}}))
    with pytest.raises(StoreError, match="no second stage"):
        keep.load(tmp_path)


def test_a_plan_without_a_validator_is_written_as_before_there_were_any() -> None:
    assert "validator" not in LIGHT.as_json()
    assert Plan.of(PLAN.as_json()) == PLAN
    assert PLAN.first == ("new-value", "count-vector", "pca")


@pytest.mark.parametrize(
    ("detectors", "said"),
    [
        ({"markov": {}}, "no other detector flags what markov is to look at"),
        ({"new-value": {}}, "markov is to look again, and is no detector"),
    ],
)
def test_a_validator_that_cannot_be_one_is_refused(
    detectors: dict[str, dict[str, int]], said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        Plan(detectors, validator="markov")


def test_too_few_windows_are_refused_before_anything_is_learned() -> None:
    heard: list[str] = []
    with pytest.raises(DataError, match="400 normals or more, and there are 240"):
        Bundle.fit(day(120), PLAN, heard.append)
    assert heard == ["templates"]
